import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manPages } from '../../src/build/shipped.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { roff } from '../../src/help/man-page.ts';

const groff = (text: string): { readonly out: string; readonly warnings: string } => {
  const { stdout, stderr } = spawnSync('groff', ['-ww', '-man', '-T', 'utf8'], {
    input: text,
    encoding: 'utf8',
  });
  return { out: stdout.replace(/.\u0008|\u001b\[[0-9;]*m/g, ''), warnings: stderr };
};
const hasGroff = spawnSync('groff', ['--version']).status === 0;

describe('man pages', () => {
  it('exist for each command and topic, with the same bytes for the same version', async () => {
    const pages = await manPages('1.2.3');
    expect([...pages.keys()]).toEqual(
      expect.arrayContaining([
        'ebill.1',
        'ebill-exit-codes.7',
        ...COMMANDS.map(({ path }) => `ebill-${path.join('-')}.1`),
      ]),
    );
    expect(await manPages('1.2.3')).toEqual(pages);
    for (const [name, text] of pages) {
      expect(text).toMatch(/^\.TH "EBILL/);
      expect(text).toContain('ebill 1.2.3');
      expect(text, name).not.toMatch(/[^\n -~]/);
    }
  });

  it.skipIf(!hasGroff)(
    'are accepted by groff without a warning, with the expected text',
    { tags: 'slow' },
    async () => {
      const pages = await manPages('1.2.3');
      expect([...pages].flatMap(([name, text]) => (groff(text).warnings === '' ? [] : [name]))).toEqual([]);
      const run = groff(pages.get('ebill-run.1') ?? '').out;
      for (const word of [
        'SYNOPSIS',
        'ebill run [plan] [options]',
        '--init-plan',
        'EXIT STATUS',
        'ebill-plan(7)',
      ])
        expect(run).toContain(word);
    },
  );

  it('escape any text, so that no line becomes a request', () => {
    expect(roff(`--a 'b' ~/c`)).toBe('\\-\\-a \\(aqb\\(aq \\(ti/c');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('.', "'", '\\', '-', 'a', '\n', '"', 'é', '…') }),
        (text) => {
          for (const line of roff(text).split('\n')) expect(line).not.toMatch(/^[.']|[^ -~]/);
        },
      ),
    );
  });
});
