import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { writeRejects } from '../../src/files/rejects.ts';
import { sentHeader, tallyResult, USUAL_READING } from '../../src/files/result-file.ts';
import { tempDir } from '../helpers/context.ts';

/*
 * Random tables, of which some records are rejected, and results as servers write them: in any order, with some columns reformatted,
 * all rows or only the rejected ones. Whatever can be matched is exact; the rest is refused or counted as unplaced.
 */
const cell = fc.oneof(
  fc.constantFrom('a', 'b', '1.00', '1', '2.50', '', 'x y'),
  fc.string({ unit: fc.constantFrom('a', 'B', ' ', '"', ',', 'é', '1', '\n'), maxLength: 4 }),
);
const table = fc.record({
  width: fc.integer({ min: 1, max: 4 }),
  rows: fc.array(fc.record({ cells: fc.array(cell, { minLength: 4, maxLength: 4 }), bad: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  }),
  order: fc.constantFrom('same', 'reversed', 'sorted', 'failures'),
  reformat: fc.array(fc.constantFrom('none', 'none', 'upper', 'trim', 'amount', 'constant'), {
    minLength: 4,
    maxLength: 4,
  }),
  capitals: fc.boolean(),
  words: fc.constantFrom(['Success', 'Failed'], ['processed OK', 'Error: no'], ['true', 'false'], ['1', '0']),
});

const REFORMAT: Readonly<Record<string, (text: string) => string>> = {
  none: (text) => text,
  upper: (text) => text.toUpperCase(),
  trim: (text) => text.trim(),
  amount: (text) => (/^\d+\.\d+$/.test(text) ? String(Number(text)) : text),
  constant: () => '***',
};

const csv = (rows: readonly (readonly string[])[]): string =>
  rows
    .map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
    .map((line) => `${line}\n`)
    .join('');

const TITLE =
  'no loaded record is ever among the rejects, and every rejected one is there, or counted as unplaced, or all are refused';
it(TITLE, () => holds(30));
it(`${TITLE}, in thousands of cases`, { tags: 'slow' }, () =>
  holds(Number(process.env['EBILL_RUNS'] ?? 2000)),
);

async function holds(numRuns: number): Promise<void> {
  const root = tempDir();
  let n = 0;
  let exact = 0;
  await fc.assert(
    fc.asyncProperty(table, async ({ width, rows, order, reformat, capitals, words }) => {
      n += 1;
      const folder = join(root, String(n));
      mkdirSync(folder);
      const header = ['Invoice Number', 'Name', 'Amount', 'Note'].slice(0, width);
      const sentRows = rows.map(({ cells }) => cells.slice(0, width));
      const text = csv([header, ...sentRows]);
      const sent = {
        path: join(folder, 's.csv'),
        bytes: Buffer.byteLength(text),
        sha256: createHash('sha256').update(text).digest('hex'),
      };
      writeFileSync(sent.path, text);
      const result = rows.map(({ cells, bad }) => [
        ...cells.slice(0, width).map((value, i) => REFORMAT[reformat[i] ?? 'none']?.(value) ?? value),
        words[bad ? 1 : 0] ?? '',
        bad ? 'no' : '',
      ]);
      if (order === 'reversed') result.reverse();
      if (order === 'sorted') result.sort((a, b) => (a.join() < b.join() ? -1 : 1));
      const kept = order === 'failures' ? result.filter((row) => row.at(-1) === 'no') : result;
      const names = [...header.map((name) => (capitals ? name.toUpperCase() : name)), 'Status', 'Message'];
      const resultPath = join(folder, 'r.csv');
      writeFileSync(resultPath, csv([names, ...kept]));
      const successCount = rows.filter((row) => !row.bad).length;
      const tally = await tallyResult(resultPath, header, { ...USUAL_READING, successCount });
      const bad = sentRows.filter((_, i) => rows[i]?.bad).map((row) => csv([row]));
      expect(tally.failed).toBe(bad.length);
      const path = join(folder, 'x.csv');
      try {
        const done = await writeRejects({
          kind: 'invoice',
          sent,
          header: await sentHeader(sent),
          resultPath,
          result: tally,
          keyColumns: [],
          path,
          messagesPath: join(folder, 'm.csv'),
          force: false,
        });
        const written = readFileSync(path, 'utf8');
        expect(written.startsWith(csv([header]))).toBe(true);
        const body = written.slice(csv([header]).length);
        if (done.by.unplaced === 0) {
          exact += 1;
          // Equal records are one another's copies: their order does not matter.
          expect(sortedRecords(body)).toEqual(sortedRecords(bad.join('')));
        } else {
          expect(done.records + done.by.unplaced).toBe(bad.length);
          const left = sortedRecords(bad.join(''));
          for (const record of sortedRecords(body)) {
            const at = left.indexOf(record);
            expect([record, at >= 0]).toEqual([record, true]);
            left.splice(at, 1);
          }
        }
      } catch (error) {
        if (!(error instanceof EbillError) || error.code !== 'UNACCOUNTED') throw error;
      }
      rmSync(folder, { recursive: true });
    }),
    { numRuns },
  );
  // Otherwise refusals alone would pass.
  expect(exact).toBeGreaterThan(n / 3);
}

/** Records of a body in which every field is quoted. */
const sortedRecords = (text: string): string[] =>
  (text.match(/(?:"(?:[^"]|"")*"(?:,|\n))*?"(?:[^"]|"")*"\n/g) ?? []).sort();
