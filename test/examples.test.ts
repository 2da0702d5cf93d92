import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/index.ts';
import { EXIT_MEANINGS } from '../src/help/topics/exit-codes.ts';
import { TOPICS } from '../src/help/topics.ts';
import { parseArgv } from '../src/parse.ts';
import { Redactor } from '../src/redact/redactor.ts';

/** Splits a line into shell words as far as the examples need it; a redirection ends the command. */
function words(line: string): string[] {
  const found = [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
  const end = found.findIndex((word) => /^(?:[<>|#]|&&)/.test(word));
  return end < 0 ? found : found.slice(0, end);
}

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const inReadme = [...readme.matchAll(/^ebill .+$/gm)].map(([line]) => line);

describe('examples', () => {
  it('are found in the README', () => {
    expect(inReadme.length).toBeGreaterThan(10);
  });

  it.each(inReadme)('parse as printed in the README: %s', async (line) => {
    expect(await parseArgv(words(line).slice(1), '0.0.0', 80)).toMatchObject({ type: 'command' });
  });

  const names = COMMANDS.map(({ path }) => path.join(' '));
  const topics = TOPICS.map(({ name }) => name);

  it.each(COMMANDS.map(({ path, load }) => [path.join(' '), load] as const))(
    'parse as printed in the help of %s',
    async (name, load) => {
      const { examples, exitCodes, seeAlso } = (await load()).help;
      expect(examples.length).toBeGreaterThanOrEqual(3);
      const named: string[] = [];
      for (const [line, about] of examples) {
        const parsed = await parseArgv(words(line).slice(1), '0.0.0', 80);
        expect(parsed).toMatchObject({ type: 'command' });
        if (parsed.type === 'command') named.push(parsed.name);
        expect(about).not.toBe('');
      }
      expect(named).toContain(name);
      expect(exitCodes.filter((code) => !EXIT_MEANINGS.some((known) => known.code === code))).toEqual([]);
      expect(seeAlso.length).toBeGreaterThan(0);
      for (const other of seeAlso) {
        expect(other).not.toBe(name);
        if (other.startsWith('help ')) expect(topics).toContain(other.slice(5));
        else expect(names).toContain(other);
      }
    },
  );

  /** `--help` of every command, and every topic. */
  const pages = async (columns: number): Promise<readonly string[]> => {
    const texts: string[] = [];
    for (const name of [
      [],
      ...COMMANDS.map(({ path }) => path),
      ['upload'],
      ...topics.map((topic) => ['help', topic]),
    ]) {
      const argv = name[0] === 'help' ? name : [...name, '--help'];
      const help = await parseArgv(argv, '0.0.0', columns);
      texts.push(`$ ebill ${argv.join(' ')}\n${help.type === 'help' ? help.text : ''}`);
    }
    return texts;
  };

  it.each([40, 80, 120])('and all help pages fit %i columns, as in the golden file', async (columns) => {
    const texts = await pages(columns);
    // The output's redactor takes none of it for a secret (commands rule 4).
    for (const text of texts) expect(new Redactor().sweep(text)).toBe(text);
    if (columns === 80) await expect(texts.join('\n')).toMatchFileSnapshot('golden/help.txt');
    // What is copied is the same however wide the page. An option with its value may be longer than a line, too.
    const wide = new Set((await pages(1000)).flatMap((text) => text.split('\n')));
    const broken = texts
      .flatMap((text) => text.split('\n'))
      .filter(
        (line) => line.length > columns && !wide.has(line) && /\S \S/.test(line.replace(/'[^']*'/g, '')),
      );
    expect(broken).toEqual([]);
  });

  it('stand on one line each, however narrow the terminal', async () => {
    for (const { path } of COMMANDS) {
      const [narrow = '', wide = ''] = await Promise.all(
        [40, 120].map(async (columns) => {
          const help = await parseArgv([...path, '--help'], '0.0.0', columns);
          return help.type === 'help' ? help.text : '';
        }),
      );
      const typed = (text: string) => [...text.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line]) => line);
      expect(typed(narrow)).toEqual(typed(wide));
      expect(typed(narrow).length).toBeGreaterThanOrEqual(3);
    }
  });
});
