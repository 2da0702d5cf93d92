import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileKind } from '../../src/batch/types.ts';
import { checkFiles } from '../../src/files/preflight.ts';
import { tempDir } from '../helpers/context.ts';
import { runs } from '../helpers/runs.ts';
import { checkText } from './check-text.ts';

const rows = (count: number, row: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `${row(i)}\n`).join('');

/** Checks a text in blocks of several sizes, with the same result. */
function check(content: string | Uint8Array) {
  const whole = checkText(content);
  for (const size of [1, 3, 7, 64]) expect(checkText(content, [size])).toEqual(whole);
  return whole;
}

const COMMAS = `Account,Name,Amount\n${rows(40, (i) => `C-${i},Customer ${i},${i}.50`)}`;
/** The same table with another delimiter. */
const by = (delimiter: string): string => COMMAS.replaceAll(',', delimiter);
const DECIMALS = `Account;Amount\n${rows(40, (i) => `C-${i};${i},50`)}`;
const QUOTED = COMMAS.replace(/^.*$/gmu, '"$&"').replace(/""\n?$/u, '');

describe('a file that is not a table with commas and a header is refused with one finding:', () => {
  it.each([
    [
      'an HTML page',
      '<!DOCTYPE html>\n<html><head><title>Sign in, please</title></head></html>\n',
      'not-csv@1:-',
      'HTML page ("Sign in, please")',
    ],
    [
      'an HTML page after blank lines',
      '\ufeff\r\n\r\n<html lang="en">\n<p>a,b</p></html>',
      'not-csv@3:-',
      'HTML page',
    ],
    [
      'an XML document',
      '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
      'not-csv@1:-',
      'XML',
    ],
    [
      'an XML document without declaration',
      '<Customers>\n  <Customer id="1"/>\n</Customers>',
      'not-csv@1:-',
      'XML',
    ],
    ['JSON', '[\n  {"Account": "1", "Name": "x"}\n]', 'not-csv@1:-', 'JSON'],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n',
      'not-csv@1:-',
      'Git LFS pointer',
    ],
    ['a line with sep=', `sep=,\n${COMMAS}`, 'sep-line@1:-', '"sep=,"'],
    ['a line with sep=;', `\ufeffsep=;\r\n${by(';')}`, 'sep-line@1:-', '"sep=;"'],
    ['semicolons', by(';'), 'delimiter@1:-', 'semicolons'],
    ['semicolons and decimal commas', DECIMALS, 'delimiter@1:-', 'semicolons'],
    [
      'semicolons and a comma in a name',
      DECIMALS.replace('Amount', 'Amount, EUR'),
      'delimiter@1:-',
      'semicolons',
    ],
    ['tabs', by('\t'), 'delimiter@1:-', 'tabs'],
    ['pipes', by('|'), 'delimiter@1:-', 'pipes (|)'],
    ['carets', by('^'), 'delimiter@1:-', 'carets (^)'],
    ['^A', by('\u0001'), 'delimiter@1:-', 'control characters (^A)'],
    [
      'pipes, with commas in values',
      `Account|Name\n${rows(9, (i) => `${i}|Müller, Hans`)}`,
      'delimiter@1:-',
      'pipes (|)',
    ],
    ['whole lines in quotes', QUOTED, 'quoted-lines@1:-', 'whole lines'],
    ['records in quotes', QUOTED.replace(/"(.*)"/u, '$1'), 'quoted-lines@2:-', 'whole lines'],
    ['a title', `Customer export\n${COMMAS}`, 'title-lines@1:-', 'line 2 ("Account,Name,Amount")'],
    ['titles and a blank line', `Customer export\nAugust 2020\n\n${COMMAS}`, 'title-lines@1:-', 'line 4'],
    ['titles filled up with commas', `Customer export,,\n,,\n${COMMAS}`, 'title-lines@1:-', 'line 3'],
    ['a title over semicolons', `Customer export\n${by(';')}`, 'title-lines@1:-', 'line 2'],
    [
      'numbers in place of names',
      '1001,2020-08-31,12.50\n1002,2020-08-31,7.00\n',
      'no-header@1:-',
      'no name in it has a letter',
    ],
    ['two BOMs', `\ufeff\ufeff${COMMAS}`, 'bom@1:1', 'two byte order marks'],
  ])('%s', (_, content, place, words) => {
    const { found, findings, total } = check(content);
    expect(found).toEqual([place]);
    expect(total).toBe(1);
    expect(findings[0]?.severity).toBe('error');
    expect(findings[0]?.message).toContain(words);
  });

  it('says that amounts need a decimal point', () => {
    expect(checkText(DECIMALS).findings[0]?.hint).toContain('decimal point: "0,50"');
    expect(checkText(by(';')).findings[0]?.hint).not.toContain('decimal');
  });

  it('and keeps its number of records, for --no-validate', () => {
    expect(checkText(by(';')).records).toBe(40);
    expect(checkText('<html></html>').records).toBeNull();
  });
});

describe('files that were joined', () => {
  it.each([
    ['the header again', `${COMMAS}${COMMAS}`, 'header-again@42:-'],
    ['the header again, with CRLF', `${COMMAS}${COMMAS}`.replaceAll('\n', '\r\n'), 'header-again@42:-'],
    ['the header again as the last line', `${COMMAS}Account,Name,Amount`, 'header-again@42:-'],
    ['a BOM before the header', `\ufeff${COMMAS}\ufeff${COMMAS}`, 'bom@42:1'],
    ['a BOM before a record', `Account,Name\n1,x\n\ufeff2,y\n`, 'bom@3:1'],
  ])('are refused where the second begins: %s', (_, content, place) => {
    const { found, findings } = check(content);
    expect(found).toEqual([place]);
    expect(findings[0]?.severity).toBe('error');
  });

  it('are one finding with a count', () => {
    const { findings, total } = check(COMMAS.repeat(5));
    expect(total).toBe(1);
    expect(findings[0]?.message).toContain('and in 3 more lines');
  });

  it('are found at the border of blocks', () => {
    const content = Buffer.from(`${COMMAS}\ufeff${COMMAS}${COMMAS}`);
    const border = Buffer.byteLength(COMMAS);
    for (let cut = border - 2; cut < border + 30; cut++)
      expect(checkText(content, [cut, content.length]).found).toEqual(['bom@42:1', 'header-again@83:-']);
  });
});

describe('a table with commas and a header has no such finding:', () => {
  it.each([
    ['one column', `Account\n${rows(5, (i) => `C-${i}`)}`],
    ['one column with semicolons in some values', 'Note\nx; y\nz\n'],
    ['one column of text with commas, in quotes', '"Name, first name"\n"Müller, Hans"\n"Meier, Anna"\n'],
    ['names of letters and numbers', 'A1,B2,3C\n1,2,3\n'],
    ['names of other scripts', '口座,名前\n1,2\n'],
    ['a customer named sep=', 'Account,Name\n1,sep=\nsep=,2\n'],
    ['a first column named sep', 'sep,Name\n1,x\n'],
    ['values that are HTML', 'Account,Note\n1,<html><body>x</body></html>\n2,<p>\n'],
    ['names in angle brackets', '<Account>,<Name>\n1,<x>\n'],
    ['values that are JSON', 'Account,Data\n1,"{""a"": 1}"\n'],
    ['pipes in every value', `Account,Tags|more\n${rows(9, (i) => `${i},a|b`)}`],
    ['semicolons in every value', `Account;x,Tags\n${rows(9, (i) => `${i};x,a`)}`],
    ['tabs and carets in values', 'Account,Note\n1,a\tb\n2,x^2\n'],
    ['names and values in quotes', `"Account","Name"\n${rows(9, (i) => `"${i}","x, y"`)}`],
    ['a name that is a value', 'Account,Name\nAccount,x\n1,Name\n'],
    ['the header as a value in quotes', 'Account,Name\n1,"x\nAccount,Name\n"\n'],
    ['a record that begins like the header', 'Account,Name\nAccount,Name 2\nAccount,Na\n'],
    ['a zero-width space in a value', 'Account,Name\n1,x\ufeffy\n2,\ufeffz\n'],
    ['a BOM and CRLF', `\ufeff${COMMAS.replaceAll('\n', '\r\n')}`],
    ['a note of several lines in the first record', 'Account,Note\n1,"Dear all,\n\nAccount,Name\n"\n2,x\n'],
  ])('%s', (_, content) => {
    expect(check(content).found).toEqual([]);
  });

  it('only warns of one column whose name is a value', () => {
    const { found, findings } = check('Name\nx\nName\n');
    expect(found).toEqual(['header-again@3:-']);
    expect(findings[0]?.severity).toBe('warning');
  });

  it('is ragged, not titled, when records have more fields than the header', () => {
    expect(check('a\n1,2\n3,4\n').found).toEqual(['ragged@2:-', 'ragged@3:-']);
    expect(check('Name\nMüller, Hans\nMeier, Anna\n').found).toEqual(['ragged@2:-', 'ragged@3:-']);
  });
});

/** The findings of files of one kind, `name code@line`. */
async function checkKind(contents: readonly string[], kinds: readonly FileKind[] = []) {
  const folder = tempDir();
  const files = contents.map((content, i) => {
    const path = join(folder, `f${i}.csv`);
    writeFileSync(path, content);
    return { path, kind: kinds[i] ?? 'items' };
  });
  const reports = await checkFiles(files);
  return reports.flatMap(({ file, findings }) =>
    findings.map(({ code, line }) => `${file} ${code}@${line ?? '-'}`),
  );
}

describe('compared with files of the same kind', () => {
  const body = rows(9, (i) => `C-10${i},Mann ${i},${i}.50`);
  it('the parts of a divided file have data in place of the header', async () => {
    const parts = [COMMAS, body, 'C-77,Other,1.00\nC-78,,2.00\n'];
    expect(await checkKind(parts)).toEqual(['f1.csv no-header@1', 'f2.csv no-header@1']);
    expect(await checkKind([...parts].reverse())).toEqual(['f0.csv no-header@1', 'f1.csv no-header@1']);
  });

  it('a header of one name is that of another file with another delimiter', async () => {
    expect(await checkKind([COMMAS, 'Account;Name;Amount\nC-1;x\n'])).toEqual(['f1.csv delimiter@1']);
  });

  it.each([
    ['another language', ['Account,Name,Amount\nC-1,x,1.00\n', 'Konto,Name 1,Betrag\nC-1,x,1.00\n']],
    ['other columns', ['Account,Name,Amount\nC-1,x,1.00\n', 'Account,Amount\nC-1,1.00\n']],
    ['years as names', ['Account,A,B\nC-1,1,2\n', 'Konto,2019,2020\nC-1,1,2\n']],
    ['numbered names', ['Account,Street,Town\nC-1,Main St 5,x\n', 'Konto,Addr 1,Addr 2\nC-1,Main St 5,x\n']],
    ['the same header', [COMMAS, COMMAS.replaceAll('C-', 'D-')]],
  ])('files with %s are no finding', async (_, contents) => {
    expect(await checkKind(contents)).toEqual([]);
  });

  it('such a part is one finding, and makes no customer unknown', async () => {
    const folder = tempDir();
    const contents: (readonly [FileKind, string])[] = [
      ['customer', COMMAS],
      ['customer', body],
      ['invoice', 'Invoice,Account\nI1,C-1\nI2,C-105\n'],
    ];
    const files = contents.map(([kind, content], i) => {
      const path = join(folder, `g${i}.csv`);
      writeFileSync(path, content);
      return { path, kind };
    });
    const columns = { customer: { key: 'Account' }, invoice: { key: 'Invoice', customer: 'Account' } };
    const reports = await checkFiles(files, { columns });
    expect(reports.map(({ findings }) => findings.map(({ code }) => code))).toEqual([[], ['no-header'], []]);
  });

  it('files of other kinds are not compared', async () => {
    expect(await checkKind([COMMAS, body], ['customer', 'invoice'])).toEqual([]);
  });
});

describe('the offered commands', () => {
  /** Runs the command of the file's first finding, as an operator would paste it, and checks the result. */
  function repaired(content: string, at = 0): string {
    const folder = tempDir();
    writeFileSync(join(folder, 'in.csv'), content);
    const [finding] = checkText(content).findings.slice(at);
    const command = /: ((?:python3|tail|LC_ALL=C awk).* > out\.csv)/u.exec(finding?.hint ?? '')?.[1];
    expect(command).toBeDefined();
    execFileSync('sh', ['-c', command ?? ''], { cwd: folder });
    return execFileSync('cat', ['out.csv'], { cwd: folder, encoding: 'utf8' });
  }

  const makesTable = (_: string, content: string): void => {
    expect(repaired(content).replace('\ufeff', '')).toBe(COMMAS);
  };
  it.each([
    ['semicolons', by(';')],
    ['lines in quotes', QUOTED],
    ['sep=', `sep=,\n${COMMAS}`],
  ])('make a table of a file with %s', makesTable);
  it.each([
    ['tabs', by('\t')],
    ['pipes', `\ufeff${by('|')}`],
    ['carets', by('^')],
    ['^A', by('\u0001')],
    ['records in quotes', QUOTED.replace(/"(.*)"/u, '$1')],
    ['titles', `Export\n\n${COMMAS}`],
    ['two BOMs', `\ufeff\ufeff${COMMAS}`],
  ])('make a table of a file with %s', { tags: 'slow' }, makesTable);

  it('remove the headers and BOMs of joined files', () => {
    const more = 'D-1,x,2.00\n';
    expect(repaired(`\ufeff${COMMAS}\ufeffAccount,Name,Amount\n${more}`)).toBe(`${COMMAS}${more}`);
    expect(repaired(`${COMMAS}Account,Name,Amount\n${more}`)).toBe(`${COMMAS}${more}`);
  });

  it('keep quotes, line breaks and commas in values', () => {
    const out = repaired('Account;Note\n1;"a ""b"", c; d\ne"\n2;y, z\n');
    expect(out).toBe('Account,Note\n1,"a ""b"", c; d\ne"\n2,"y, z"\n');
    expect(checkText(out).found).toEqual([]);
  });
});

describe('damage of one kind in any legal table gives exactly that finding', () => {
  const word = fc.stringMatching(/^[A-Za-zäé][a-zäé]{0,8}$/u);
  const table = fc.integer({ min: 2, max: 5 }).chain((width) =>
    fc.record({
      names: fc.uniqueArray(word, { minLength: width, maxLength: width }),
      records: fc.array(
        fc.array(
          fc.oneof(
            word,
            fc.nat({ max: 99_999 }).map(String),
            fc.constantFrom('', 'a b', '1.50', '"x, y"', '"x""y"'),
          ),
          { minLength: width - 1, maxLength: width - 1 },
        ),
        { minLength: 2, maxLength: 8 },
      ),
    }),
  );
  const DAMAGES: Readonly<
    Record<string, (csv: string, header: string, cells: readonly string[][]) => string>
  > = {
    'sep-line': (csv) => `sep=,\n${csv}`,
    'title-lines': (csv) => `Export of August\n\n${csv}`,
    'header-again': (csv, header) => `${csv}${header}\n`,
    bom: (csv) => `${csv}\ufeff9,${csv.split('\n')[1]?.slice(2)}\n`,
    delimiter: (_csv, _header, cells) => `${cells.map((row) => row.join(';')).join('\n')}\n`,
    'quoted-lines': (_csv, _header, cells) =>
      cells.map((row) => `"${row.join(',').replaceAll('"', '""')}"\n`).join(''),
    'not-csv': (csv) => `<!DOCTYPE html>\n${csv}`,
  };

  it.each(Object.entries(DAMAGES))('%s', (code, damage) => {
    fc.assert(
      fc.property(table, ({ names, records }) => {
        // The first column has keys, so that records look like records.
        const cells = [names, ...records.map((record, i) => [String(i + 1), ...record])];
        const csv = `${cells.map((row) => row.join(',')).join('\n')}\n`;
        expect(checkText(csv).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
        const { findings } = checkText(damage(csv, names.join(','), cells));
        expect(findings.filter(({ severity }) => severity === 'error').map((one) => one.code)).toEqual([
          code,
        ]);
      }),
      { numRuns: runs(40, 200) },
    );
  });
});
