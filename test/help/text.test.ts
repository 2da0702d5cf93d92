import { describe, expect, it } from 'vitest';
import { type HelpPage, pageText } from '../../src/help/text.ts';
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

describe('a help page on a terminal', () => {
  it('has descriptions beside the options, or below them on a narrow terminal', () => {
    expect(shown(60)).toContain('<Options:>\n  --long <value>  about it\n');
    expect(shown(40)).toContain('<Options:>\n  --long <value>\n      about it\n');
  });

  it('breaks no command, however narrow the terminal', () => {
    expect(shown(40)).toContain("  $ ebill x --long 'a b'\n      does it\n");
    expect(shown(20)).toContain("  $ ebill x --long 'a b'\n");
  });

  it('keeps verbatim lines as they are', () => {
    expect(shown(60)).toContain('  These:\n  kept   as it is\n   and this\n');
  });

  it('ends with one newline and has no trailing spaces', () => {
    expect(shown(40)).toMatch(/[^\n]\n$/);
    expect(shown(40)).not.toMatch(/ $/m);
  });

  it('has bold headings only with colour', async () => {
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

  it('is that of the topic or command wherever options stand', async () => {
    const help = async (line: string): Promise<readonly [number, string]> => {
      const context = testContext({ tty: false });
      return [await main(line.split(' '), context), context.stdout.text];
    };
    for (const name of ['json', 'upload invoice']) {
      const page = await help(`help ${name}`);
      expect(page).toEqual([0, expect.stringContaining('\n')]);
      const lines = [`--json help ${name}`, `help --json ${name}`, `help ${name} --json`];
      for (const line of [...lines, `help ${name} --color never`, `--profile prod help ${name}`])
        expect([line, await help(line)]).toEqual([line, page]);
    }
  });
});
