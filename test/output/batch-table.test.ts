import Table from 'cli-table3';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { batchTable } from '../../src/output/batch-table.ts';
import { widthsReady } from '../../src/output/text-layout.ts';
import { asciiSymbols, createColors, plainTheme } from '../../src/output/theme.ts';
import { runs } from '../helpers/runs.ts';
import { anyBatch, anyScript } from './arbitrary.ts';
import { batch, month } from './samples.ts';

const at = (width: number) => batchTable(month, plainTheme({ width }));

beforeAll(() => widthsReady(['日']));

describe('batchTable', () => {
  it.each([40, 60, 80, 120])('fits %i columns', async (width) => {
    expect(`\n${await at(width)}\n`).toMatchSnapshot();
  });

  it('shortens nothing in a pipe, and has one line for each batch', async () => {
    const long = batch({ jobId: 'J'.repeat(300), file: `${'f'.repeat(300)}.csv` });
    const text = await batchTable([long], plainTheme());
    expect(text).toContain('J'.repeat(300));
    expect(text).toContain(`${'f'.repeat(300)}.csv`);
    expect(text.split('\n')).toHaveLength(2);
    expect(`\n${await at(Infinity)}\n`).toMatchSnapshot();
  });

  it('shows the worst of thousands on a terminal, counts all by state, and says how to list them', async () => {
    const items = Array.from({ length: 5000 }, (_, i) => {
      const phase = i % 1000 === 17 ? 'failed' : i % 2 === 0 ? 'running' : 'succeeded';
      return batch({
        jobId: `J_ITM_${i + 1}`,
        kind: 'items',
        file: null,
        status: null,
        phase,
        outcome: phase,
      });
    });
    const load = [
      batch({ jobId: 'J_CUS' }),
      batch({ jobId: 'J_INV', kind: 'invoice', outcome: 'failed', children: items }),
    ];
    const lines = (await batchTable(load, plainTheme({ width: 80 }))).split('\n');
    expect(lines.length).toBeLessThan(50);
    const text = lines.join('\n');
    for (const failed of [18, 1018, 2018, 3018, 4018]) expect(text).toContain(`J_ITM_${failed} `);
    expect(text).toContain('J_INV');
    expect(text).not.toContain('J_CUS');
    expect(lines.slice(-2).join(' ')).toBe(
      '5,002 batches: 5 failed, 2,500 running, 2,497 succeeded. Shown are the 40 worst, under their invoice batches; to list all, use --format tsv or --json.',
    );
    expect((await batchTable(load, plainTheme())).split('\n')).toHaveLength(5003);
  });

  it('ends where the worst are items of as many invoices', async () => {
    const load = Array.from({ length: 50 }, (_, i) =>
      batch({
        jobId: `J_INV_${i}`,
        kind: 'invoice',
        outcome: 'failed',
        children: [batch({ jobId: `J_ITM_${i}`, kind: 'items', phase: 'failed', outcome: 'failed' })],
      }),
    );
    const text = await batchTable(load, plainTheme({ width: 120 }));
    expect(text.match(/J_INV_\d+/g)).toHaveLength(40);
    expect(text).toContain('100 batches: 50 failed, 50 succeeded.');
  });

  it('keeps all columns when one job id is overlong', async () => {
    const text = await batchTable([batch({ jobId: 'J'.repeat(300) }), batch()], plainTheme({ width: 120 }));
    expect(text.split('\n')[0]).toMatch(/^Batch +Id +Kind +File +Status/);
  });

  it('shows unknown as –, never as 0', async () => {
    const text = await batchTable([batch({ successCount: null, failCount: null })], plainTheme());
    expect(text).toMatch(/20,375 +– +–$/);
  });

  it('shows the server’s spelling only where it adds something', async () => {
    const of = (status: string, phase: 'partial' | 'succeeded' | 'running') =>
      batchTable([batch({ status, phase })], plainTheme());
    expect(await of('Success', 'partial')).toContain('partial (Success)');
    expect(await of('Success', 'succeeded')).not.toContain('(');
    expect(await of('In-Progress', 'running')).not.toContain('(');
    expect(await of('Odd\u001b[2J', 'running')).toContain('running (Odd\\u001b[2J)');
  });

  it('says nothing by colour alone', async () => {
    const text = await batchTable(month, plainTheme({ symbols: asciiSymbols }));
    for (const word of ['+ succeeded', '~ partial', 'x failed', '. running', '- not run'])
      expect(text).toContain(word);
  });

  it('colours without moving anything', async () => {
    const colors = await createColors(true);
    const painted = await batchTable(month, plainTheme({ width: 80, colors }));
    expect(painted).toContain('\u001b[31m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(await at(80));
  });

  it('is drawn by cli-table3, with a rule under the header on a terminal and none in a pipe', async () => {
    const drawn = vi.spyOn(Table.prototype, 'toString');
    expect((await at(80)).split('\n')[1]).toMatch(/^─+$/);
    expect(
      (await batchTable(month, plainTheme({ width: 80, symbols: asciiSymbols }))).split('\n')[1],
    ).toMatch(/^-+$/);
    expect(drawn).toHaveBeenCalledTimes(2);
    // In a pipe there are no lines for it to draw.
    expect(await at(Infinity)).not.toContain('─');
    // Below this it is a list.
    await at(49);
    expect(drawn).toHaveBeenCalledTimes(2);
    drawn.mockRestore();
  });

  it('shows 0 only for a batch that is final', async () => {
    const zero = { successCount: 0, failCount: 0 };
    const last = async (parts: Parameters<typeof batch>[0]) =>
      (await batchTable([batch({ ...zero, ...parts })], plainTheme())).split('\n').at(-1);
    for (const phase of ['draft', 'uploaded', 'queued', 'running'] as const)
      expect(await last({ phase })).toMatch(/20,375 +– +–$/);
    expect(await last({ phase: 'running', successCount: 7 })).toMatch(/20,375 +7 +–$/);
    for (const phase of ['failed', 'partial', 'succeeded'] as const)
      expect(await last({ phase })).toMatch(/20,375 +0 +0$/);
    const list = (parts: Parameters<typeof batch>[0]) =>
      batchTable([batch({ ...zero, ...parts })], plainTheme({ width: 40 }));
    expect(await list({ phase: 'running' })).toBe('AUG_2020_INV\n  … running (Success), sent 20,375');
    expect(await list({ phase: 'failed', status: 'Failed' })).toBe(
      'AUG_2020_INV\n  ✖ failed\n  sent 20,375, loaded 0, rejected 0',
    );
    const unknown = { recordsSent: null, successCount: null, failCount: null };
    expect(await list({ ...unknown, status: null })).toBe(
      'AUG_2020_INV\n  ✔ succeeded\n  sent –, loaded –, rejected –',
    );
    expect(await list({ ...unknown, kind: 'init', status: null })).toBe('AUG_2020_INV\n  ✔ succeeded');
  });

  it.each([
    ['3 of 2403 records failed, see the output file', false],
    ['3 of 2,403 records failed', false],
    ['3 records failed; 2400 loaded.', false],
    ['', false],
    ['Row 3: unknown account', true],
    ['4 of 2403 records failed', true],
    ['Duplicate key', true],
    ['失敗', true],
  ])(
    'repeats under the table what the server said only where it says more: %s',
    async (errorMessage, told) => {
      const parts = { recordsSent: 2403, successCount: 2400, failCount: 3, errorMessage };
      const lines = async (phase: 'partial' | 'failed' | 'running') =>
        (await batchTable([batch({ ...parts, phase })], plainTheme())).split('\n').slice(2);
      expect((await lines('partial')).length).toBe(told ? 2 : 0);
      expect(await lines('failed')).toHaveLength(2);
      expect(await lines('running')).toEqual([]);
    },
  );

  it('keeps its columns aligned in every script, on a terminal and in a pipe', async () => {
    const cell = fc.option(anyScript, { nil: null });
    const any = fc.record({ jobId: cell, id: cell, file: cell, status: cell, failCount: fc.nat() });
    const width = fc.oneof(fc.integer({ min: 50, max: 200 }), fc.constant(Infinity));
    await fc.assert(
      fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 6 }), width, async (batches, width) => {
        const text = await batchTable(
          batches.map((parts) => batch(parts)),
          plainTheme({ width }),
        );
        const lines = text.split('\n');
        expect(lines).toHaveLength(batches.length + (width === Infinity ? 1 : 2));
        // The last column is set to the right: a line that is sheared anywhere ends somewhere else.
        const [first = 0, ...others] = lines.map((line) => stringWidth(line));
        expect(first).toBeLessThanOrEqual(width);
        expect(new Set([first, ...others]).size).toBe(1);
      }),
      {
        numRuns: runs(40, 200),
        // A column that is narrowed to nothing.
        examples: [[[{ jobId: '', id: '', file: null, status: '👍🏽👨‍👩‍👧', failCount: 1 }], 57]],
      },
    );
  });

  it('fits every width with any text in any cell, without control characters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBatch(2), { maxLength: 4 }),
        fc.integer({ min: 40, max: 200 }),
        async (batches, width) => {
          const text = await batchTable(batches, plainTheme({ width }));
          for (const line of text.split('\n')) {
            expect(stringWidth(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
          }
        },
      ),
      { numRuns: runs(60, 300) },
    );
  });
});
