import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tallyResult } from '../../src/files/result-file.ts';
import { rejection } from '../api/rig.ts';
import { tempDir } from '../helpers/context.ts';
import { heldMemory } from '../helpers/memory.ts';

function file(text: string): string {
  const path = join(tempDir('ebill-tally-'), 'r.csv');
  writeFileSync(path, text);
  return path;
}

describe('a result file', () => {
  it('rows, failures, and the most frequent reasons with their first line', async () => {
    const rows = ['"a\nb",OK,', 'b,Failed,x', 'c,Failed,"y,\nz"', 'd,Failed,x', 'e,,', 'f'];
    const tally = await tallyResult(
      file(`\ufeffA,Status,Message\r\n${rows.join('\r\n')}`),
      ['A'],
      undefined,
      2,
    );
    expect(tally).toMatchObject({ rows: 6, failed: 5, others: 1 });
    expect(tally.reasons).toEqual([
      { message: 'x', count: 2, line: 4 },
      { message: '', count: 2, line: 8 },
    ]);
  });
  it('ten reasons at most, the rest counted', async () => {
    const rows = Array.from({ length: 25 }, (_, i) => `${i},Failed,no ${i}`).join('\n');
    const tally = await tallyResult(file(`A,Status,Message\n${rows}\n`), null);
    expect([tally.reasons.length, tally.others]).toEqual([10, 15]);
  });
  it('many different messages do not fill the memory, and are all counted', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},Failed,no ${i}`).join('\n');
    const tally = await tallyResult(file(`A,Status,Message\n${rows}\n`), null);
    expect([tally.rows, tally.failed, tally.others]).toEqual([60_000, 60_000, 59_990]);
  });
  it('of a header alone has no rows; an empty one is an error; one that is gone too', async () => {
    expect(await tallyResult(file('A,Status,Message\n'), null)).toMatchObject({ rows: 0, failed: 0 });
    await expect(tallyResult(file(''), null)).rejects.toMatchObject({ code: 'INVALID_FILE' });
    await expect(tallyResult('/nowhere/r.csv', null)).rejects.toMatchObject({ code: 'USAGE' });
  });
  it('with a quote left open over 16 MiB is given up', async () => {
    const path = file(`A,Status,Message\n"${'x\n'.repeat(10 << 20)}`);
    await expect(tallyResult(path, null)).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });
  it('of commas alone, or of a million columns, is given up with a short message', async () => {
    for (const header of [
      ','.repeat(15_000_000),
      `Status,Message${',name'.repeat(1_000_000)}`,
      'x'.repeat(2 << 20),
    ]) {
      const error = await rejection(tallyResult(file(`${header}\nx,y\n`), null));
      expect(error).toMatchObject({ code: 'INVALID_FILE' });
      expect(String(error).length).toBeLessThan(1000);
    }
    const error = await rejection(tallyResult(file(`${'name,'.repeat(9_000)}x\n`), null));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('and 8951 more') });
    const record = await tallyResult(file(`Status,Message\n${','.repeat(15_000_000)}\n`), null);
    expect(record).toMatchObject({ rows: 1, failed: 1 });
  });
  it('keeps a reason, not the record it was in, and of a long one its beginning', async () => {
    // Kept with their records, these would be two hundred megabytes.
    const pad = 'y'.repeat(1_000_000);
    const rows = Array.from({ length: 200 }, (_, i) => `Failed,${String(i).padStart(40, 'x')},${pad}\n`).join(
      '',
    );
    const path = file(`Status,Message,Pad\n${rows}`);
    const before = heldMemory();
    const tally = await tallyResult(path, null, undefined, 200);
    expect(tally.reasons).toHaveLength(200);
    expect(heldMemory() - before).toBeLessThan(50);
    const long = await tallyResult(
      file(`Status,Message\n${`Failed,${'z'.repeat(100_000)}\n`.repeat(3)}`),
      null,
    );
    expect(long.reasons).toEqual([{ message: 'z'.repeat(10_000), count: 3, line: 2 }]);
    const many = Array.from({ length: 2_000 }, (_, i) => `Failed,${String(i).padEnd(9_000, 'm')}\n`).join('');
    expect(await tallyResult(file(`Status,Message\n${many}`), null, undefined, 2_000)).toMatchObject({
      failed: 2_000,
      others: 2_000 - Math.floor(10_000_000 / 9_000),
    });
  });
});
