import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/index.ts';
import { parseArgv } from '../src/parse.ts';

/** Shell words: quotes and assignments as the examples use them; redirections end the command. */
function words(line: string): string[] {
  const found = [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
  const end = found.findIndex((word) => /^(?:[<>|#]|&&)/.test(word));
  return end < 0 ? found : found.slice(0, end);
}

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const inReadme = [...readme.matchAll(/^ebill .+$/gm)].map(([line]) => line);

describe('every example can be called as it stands', () => {
  it('finds some', () => {
    expect(inReadme.length).toBeGreaterThan(10);
  });

  it.each(inReadme)('README: %s', async (line) => {
    expect(await parseArgv(words(line).slice(1), '0.0.0', 80)).toMatchObject({ type: 'command' });
  });

  it.each(COMMANDS.map(({ path }) => path.join(' ')))('ebill %s --help', async (name) => {
    const help = await parseArgv([...name.split(' '), '--help'], '0.0.0', 80);
    const text = help.type === 'help' ? help.text : '';
    const examples = [...text.matchAll(/^\s+\$ (?:.*\| )?(ebill .+)$/gm)].map((match) =>
      (match[1] ?? '').replace(/ {2,}.*$/, ''),
    );
    expect(examples.length).toBeGreaterThanOrEqual(2);
    const named: string[] = [];
    for (const example of examples) {
      const parsed = await parseArgv(words(example).slice(1), '0.0.0', 80);
      expect(parsed).toMatchObject({ type: 'command' });
      if (parsed.type === 'command') named.push(parsed.name);
    }
    expect(named).toContain(name);
  });
});
