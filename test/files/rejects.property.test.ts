import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type RawRecord, RecordCutter, recordFields, withRecords } from '../../src/files/record-reader.ts';
import { writeRejects } from '../../src/files/rejects.ts';
import { sentHeader, tallyResult } from '../../src/files/result-file.ts';
import { runs } from '../helpers/runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebill-rejects-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const value = fc
  .array(fc.constantFrom('a', '7', ' ', ',', '"', '\n', '\r', '\r\n', '=', 'é', '😀', '-', '\t'), {
    maxLength: 5,
  })
  .map((parts) => parts.join(''));
const name = value.filter((text) => text.trim() !== '');
const row = fc.record({ cells: fc.array(value, { minLength: 5, maxLength: 5 }), bad: fc.boolean() });
/** A file sent, in any legal quoting, and which of its records fail. */
const file = fc.record({
  header: fc.uniqueArray(name, { minLength: 2, maxLength: 5, selector: (text) => text.trim() }),
  rows: fc.array(row, { minLength: 1, maxLength: 15 }),
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  lastEol: fc.boolean(),
  quoteAlso: fc.infiniteStream(fc.boolean()),
  resultEol: fc.constantFrom('\n', '\r\n'),
});
type File = typeof file extends fc.Arbitrary<infer T> ? T : never;

interface Written {
  readonly head: string;
  /** Each record with its line end. */
  readonly records: readonly string[];
  readonly tables: readonly (readonly string[])[];
}

function write({ header, rows, eol, bom, lastEol, quoteAlso }: File): Written {
  const cell = (text: string): string =>
    /[",\r\n]/.test(text) || quoteAlso.next().value === true ? `"${text.replaceAll('"', '""')}"` : text;
  const tables = rows.map(({ cells }) => cells.slice(0, header.length));
  const end = (last: boolean): string => (last && !lastEol ? '' : eol);
  return {
    head: `${bom ? '\ufeff' : ''}${header.map(cell).join(',')}${eol}`,
    records: tables.map((cells, i) => cells.map(cell).join(',') + end(i === tables.length - 1)),
    tables,
  };
}

let counter = 0;

async function rejectsOf(data: File, how: { shuffled: boolean; key: string | null }) {
  counter += 1;
  const at = (kind: string): string => join(folder, `${counter}${kind}`);
  const { head, records, tables } = write(data);
  const text = head + records.join('');
  writeFileSync(at('s.csv'), text);
  const result = tables.map((cells, i) => [...cells, data.rows[i]?.bad ? 'Failed' : 'OK', `=why ${i}`]);
  if (how.shuffled) result.reverse();
  const line = (cells: readonly string[]): string =>
    cells.map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(',');
  const lines = [[...data.header, 'Status', 'Message'], ...result].map(line);
  writeFileSync(at('r.csv'), lines.map((text) => text + data.resultEol).join(''));
  const sent = {
    path: at('s.csv'),
    bytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
  };
  const header = await sentHeader(sent);
  const tally = await tallyResult(at('r.csv'), header);
  const rejects = await writeRejects({
    kind: 'customer',
    sent,
    header,
    resultPath: at('r.csv'),
    result: tally,
    keyColumns: how.key === null ? [] : [how.key],
    path: at('x.csv'),
    messagesPath: at('m.csv'),
    force: false,
  });
  const lineOf = (index: number): number =>
    (head + records.slice(0, index).join('')).split(/\r\n|\r|\n/).length;
  const bad = data.rows.flatMap(({ bad }, i) => (bad ? [i] : []));
  const got = readFileSync(at('x.csv'), 'utf8');
  const messages: string[][] = parse(readFileSync(at('m.csv')));
  for (const kind of ['s.csv', 'r.csv', 'x.csv', 'm.csv']) rmSync(at(kind));
  expect(tally).toMatchObject({ rows: tables.length, failed: bad.length });
  expect(rejects).toMatchObject({ records: bad.length, kept: [] });
  expect(got).toBe(head + bad.map((i) => records[i]).join(''));
  const copied = (upTo: number): number =>
    (
      head +
      bad
        .slice(0, upTo)
        .map((i) => records[i])
        .join('')
    ).split(/\r\n|\r|\n/).length;
  expect(messages.slice(1)).toEqual(bad.map((i, n) => [String(lineOf(i)), `'=why ${i}`, String(copied(n))]));
  return rejects;
}

describe('writeRejects, for any file and any failures,', () => {
  it('copies the failed records byte for byte, with their lines', async () => {
    await fc.assert(
      fc.asyncProperty(file, async (data) => {
        const rejects = await rejectsOf(data, { shuffled: false, key: null });
        expect(rejects.by).toMatchObject({ way: 'position' });
      }),
      { numRuns: runs(30, 150) },
    );
  });

  it('matches a result in another order by a unique key', async () => {
    const keyed = file.map((data) => ({
      ...data,
      header: ['Account Number', ...data.header.slice(0, 4).map((text) => `${text}x`)],
      rows: data.rows.map(({ cells, bad }, i) => ({ bad, cells: [`K${i}`, ...cells] })),
    }));
    await fc.assert(
      fc.asyncProperty(keyed, fc.boolean(), async (data, named) => {
        await rejectsOf(data, { shuffled: true, key: named ? 'Account Number' : null });
      }),
      { numRuns: runs(20, 80) },
    );
  });
});

it('a record longer than the limit is refused, wherever it ends', async () => {
  const path = join(folder, 'long.csv');
  writeFileSync(path, `a\n"${'x'.repeat(3 << 20)}"\nb\n`);
  const reading = (longest: number | undefined) =>
    withRecords(path, async (reader) => {
      await reader.readHeader();
      const [long, last] = [(await reader.read(longest))?.length, await reader.read()];
      return [long, last?.line];
    });
  expect(await reading(undefined)).toEqual([(3 << 20) + 2, 3]);
  await expect(reading(1 << 20)).rejects.toMatchObject({ code: 'INVALID_FILE' });
});

it('RecordCutter reads any table, in any legal quoting', () => {
  fc.assert(
    fc.property(file, (data) => {
      const { head, records, tables } = write(data);
      const cutter = new RecordCutter();
      const read: string[][] = [];
      for (const record of cutter.cut(Buffer.from(head + records.join('')))) read.push(recordFields(record));
      for (const record of cutter.end()) read.push(recordFields(record));
      expect(read).toEqual([data.header, ...tables]);
    }),
    { numRuns: runs(200, 1000) },
  );
});

describe('RecordCutter, for any bytes,', () => {
  const bytes = fc
    .array(fc.constantFrom(...Buffer.from('ab,,"""\n\n\r\ré\ufeff')), { maxLength: 60 })
    .map((list) => Buffer.from(list));
  const cut = (content: Buffer, size: number) => {
    const cutter = new RecordCutter();
    const found: { line: number; text: string; fields: string[] }[] = [];
    const take = (records: Iterable<RawRecord>): void => {
      for (const record of records)
        found.push({
          line: record.line,
          text: record.bytes.toString('latin1'),
          fields: recordFields(record),
        });
    };
    for (let i = 0, end = 0; i < content.length; i = end) {
      end = i + Math.max(i === 0 ? 3 : 1, size);
      // Overwritten afterwards: no block may be used after `cut`.
      const block = Buffer.from(content.subarray(i, end));
      take(cutter.cut(block));
      block.fill(0x2c);
    }
    take(cutter.end());
    return { found, bom: cutter.hasBom };
  };
  it('finds the same records in blocks of any size', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (content, size) => {
        expect(cut(content, size)).toEqual(cut(content, 1000));
      }),
      { numRuns: runs(200, 1000) },
    );
  });
  it('leaves out only blank lines and a BOM', () => {
    fc.assert(
      fc.property(bytes, (content) => {
        const { found, bom } = cut(content, 7);
        const all = found.map(({ text }) => text).join('');
        const strip = (text: string): string => text.replace(/[\r\n]/g, '');
        expect(strip(all)).toBe(strip(content.subarray(bom ? 3 : 0).toString('latin1')));
      }),
      { numRuns: 500 },
    );
  });
});

it('leaves no temporary files', () => {
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});
