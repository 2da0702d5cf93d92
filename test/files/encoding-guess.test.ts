import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeSingle, SINGLE_BYTE } from '../../src/files/code-pages.ts';
import { tempDir } from '../helpers/context.ts';
import { checkText } from './check-text.ts';

/** Text in another encoding, by the real iconv. */
const inEncoding = (text: string, name: string): Buffer =>
  execFileSync('iconv', ['-f', 'UTF-8', '-t', name], { input: text });

const table = (words: readonly string[]): string =>
  `Account,Name\n${words.map((word, i) => `${i + 1},${word}\n`).join('')}`;

const GERMAN = table(['Müller', 'Köln', 'Straße 5', 'Jürgen Schäfer', 'Überlingen', 'Größe']);
const FRENCH = table(['Hélène', 'Français', 'Élodie', 'garçon', 'fenêtre', 'Noël']);
const CZECH = table(['Příbram', 'Dvořák', 'Železný', 'České Budějovice', 'Jiří', 'Plzeňská']);
const POLISH = table(['Łódź', 'Wałęsa', 'Święty', 'Kraków', 'żółty', 'Gdańsk']);
const RUSSIAN = table(['Иванов', 'Москва', 'Сергей', 'Пётр', 'улица Ленина']);
const CHINESE = table(['北京', '上海有限公司', '王小明', '中国银行', '广州']);

describe('the encoding of a file that is not UTF-8', () => {
  it.each([
    ['German', GERMAN, 'WINDOWS-1252', 'Windows-1252 or Windows-1250'],
    ['French', FRENCH, 'WINDOWS-1252', 'Windows-1252'],
    ['German', GERMAN, 'MACINTOSH', 'Mac Roman'],
    ['French', FRENCH, 'MACINTOSH', 'Mac Roman'],
    ['German', GERMAN, 'CP850', 'CP850 or CP437'],
    ['French', FRENCH, 'CP437', 'CP850 or CP437'],
    ['Czech', CZECH, 'WINDOWS-1250', 'Windows-1250'],
    ['Polish', POLISH, 'WINDOWS-1250', 'Windows-1250'],
    ['Russian', RUSSIAN, 'WINDOWS-1251', 'Windows-1251'],
    ['Chinese', CHINESE, 'GBK', 'GBK'],
  ])('is guessed by its words: %s in %3$s', (_, text, encoding, first) => {
    const content = inEncoding(text, encoding);
    for (const size of [content.length, 64, 7]) {
      const { found, findings } = checkText(content, [size]);
      expect(found.map((one) => one.replace(/@.*/u, ''))).toEqual(['not-utf8']);
      const [finding] = findings;
      expect(finding?.message).toContain(`by its words the file may be ${first} ("`);
      expect(finding?.message).not.toMatch(/looks like|the file is /u);
      expect(finding?.hint).toContain('This is a guess');
      // Three samples of the best guess, as they are written.
      const samples =
        finding?.message
          .split(' may be ')[1]
          ?.split('), or ')[0]
          ?.match(/"([^"]+)"/gu) ?? [];
      expect(samples).toHaveLength(3);
      for (const sample of samples) expect(text).toContain(sample.slice(1, -1));
    }
  });

  it.each([
    [GERMAN, 'WINDOWS-1252'],
    [GERMAN, 'MACINTOSH'],
    [GERMAN, 'CP850'],
    [CZECH, 'WINDOWS-1250'],
    [RUSSIAN, 'WINDOWS-1251'],
    [CHINESE, 'GBK'],
  ])('is converted by the offered command, and the result is valid', (text, encoding) => {
    const folder = tempDir();
    const content = inEncoding(text, encoding);
    writeFileSync(join(folder, 'in.csv'), content);
    const command = /iconv -f \S+ -t UTF-8 in\.csv > out\.csv/u.exec(
      checkText(content).findings[0]?.hint ?? '',
    )?.[0];
    execFileSync('sh', ['-c', command ?? 'false'], { cwd: folder });
    const converted = execFileSync('cat', ['out.csv'], { cwd: folder, encoding: 'utf8' });
    expect(converted).toBe(text);
    expect(checkText(converted).found).toEqual([]);
  });

  it('is shown for the euro sign and quotes of Windows-1252', () => {
    const content = inEncoding(table(['50 €', '“Müller”', 'Œuvre', 'Šimon', 'l’été']), 'WINDOWS-1252');
    const [finding] = checkText(content).findings;
    expect(finding?.message).toContain('“Müller”');
    const euro = checkText(inEncoding('Account,Amount\n1,50 €\n', 'WINDOWS-1252')).findings[0];
    expect(euro?.message).toContain('0x80');
  });

  it.each([
    ['Windows-1252 first, UTF-8 after', [GERMAN, 'WINDOWS-1252'], [FRENCH, 'UTF-8']],
    ['UTF-8 first, Windows-1252 after', [GERMAN, 'UTF-8'], [FRENCH, 'WINDOWS-1252']],
    ['one word in UTF-8', [GERMAN.repeat(20), 'WINDOWS-1252'], ['Köln', 'UTF-8']],
    ['Mac Roman first, UTF-8 after', [GERMAN, 'MACINTOSH'], [GERMAN, 'UTF-8']],
    ['Cyrillic first, UTF-8 after', [RUSSIAN, 'WINDOWS-1251'], [RUSSIAN, 'UTF-8']],
    ['Chinese first, UTF-8 after', [CHINESE, 'GBK'], [CHINESE, 'UTF-8']],
  ] as const)('is mixed, and not to be converted as a whole: %s', (_, [a, encodingA], [b, encodingB]) => {
    const rest = b.replace('Account,Name\n', '').replace(/^([^\d].*)$/u, '9,$1\n');
    const content = Buffer.concat([inEncoding(a, encodingA), inEncoding(rest, encodingB)]);
    for (const size of [content.length, 7]) {
      const [finding] = checkText(content, [size]).findings.filter(({ code }) => code === 'not-utf8');
      expect(finding?.message).toContain('mixes two encodings');
      expect(finding?.hint).toContain('Do not convert the whole file');
      expect(finding?.hint).not.toContain('iconv');
    }
  });

  it.each([
    ['quotes after capitals', 'CAFÉ»'],
    ['a degree sign', 'À 25 °C'],
    ['capitals', 'ÄÖÜ, ÉÈ, ÃO'.replaceAll(',', ' ')],
  ])('is not mixed for %s in Windows-1252', (_, text) => {
    const [finding] = checkText(inEncoding(table([text, 'Müller', 'été']), 'WINDOWS-1252')).findings;
    expect(finding?.message).not.toContain('mixes');
  });

  it('is not guessed where there are no words', () => {
    const [finding] = checkText(
      Buffer.concat([Buffer.from('a,b\n1,'), Buffer.of(0x98, 0xb0, 0xb1), Buffer.from('\n')]),
    ).findings;
    expect(finding?.message).toBe('the byte 0x98 is not valid UTF-8');
  });
});

describe('the code pages', () => {
  it.each(SINGLE_BYTE.map((page) => [page.iconv, page] as const))(
    'read letters of %s as iconv does',
    (name, page) => {
      const bytes = Array.from({ length: 128 }, (_, i) => i + 0x80).filter((byte) =>
        /\p{L}/u.test(decodeSingle(page, Uint8Array.of(byte))),
      );
      expect(bytes.length).toBeGreaterThan(40);
      const theirs = execFileSync('iconv', ['-f', name, '-t', 'UTF-8'], {
        input: Buffer.from(bytes),
        encoding: 'utf8',
      });
      // Of two equal letters for one sign, such as ohm and omega, either will do.
      expect(decodeSingle(page, Uint8Array.from(bytes)).normalize('NFKC')).toBe(theirs.normalize('NFKC'));
    },
  );
});
