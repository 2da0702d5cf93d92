import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordStatusMap } from '../../src/batch/record-status.ts';
import { resultProblem, tallyResult, USUAL_READING } from '../../src/files/result-file.ts';
import { rejection } from '../api/rig.ts';
import { tempDir } from '../helpers/context.ts';
import { heldMemory } from '../helpers/memory.ts';

function file(text: string): string {
  const path = join(tempDir('ebill-tally-'), 'r.csv');
  writeFileSync(path, text);
  return path;
}

/** A number without digits: words with a digit in them are values, and do not make another reason. */
const letters = (n: number): string =>
  String(n).replace(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)));

describe('tallyResult', () => {
  it('counts rows and failures, and returns the most frequent reasons with their first line', async () => {
    const rows = ['"a\nb",OK,', 'b,Failed,x', 'c,Failed,"y,\nz"', 'd,Failed,x', 'e,Error,', 'f,,'];
    const tally = await tallyResult(
      file(`\ufeffA,Status,Message\r\n${rows.join('\r\n')}`),
      ['A'],
      undefined,
      2,
    );
    expect(tally).toMatchObject({
      rows: 6,
      failed: 4,
      others: 1,
      unknown: { records: 1, values: [{ value: '', count: 1, line: 9 }] },
    });
    expect(tally.reasons).toMatchObject([
      { message: 'x', count: 2, line: 4 },
      { message: 'y,\nz', count: 1, line: 5 },
    ]);
  });
  it('names the status values that it does not know, unless they are declared', async () => {
    const path = file('A,Status,Message\n1,S,\n2,E,no\n3,S,\n4,Failed,no\n');
    expect(await tallyResult(path, ['A'])).toMatchObject({
      failed: 1,
      unknown: {
        records: 3,
        values: [
          { value: 'S', count: 2, line: 2 },
          { value: 'E', count: 1, line: 3 },
        ],
      },
    });
    const declared = await tallyResult(path, ['A'], {
      ...USUAL_READING,
      recordStatus: { s: 'loaded', E: 'rejected' },
    });
    expect(declared).toMatchObject({ rows: 4, failed: 2 });
    expect(declared.unknown).toBeUndefined();
  });
  it('takes a column of true and false for the status', async () => {
    const path = file('A,Success,Error\n1,true,\n2,false,no such account\n');
    expect(await tallyResult(path, ['A'])).toMatchObject({ rows: 2, failed: 1 });
  });
  it.each(['Error', 'Failed', 'Is_Error', 'Return Code'])(
    'takes true or 0 in a column "%s" for neither loaded nor rejected, until it is declared',
    async (name) => {
      const path = file(`A,${name},Message\n1,true,\n2,false,\n3,0,\n4,Failed,no\n`);
      const columns = { status: name, message: null };
      const read = (recordStatus: RecordStatusMap) =>
        tallyResult(path, ['A'], { ...USUAL_READING, columns, recordStatus });
      expect(await read({})).toMatchObject({ rows: 4, failed: 1, unknown: { records: 3 } });
      const declared = await read({ true: 'rejected', false: 'loaded', 0: 'loaded' });
      expect([declared.failed, declared.unknown]).toEqual([2, undefined]);
    },
  );
  it.each([
    [2, { failed: 1 }],
    [3, { failed: 0, unknown: { records: 3, values: [] } }],
    [null, { failed: 0, unknown: { records: 3, values: [] } }],
  ])(
    'without a status column takes no message for loaded, if the server counted as many (%s)',
    async (successCount, expected) => {
      const path = file('A,Error\n1,\n2,no such account\n3,\n');
      const tally = await tallyResult(path, ['A'], { ...USUAL_READING, successCount });
      expect(tally).toMatchObject({ rows: 3, ...expected });
      expect(tally.unknown === undefined).toBe(successCount === 2);
    },
  );
  it('returns ten reasons at most, and counts the others', async () => {
    const rows = Array.from({ length: 25 }, (_, i) => `${i},Failed,no ${letters(i)}`).join('\n');
    const tally = await tallyResult(file(`A,Status,Message\n${rows}\n`), null);
    expect([tally.reasons.length, tally.others]).toEqual([10, 15]);
  });
  it('counts many different messages with flat memory', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},Failed,no ${letters(i)}`).join('\n');
    const tally = await tallyResult(file(`A,Status,Message\n${rows}\n`), null);
    expect([tally.rows, tally.failed, tally.others]).toEqual([60_000, 60_000, 59_990]);
  });
  it('accepts a header without rows, and rejects empty and missing files', async () => {
    expect(await tallyResult(file('A,Status,Message\n'), null)).toMatchObject({ rows: 0, failed: 0 });
    await expect(tallyResult(file(''), null)).rejects.toMatchObject({ code: 'INVALID_FILE' });
    await expect(tallyResult('/nowhere/r.csv', null)).rejects.toMatchObject({ code: 'USAGE' });
  });
  it('reads a record of 30 MiB', async () => {
    const path = file(`A,Status,Message\n"${'x\n'.repeat(15 << 20)}",OK,\nb,Failed,no\n`);
    expect(await tallyResult(path, ['A'])).toMatchObject({ rows: 2, failed: 1 });
  });
  it('rejects a header of commas or of a million columns with a short message', async () => {
    for (const header of [
      ','.repeat(3_000_000),
      `Status,Message${',name'.repeat(1_000_000)}`,
      'x'.repeat(2 << 20),
    ]) {
      const error = await rejection(tallyResult(file(`${header}\nx,y\n`), null));
      expect(error).toMatchObject({ code: 'INVALID_FILE' });
      expect(String(error).length).toBeLessThan(1000);
    }
    const error = await rejection(tallyResult(file(`${'name,'.repeat(9_000)}x\n`), null));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('and 8951 more') });
    const record = await tallyResult(file(`Status,Message\n${','.repeat(3_000_000)}\n`), null);
    expect(record).toMatchObject({ rows: 1, failed: 0, unknown: { records: 1 } });
  });
  it('keeps reasons without their records, and long ones only in part', async () => {
    // With their records these would be twenty megabytes.
    const pad = 'y'.repeat(100_000);
    const rows = Array.from(
      { length: 200 },
      (_, i) => `Failed,${letters(i).padStart(40, 'x')},${pad}\n`,
    ).join('');
    const path = file(`Status,Message,Pad\n${rows}`);
    const before = heldMemory();
    const tally = await tallyResult(path, null, undefined, 200);
    expect(tally.reasons).toHaveLength(200);
    expect(heldMemory() - before).toBeLessThan(15);
    const long = await tallyResult(
      file(`Status,Message\n${`Failed,${'z'.repeat(100_000)}\n`.repeat(3)}`),
      null,
    );
    const message = `${'z'.repeat(10_000)}…`;
    expect(long.reasons).toEqual([{ message, reason: message, examples: [], count: 3, line: 2 }]);
    const many = Array.from({ length: 2_000 }, (_, i) => `Failed,${letters(i).padEnd(9_000, 'm')}\n`).join(
      '',
    );
    expect(await tallyResult(file(`Status,Message\n${many}`), null, undefined, 2_000)).toMatchObject({
      failed: 2_000,
      others: 2_000 - Math.floor(10_000_000 / 18_000),
    });
  });
});

it('a file whose first line never ends is no result, and is not named by its temporary name', async () => {
  const path = join(tempDir(), '.r.part');
  writeFileSync(path, Buffer.alloc(17 * 1024 * 1024, ' '));
  expect(await resultProblem(path, ['a'])).toBe('its first line is no header');
});
