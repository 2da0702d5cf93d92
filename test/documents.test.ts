import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const files = ['src', 'test'].flatMap((folder) =>
  readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => /\.(?:ts|md|js)$/.test(name) && !name.startsWith('test/golden/')),
);
const text = (file: string): string => readFileSync(ROOT + file, 'utf8');

/** The numbers of the rules in a folder's README: list items `14. …` at the start of a line. */
const rulesOf = (folder: string): ReadonlySet<number> => {
  const page = `src/${folder}/README.md`;
  const numbers = existsSync(ROOT + page) ? text(page).matchAll(/^(\d+)\. /gm) : [];
  return new Set([...numbers].map(([, number]) => Number(number)));
};

const CITATION = /\b([a-z]+) rules? (\d+)(?:(?:,? and |, |–|-)(\d+))?/g;
const folders = readdirSync(`${ROOT}src`, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

describe('the documents in the repository', () => {
  it('number the rules of each page without a gap or a repetition', () => {
    for (const folder of folders) {
      const page = `src/${folder}/README.md`;
      if (!existsSync(ROOT + page)) continue;
      const numbers = [...text(page).matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
      expect(numbers, page).toEqual(numbers.map((_, i) => i + 1));
    }
    expect(rulesOf('api').size).toBe(29);
    expect(rulesOf('commands').size).toBeGreaterThan(30);
  });

  it('hold every rule that a comment or a page cites', () => {
    const missing: string[] = [];
    let cited = 0;
    for (const file of files) {
      for (const [citation, folder = '', first, last] of text(file).matchAll(CITATION)) {
        if (!folders.includes(folder)) continue;
        cited += 1;
        const rules = rulesOf(folder);
        for (const number of [first, last])
          if (number !== undefined && !rules.has(Number(number))) missing.push(`${file}: ${citation}`);
      }
    }
    expect(missing).toEqual([]);
    expect(cited).toBeGreaterThan(30);
  });

  it('are the only pages that comments and pages cite', () => {
    const root = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
    const pages = new Set(
      [...files, ...root].filter((name) => name.endsWith('.md')).map((name) => name.split('/').at(-1)),
    );
    const absent = [...files, ...root].flatMap((file) =>
      [...text(file).matchAll(/(?<![\w*.$}'-])[A-Za-z][\w-]*\.md\b/g)].flatMap(([page]) =>
        pages.has(page) ? [] : [`${file}: ${page}`],
      ),
    );
    expect(absent).toEqual([]);
  });
});
