import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { totalsTable } from '../../src/commands/validate.ts';
import type { FileReport } from '../../src/files/findings.ts';
import { reasonsTable, resultTable } from '../../src/output/result-tables.ts';
import { table } from '../../src/output/table.ts';
import { createColors, plainTheme } from '../../src/output/theme.ts';
import { runs } from '../helpers/runs.ts';
import { anyScript, anyText } from './arbitrary.ts';

const HEAD = ['', 'Name', { title: 'Base URL', least: 20 }, { title: 'Loads', right: true }] as const;
const ROWS = [
  ['*', 'prod', 'https://billing.example.com/tenants/north/api/v1', '12'],
  ['', '日本語', 'http://127.0.0.1:8080', null],
] as const;

describe('table', () => {
  it.each([40, 80, 120, Infinity])('is drawn like the table of batches at %s columns', async (width) => {
    expect(`\n${await table(HEAD, ROWS, plainTheme({ width }))}\n`).toMatchSnapshot();
  });

  it('becomes a list where the columns do not fit', async () => {
    expect(`\n${await table(HEAD, ROWS, plainTheme({ width: 30 }))}\n`).toMatchSnapshot();
  });

  it.each([40, 80, 120])('cuts no reason at %i columns: it wraps', async (width) => {
    const reason =
      'Invoice Number INV-202009-0000123 of the customer 0000006890 is not among the accepted invoices';
    const tally = {
      rows: 9,
      failed: 1,
      reasons: [{ count: 1, reason, message: reason, examples: [], line: 7 }],
      others: 0,
    };
    const shown = { jobId: 'AUG_2020_INV', path: 'AUG_2020/r.csv', kept: false, tally };
    const fields = [{ title: 'jobId' }, { title: 'errorMessage', wrap: true }];
    for (const text of [
      await reasonsTable([shown], plainTheme({ width })),
      await table(fields, [['AUG_2020_INV', reason]], plainTheme({ width })),
    ]) {
      expect(text).not.toContain('…');
      for (const word of reason.split(' ')) expect(text).toContain(word);
    }
  });

  it('shows the paths of result files whole, however narrow', async () => {
    const paths = ['CUS', 'INV'].map((kind) => `AUG_2020/AUG_2020_${kind}_result.csv`);
    const shown = paths.map((path) => ({
      jobId: path.slice(9, 21),
      path,
      kept: false,
      tally: { rows: 1, failed: 0, reasons: [], others: 0 },
    }));
    const text = await resultTable(shown, plainTheme({ width: 40 }));
    for (const path of paths) expect(text.replace(/\n\s*/g, '')).toContain(path);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('cleans every text, and colours without moving anything', async () => {
    const rows = [[{ text: 'a\u001b[2J\nb', color: (text: string) => `\u001b[31m${text}\u001b[39m` }, 'x']];
    const theme = plainTheme({ width: 60, colors: await createColors(true) });
    const painted = await table(['One', 'Two'], rows, theme);
    expect(painted).toContain('\u001b[31ma\\u001b[2J b\u001b[39m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(
      'One           Two\n─────────────────\na\\u001b[2J b  x',
    );
  });

  it('has a header without rows', async () => {
    expect(await table(['One', 'Two'], [], plainTheme({ width: 60 }))).toBe('One  Two');
    expect(await table(['', 'Two'], [['', 'x']], plainTheme())).toBe('Two\nx');
  });

  it('wraps sentences, and shortens names in the middle', async () => {
    const head = ['File', { title: 'Why', wrap: true, least: 20 }];
    const rows = [
      ['INVOICES_OF_THE_MONTH_OF_AUGUST_2020.csv', 'the account of this invoice is not known to the server'],
      ['x.csv', 'ok'],
    ];
    expect((await table(head, rows, plainTheme({ width: 50 }))).split('\n')).toEqual([
      'File                      Why',
      '─'.repeat(50),
      'INVOICES_OF_…ST_2020.csv  the account of this',
      '                          invoice is not known to',
      '                          the server',
      'x.csv                     ok',
    ]);
  });

  it('draws many rows and long wide texts in linear time', { tags: 'slow' }, async () => {
    const theme = plainTheme({ width: 80 });
    const head = ['Name', { title: 'Why', wrap: true, least: 20 }];
    const rows = (count: number, text: string) => Array.from({ length: count }, (_, i) => [`J_${i}`, text]);
    // What is not linear takes longer than a test may.
    await table(head, rows(5000, 'short'), theme);
    const long = await table(head, rows(20, '請求書'.repeat(300)), theme);
    expect(long).toContain('J_19');
  });

  it('fits every width, with aligned columns in every script', async () => {
    const rows = fc.array(fc.tuple(anyScript, fc.oneof(anyScript, anyText), fc.nat().map(String)), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 40, max: 200 }), async (rows, width) => {
        const head = ['Name', 'What it is', { title: 'Number', right: true }];
        const lines = (await table(head, rows, plainTheme({ width }))).split('\n');
        expect(lines).toHaveLength(rows.length + 2);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        const straight = (
          await table(
            head,
            rows.map(([a, , b]) => [a, a, b]),
            plainTheme({ width }),
          )
        ).split('\n');
        expect(new Set(straight.map((line) => stringWidth(line))).size).toBe(1);
      }),
      { numRuns: runs(40, 200) },
    );
  });

  it('fits every width as a table of results, of reasons and of control totals', {
    tags: 'slow',
  }, async () => {
    const number = fc.constantFrom(0, 20_375, 999_999_999_999);
    const reason = fc.record({
      message: anyText,
      reason: anyText,
      examples: fc.array(anyText, { maxLength: 2 }),
      count: number,
      line: number,
    });
    const tally = fc.record({
      rows: number,
      failed: number,
      reasons: fc.array(reason, { maxLength: 3 }),
      others: number,
    });
    const result = fc.record({
      jobId: anyScript,
      path: anyText,
      kept: fc.boolean(),
      tally: fc.option(tally, { nil: null }),
    });
    const width = fc.integer({ min: 40, max: 200 });
    await fc.assert(
      fc.asyncProperty(fc.array(result, { minLength: 1, maxLength: 3 }), width, async (results, width) => {
        const theme = plainTheme({ width });
        const report: FileReport = {
          path: '/x',
          file: results[0]?.path ?? '',
          kind: 'items',
          records: 999_999_999_999,
          bytes: 1,
          sha256: null,
          md5: null,
          crc32: null,
          header: [],
          amount: '-12345678901234567890.12',
          findings: [],
          warnings: [],
          findingsTotal: 0,
        };
        const tables = await Promise.all([
          resultTable(results, theme),
          reasonsTable(results, theme),
          totalsTable([report], theme),
        ]);
        for (const line of tables.join('\n').split('\n')) {
          expect(stringWidth(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        }
      }),
      { numRuns: runs(30, 150) },
    );
  });
});
