import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { escapeFormula, messagesLine, type RejectsRequest, writeRejects } from '../../src/files/rejects.ts';
import { sentHeader, tallyResult } from '../../src/files/result-file.ts';
import { tempDir } from '../helpers/context.ts';

const SENT = 'Account Number,Name\n1,a\n2,"b\nb"\n3,c\n';
const RESULT = 'Account Number,Name,Status,Message\n1,a,Success,\n2,"b\nb",Failed,no\n3,c,Success,\n';

async function request(sent: string, result: string, over: Partial<RejectsRequest> = {}) {
  const folder = tempDir('ebill-rejects-');
  const file = {
    path: join(folder, 's.csv'),
    bytes: Buffer.byteLength(sent),
    sha256: createHash('sha256').update(sent).digest('hex'),
  };
  writeFileSync(file.path, sent);
  writeFileSync(join(folder, 'r.csv'), result);
  const header = await sentHeader(file);
  const made: RejectsRequest = {
    kind: 'customer',
    sent: file,
    header,
    resultPath: join(folder, 'r.csv'),
    result: await tallyResult(join(folder, 'r.csv'), header),
    keyColumns: [],
    path: join(folder, 'x.csv'),
    messagesPath: join(folder, 'm.csv'),
    force: false,
    ...over,
  };
  return { folder, request: made };
}

const failure = async (work: Promise<unknown>): Promise<EbillError> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EbillError)) throw new Error(`no EbillError: ${String(error)}`);
  return error;
};

describe('writeRejects', () => {
  it('keeps an existing file, unless forced', async () => {
    const { request: one } = await request(SENT, RESULT);
    writeFileSync(one.path, 'mine');
    expect(await writeRejects(one)).toMatchObject({ kept: [one.path] });
    expect(readFileSync(one.path, 'utf8')).toBe('mine');
    expect(await writeRejects({ ...one, force: true })).toMatchObject({ kept: [] });
    expect(readFileSync(one.path, 'utf8')).toBe('Account Number,Name\n2,"b\nb"\n');
  });

  it.each([
    ['another value', RESULT.replace('3,c', '3,d').replace('2,"', '1,"'), 'line 3, column "Account Number"'],
    [
      'a missing row',
      RESULT.replace('1,a,Success,\n', '').replace('3,c', '2,c'),
      'line 2, column "Account Number"',
    ],
    ['an extra row', `${RESULT}3,c,Failed,x\n`, 'the file sent has 3 records'],
    ['missing rows at the end', RESULT.replace('3,c,Success,\n', '').replace('2,"', '1,"'), 'line 3, column'],
  ])('rejects %s, naming the place, and writes nothing', async (_name, result, place) => {
    const { request: one, folder } = await request(SENT, result);
    const error = await failure(writeRejects(one));
    expect([error.code, error.exitCode]).toEqual(['UNACCOUNTED', 4]);
    expect(error.message).toContain(place);
    expect(readdirSync(folder).sort()).toEqual(['r.csv', 's.csv']);
  });

  it('matches a result of failures only by key', async () => {
    const { request: one } = await request(SENT, 'Account Number,Status,Message\n2,Failed,no\n');
    expect(await writeRejects(one)).toMatchObject({ records: 1, by: { way: 'row' } });
    expect(readFileSync(one.path, 'utf8')).toBe('Account Number,Name\n2,"b\nb"\n');
  });

  it('rejects a failure whose key was not sent', async () => {
    const { request: one } = await request(SENT, 'Account Number,Status,Message\n9,Failed,no\n');
    expect((await failure(writeRejects(one))).message).toContain(
      'a rejected record "9" (line 2) that is not in the file sent',
    );
  });

  it.each([
    ['the columns that it has', 'Account Number,Status,Message\n1,Failed,\n'],
    ['another order and another amount', 'Account Number,Name,Amount,Status\n1,x,9,Failed\n1,y,9,Success\n'],
  ])('does not guess which of two records was rejected by %s', async (_name, result) => {
    const { request: one } = await request('Account Number,Name,Amount\n1,a,1.00\n1,b,2.00\n', result);
    expect(await writeRejects(one)).toMatchObject({
      records: 0,
      by: { way: expect.stringMatching(/row|columns/), unplaced: 1, unplacedLine: 2 },
    });
  });

  it.each([
    [
      'in another order',
      ['3,c,9.00,Success,', '2,b,1.50,Failed,no', '2,b,1.50,Success,', '1,a,1.00,Failed,no'],
      'row',
    ],
    [
      'with other amounts',
      ['1,a,1,Failed,no', '2,b,1.5,Success,', '2,b,1.5,Failed,no', '3,c,9,Success,'],
      'row',
    ],
    ['in both', ['2,b,1.5,Failed,no', '3,c,9,Success,', '1,a,1,Failed,no', '2,b,1.5,Success,'], 'row'],
    [
      'with names changed, reordered',
      ['3,Mr c,9.00,Success,', '1,Mr a,1.00,Failed,no', '2,Mr b,1.50,Success,', '2,Mr b,1.50,Failed,no'],
      'columns',
    ],
  ])('matches a result %s', async (_name, rows, way) => {
    const sent = 'Invoice Number,Name,Amount\n1,a,1.00\n2,b,1.50\n2,b,1.50\n3,c,9.00\n';
    const { request: one } = await request(
      sent,
      ['INVOICE NUMBER,name,Amount ,Status,Message', ...rows, ''].join('\n'),
      {
        kind: 'items',
      },
    );
    expect(await writeRejects(one)).toMatchObject({ records: 2, by: { way, unplaced: 0 } });
    expect(readFileSync(one.path, 'utf8')).toBe('Invoice Number,Name,Amount\n1,a,1.00\n2,b,1.50\n');
  });

  it.each([
    ['UTF-16', ',', '\ufeff', 'utf16le', false],
    ['UTF-16 of the other byte order', ',', '\ufeff', 'utf16le', true],
    ['semicolons', ';', '', 'utf8', false],
    ['semicolons with a byte order mark', ';', '\ufeff', 'utf8', false],
    ['tabs in UTF-16', '\t', '\ufeff', 'utf16le', false],
    ['pipes', '|', '', 'utf8', false],
  ] as const)('reads a result in %s', async (_name, delimiter, mark, encoding, swapped) => {
    const rows = [
      ['Account Number', 'Name', 'Status', 'Message'],
      ['1', 'Zoë 🧾', 'OK', ''],
      ['2', 'b\nb', 'Failed', 'a "b'],
      ['3', 'c;c|c', 'OK', ''],
      ['4', 'x,y', 'Failed', 'no, never'],
    ];
    const cell = (text: string): string =>
      text.includes(delimiter) || /^"|\n/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const text = `${mark}${rows.map((row) => row.map(cell).join(delimiter)).join('\r\n')}`;
    const bytes = Buffer.from(text, encoding);
    const { request: one } = await request(
      'Account Number,Name\n1,Zoë 🧾\n2,"b\nb"\n3,c;c|c\n4,"x,y"\n',
      RESULT,
    );
    writeFileSync(one.resultPath, swapped ? bytes.swap16() : bytes);
    const tally = await tallyResult(one.resultPath, one.header);
    expect(tally).toMatchObject({ rows: 4, failed: 2 });
    expect(tally.reasons.map(({ message, line }) => [message, line])).toEqual([
      ['a "b', 3],
      ['no, never', 6],
    ]);
    expect(await writeRejects({ ...one, result: tally })).toMatchObject({ by: { way: 'position' } });
    expect(readFileSync(one.path, 'utf8')).toBe('Account Number,Name\n2,"b\nb"\n4,"x,y"\n');
  });

  it('matches by several key columns', async () => {
    const sent = 'A,B,C\n1,1,x\n1,2,x\n2,1,x\n';
    const { request: one } = await request(
      sent,
      'A,B,C,Status\n2,1,y,Success\n1,2,y,Failed\n1,1,y,Success\n',
      {
        keyColumns: ['a', 'B'],
      },
    );
    expect(await writeRejects(one)).toMatchObject({ records: 1, by: { columns: ['A', 'B'], unplaced: 0 } });
    expect(readFileSync(one.path, 'utf8')).toBe('A,B,C\n1,2,x\n');
    expect(await writeRejects({ ...one, keyColumns: ['A'], force: true })).toMatchObject({
      by: { unplaced: 1 },
    });
  });

  it('rejects a result without any column sent', async () => {
    const { request: one } = await request(SENT, 'Status,Message\nOK,\nFailed,x\nOK,\n');
    expect((await failure(writeRejects(one))).message).toContain('none of the columns sent');
  });

  it('uses --key-column, and lists the columns when it does not exist', async () => {
    const { request: one } = await request(SENT, RESULT, { keyColumns: ['Nmae'] });
    const error = await failure(writeRejects(one));
    expect([error.code, error.message]).toEqual([
      'USAGE',
      expect.stringContaining('#1 Account Number, #2 Name'),
    ]);
    for (const key of ['Name', '#2'])
      expect(await writeRejects({ ...one, keyColumns: [key], force: true })).toMatchObject({
        by: { columns: ['Name'] },
        records: 1,
      });
    for (const key of ['#0', '#3'])
      expect((await failure(writeRejects({ ...one, keyColumns: [key] }))).code).toBe('USAGE');
  });

  it.each([
    ['changed in size', `${SENT}4,d\n`],
    ['changed in place', SENT.replace('1,a', '1,z')],
  ])('rejects a file that was %s since it was sent', async (_name, now) => {
    const { request: one } = await request(SENT, RESULT);
    writeFileSync(one.sent.path, now);
    expect(await failure(sentHeader(one.sent))).toMatchObject({ code: 'CONFLICT', exitCode: 8 });
    const result = RESULT.replace('1,a', '1,z').replace('3,c,Success,\n', '3,c,Success,\n');
    writeFileSync(one.resultPath, now.length > SENT.length ? `${RESULT}4,d,OK,\n` : result);
    expect((await failure(writeRejects(one))).code).toBe('CONFLICT');
    expect(existsSync(one.path)).toBe(false);
  });
});

describe('the messages file', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['＝1+1', "'＝1+1"],
    ['\n=1+1', "'\n=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@x', "'@x"],
    ['\tx', "'\tx"],
    ['plain = x', 'plain = x'],
  ])('shows %j as text', (text, shown) => {
    expect(escapeFormula(text)).toBe(shown);
  });
  it('is CSV', () => {
    expect(messagesLine([-3, '=a,"b"'])).toBe(`-3,"'=a,""b"""\r\n`);
  });
});
