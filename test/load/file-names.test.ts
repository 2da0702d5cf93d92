import { win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { messagesName, rejectsName, resultName, resultsFolder } from '../../src/load/file-names.ts';
import { journalPath, loadsFolder } from '../../src/load/journal-places.ts';

const DEVICES = ['CON', 'nul', 'Aux.csv', 'COM1', 'lpt9.2020', 'COM¹', 'NUL .x', 'CONIN$', 'con.'];
const ODD = [
  'AUG 2020.',
  'AUG ',
  '..',
  'a<b>:"c|d?*',
  'a/b\\c',
  'x'.repeat(200),
  '日本',
  '.',
  ' ',
  'a\u0000b',
];

/** What no file or folder on Windows can be named. */
function trouble(name: string): string | null {
  if (name === '') return 'nothing';
  if (/[<>:"/\\|?*\u0000-\u001f]/.test(name)) return 'a character';
  if (/[ .]$/.test(name)) return 'its end';
  if (/^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[ .]|$)/i.test(name))
    return 'a device';
  return name.length > 255 ? 'its length' : null;
}

describe('files named after what a server or a load is called', () => {
  it.each([...DEVICES, ...ODD])('can be made on Windows: %j', (text) => {
    const owner = { baseUrl: 'https://ebill.example.com:8443/a' };
    const names = [
      resultName(text),
      rejectsName(text),
      messagesName(text),
      resultsFolder(text),
      ...journalPath('.', owner, text).split(/[\\/]/),
      `${win32.basename(journalPath('.', owner, text))}.lock`,
    ].filter((name) => name !== '.');
    expect(names.map((name) => [name, trouble(name)])).toEqual(names.map((name) => [name, null]));
  });

  it.each(['con', 'Nul', 'com1', 'aux.prod', 'h.', 'h:8443/a|b', '[fe80::1]'])(
    "so can the folder of a server's loads: %s",
    (host) => {
      const folder = win32.basename(loadsFolder('.', { baseUrl: `https://${host}`, organisation: 'a:b/c' }));
      expect(trouble(folder)).toBeNull();
    },
  );

  it('stays readable for a name that gives no trouble', () => {
    expect(loadsFolder('/state', { baseUrl: 'https://ebill.example.com:8443/a' })).toMatch(
      /^\/state\/loads\/https\+ebill\.example\.com_8443_a-[0-9a-f]{8}$/,
    );
    expect(resultsFolder('AUG_2020')).toBe('AUG_2020');
  });
});
