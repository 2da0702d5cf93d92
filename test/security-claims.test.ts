import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { security } from '../src/help/topics/security.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
const part = (heading: string): string => page.split(`\n## ${heading}`)[1]?.split(/\n## /)[0] ?? '';

/** Rows of the tables of claims: what is claimed, in which file, and under which title; `null`: by all of the file. */
const claims = part('What is protected')
  .split('\n')
  .filter((line) => /^\| .* \| `(?:test|src)\//.test(line))
  .map((line) => {
    const [, claim = '', held = ''] = line
      .split(' | ')
      .join('|')
      .split('|')
      .map((cell) => cell.trim());
    const [, file = '', title] = /^`([^`]+)`(?: › (.+))?/.exec(held) ?? [];
    return { claim, file, title: title ?? null };
  });

describe('SECURITY.md', () => {
  it('claims nothing without a test', () => {
    const rows = part('What is protected')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (?:claim|what) \|/.test(line));
    // The first table says what is protected from whom; each of the others is of claims alone.
    const plain = rows.filter((line) => !line.includes('`test/'));
    expect(plain.length).toBe(5);
    expect(claims.length).toBe(rows.length - plain.length);
    expect(claims.length).toBeGreaterThan(50);
  });

  it.each(claims)('$file: $claim', ({ file, title }) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    if (title === null) return;
    // A title of a table stands in the file as it is written there, its places for values aside.
    expect(readFileSync(join(ROOT, file), 'utf8').replaceAll("\\'", "'")).toContain(title);
  });

  it('and the page of help tell of the same things', () => {
    const help = JSON.stringify(security);
    for (const word of [
      '--show-urls',
      'EBILL_CLIENT_KEY_PASSPHRASE',
      'profiles.json',
      '--ca-file',
      'SECURITY.md',
    ]) {
      expect(help, word).toContain(word);
      if (word !== 'SECURITY.md') expect(page, word).toContain(word);
    }
    // What one says of modes, homes and consent the other says, too.
    for (const idea of [
      /0600/,
      /0700/,
      /another user|[Oo]ther users/,
      /consent|when you say yes/,
      /keychain/,
    ]) {
      expect(help).toMatch(idea);
      expect(page).toMatch(idea);
    }
  });
});
