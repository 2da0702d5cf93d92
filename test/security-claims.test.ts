import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { security } from '../src/help/topics/security.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
const claimsPage = readFileSync(join(ROOT, 'test/secrets/CLAIMS.md'), 'utf8');

/** Rows of the tables of claims: the claim, the test file, and the test's title (`null`: the whole file). */
const claims = claimsPage
  .split('\n')
  .filter((line) => /^\| .* \| `(?:test|src)\//.test(line))
  .map((line) => {
    const [, claim = '', test = ''] = line.split('|').map((cell) => cell.trim());
    const [, file = '', title] = /^`([^`]+)`(?: › (.+))?/.exec(test) ?? [];
    return { claim, file, title: title ?? null };
  });

describe('the claims of SECURITY.md', () => {
  it('each have a test', () => {
    const rows = claimsPage
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| claim |'));
    expect(claims.length).toBe(rows.length);
    expect(claims.length).toBeGreaterThan(50);
  });

  it.each(claims)('$file: $claim', ({ file, title }) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    if (title === null) return;
    expect(readFileSync(join(ROOT, file), 'utf8').replaceAll("\\'", "'")).toContain(title);
  });

  it('cover the same subjects as the help page', () => {
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
    for (const idea of [/0600/, /0700/, /another user|[Oo]ther users/, /keychain/]) {
      expect(help).toMatch(idea);
      expect(page).toMatch(idea);
    }
  });
});
