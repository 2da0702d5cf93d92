import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { assignMonth, type MonthFiles } from '../../src/load/plan.ts';
import { known, load, source } from './fixtures.ts';

const FILES: MonthFiles = {
  customers: [source('cus_1.csv', 'c1'), source('cus_2.csv', 'c2')],
  invoices: [
    { file: source('inv_1.csv', 'v1'), items: [source('itm_1_1.csv', 'i11'), source('itm_1_2.csv', 'i12')] },
    { file: source('inv_2.csv', 'v2'), items: [] },
    { file: source('inv_3.csv', 'v3'), items: [source('itm_3_1.csv', 'i31')] },
  ],
};

function failure(work: () => unknown): EbillError {
  try {
    work();
  } catch (error) {
    if (error instanceof EbillError) return error;
  }
  throw new Error('nothing was thrown');
}

describe('the batches of a whole month', () => {
  it('numbers items through, each under its own invoice file', () => {
    const month = assignMonth(load(), FILES, { next: false });
    expect(month.customers.map(({ jobId }) => jobId)).toEqual(['AUG_2020_CUS', 'AUG_2020_CUS_2']);
    expect(
      month.invoices.map(({ invoice, items }) => [
        invoice.jobId,
        ...items.map(({ jobId, file }) => `${jobId} ${file.name}`),
      ]),
    ).toEqual([
      ['AUG_2020_INV', 'AUG_2020_ITM_1 itm_1_1.csv', 'AUG_2020_ITM_2 itm_1_2.csv'],
      ['AUG_2020_INV_2'],
      ['AUG_2020_INV_3', 'AUG_2020_ITM_3 itm_3_1.csv'],
    ]);
  });

  it('resumes with what is on record, under the same names', () => {
    const invoice = known({
      jobId: 'AUG_2020_INV',
      kind: 'invoice',
      id: '7',
      created: 'yes',
      uploaded: 'yes',
      file: source('inv_1.csv', 'v1'),
    });
    const item = known({
      jobId: 'AUG_2020_ITM_1',
      kind: 'items',
      created: 'yes',
      uploaded: 'yes',
      file: source('itm_1_1.csv', 'i11'),
      parent: { id: '7', jobId: null },
    });
    const month = assignMonth(load(invoice, item), FILES, { next: false });
    expect(month.invoices[0]?.invoice.action).toBe('done');
    expect(month.invoices[0]?.items.map(({ jobId, action }) => [jobId, action])).toEqual([
      ['AUG_2020_ITM_1', 'done'],
      ['AUG_2020_ITM_2', 'new'],
    ]);
  });

  it('refuses items that are on record under another invoice: they would be other people’s bills', () => {
    const one = known({
      jobId: 'AUG_2020_INV',
      kind: 'invoice',
      id: '7',
      created: 'yes',
      uploaded: 'yes',
      file: source('inv_1.csv', 'v1'),
    });
    const item = known({
      jobId: 'AUG_2020_ITM_1',
      kind: 'items',
      created: 'yes',
      uploaded: 'yes',
      file: source('itm_3_1.csv', 'i31'),
      parent: { id: '7', jobId: null },
    });
    const error = failure(() => assignMonth(load(one, item), FILES, { next: false }));
    expect(error.code).toBe('CONFLICT');
    expect(error.message).toContain('itm_3_1.csv is on record as AUG_2020_ITM_1 under AUG_2020_INV');
  });

  it('refuses items of one content under two invoices, which the second would be sent without', () => {
    const twice: MonthFiles = {
      customers: [],
      invoices: [
        { file: source('a.csv', 'a'), items: [source('x.csv', 'same')] },
        { file: source('b.csv', 'b'), items: [source('y.csv', 'same')] },
      ],
    };
    const error = failure(() => assignMonth(load(), twice, { next: false }));
    expect(error.code).toBe('INVALID_PLAN');
    expect(error.message).toBe('x.csv (items of a.csv) and y.csv (items of b.csv) have the same content.');
  });
});
