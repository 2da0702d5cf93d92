import { describe, expect, it } from 'vitest';
import type { HelpPage } from '../../src/help/page.ts';
import { pageText } from '../../src/help/text.ts';
import { main } from '../../src/main.ts';
import { testContext } from '../helpers/context.ts';

const page: HelpPage = {
  name: 'ebill x',
  summary: 'x',
  description: 'What it is.',
  usage: ['ebill x'],
  sections: [
    { title: 'Options', blocks: [{ type: 'terms', rows: [['--long <value>', 'about it']] }] },
    {
      title: 'Notes',
      blocks: [
        { type: 'text', text: 'These:' },
        { type: 'lines', lines: ['kept   as it is', ' and this'] },
      ],
    },
    { title: 'Examples', blocks: [{ type: 'examples', rows: [[`ebill x --long 'a b'`, 'does it']] }] },
  ],
};
const shown = (width: number): string => pageText(page, { width, paint: { bold: (text) => `<${text}>` } });

describe('a page as text', () => {
  it('has what an option means beside it, or under it where there is no room', () => {
    expect(shown(60)).toContain('<Options:>\n  --long <value>  about it\n');
    expect(shown(40)).toContain('<Options:>\n  --long <value>\n      about it\n');
  });

  it('breaks a line to type as a shell lets it, never within quotes', () => {
    expect(shown(40)).toContain("  $ ebill x --long 'a b'\n      does it\n");
    expect(shown(20)).toContain("  $ ebill x --long \\\n      'a b'\n");
  });

  it('keeps the lines that are to be kept', () => {
    expect(shown(60)).toContain('  These:\n  kept   as it is\n   and this\n');
  });

  it('ends with one newline, and no line with a space', () => {
    expect(shown(40)).toMatch(/[^\n]\n$/);
    expect(shown(40)).not.toMatch(/ $/m);
  });

  it('is bold at its headings only where colour is wanted', async () => {
    const help = async (argv: readonly string[], tty: boolean, env = {}): Promise<string> => {
      const context = testContext({ tty, env: { TERM: 'xterm', ...env } });
      expect(await main(argv, context)).toBe(0);
      return context.stdout.text;
    };
    const [bold, plain] = ['\u001b[1mExamples:\u001b[22m', '\nExamples:\n'];
    expect(await help(['watch', '--help'], true)).toContain(bold);
    expect(await help(['watch', '--help'], false)).toContain(plain);
    expect(await help(['watch', '--help', '--color', 'always'], false)).toContain(bold);
    expect(await help(['watch', '--help'], true, { NO_COLOR: '1' })).toContain(plain);
    expect(await help(['help', 'plan'], true)).toContain(bold);
  });
});
