import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { wrongIn } from './accepted.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
const LITERAL = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;

/** What stands for the values in a text: an option where it is one, a word, or nothing where an option may follow. */
const withValues = (text: string): string =>
  text
    .replace(/\$\{waived\}/g, ' --waive X')
    .replace(/(?<= )\$\{option\}/g, '--token-stdin')
    .replace(/\$\{PEM_OPTIONS\[what\]\}/g, '--ca-file')
    .replace(/(?<=--auth )\$\{[^{}]*\}/g, 'bearer')
    .replace(/(?<=\s)\$\{[^{}]*\}/g, 'X')
    .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '');

/** Texts of the sources that name a command after a colon. A text within a text is left to the runs of the suite. */
const texts = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/^(?:build|sandbox|help)\//.test(path))
  .flatMap((path) =>
    [...readFileSync(SRC + path, 'utf8').matchAll(LITERAL)]
      .map(([, single, double, template]) => withValues(single ?? double ?? template ?? ''))
      .filter((text) => /: ebill [a-z]/.test(text) && !text.includes('${'))
      .map((text) => [path, text] as const),
  );

describe('every command that the program offers to copy', () => {
  it('is found', () => expect(texts.length).toBeGreaterThan(60));

  it.each(texts)('is unbroken at any width, and the parser accepts it: %s %s', async (_path, text) => {
    expect(await wrongIn(text)).toEqual([]);
  });

  it.each([
    ['Then: ebill watch --jbo X', /unknown option/i],
    ['A login page: ebill doctor checks both.', /too many arguments/i],
    ['Settle it with ebill correct --waive X, if you like.', /within a sentence/],
    ['Look: ebill status --job X and then go on', /arguments/],
  ])('and the check finds %s', async (hint, problem) => {
    expect((await wrongIn(hint)).join()).toMatch(problem);
  });
});
