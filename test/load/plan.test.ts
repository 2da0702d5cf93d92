import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { assign, assignMonth } from '../../src/load/plan.ts';
import { known, load, source } from './fixtures.ts';

const PLAIN = { jobId: null, again: false, next: false };
const CUS = known({ created: 'yes', uploaded: 'yes', file: source('cus.csv', 'a') });

const ids = (...args: Parameters<typeof assign>): (readonly [string, string])[] =>
  assign(...args).map((one) => [one.jobId, one.action]);
const failure = (work: () => unknown): EbillError => {
  try {
    work();
  } catch (error) {
    if (error instanceof EbillError) return error;
  }
  throw new Error('nothing was thrown');
};

describe('which batch a file goes into', () => {
  it('numbers new files in order: the first customer and invoice without a number, items from 1', () => {
    expect(ids(load(), 'customer', [source('a.csv', 'a'), source('b.csv', 'b')], PLAIN)).toEqual([
      ['AUG_2020_CUS', 'new'],
      ['AUG_2020_CUS_2', 'new'],
    ]);
    expect(ids(load(), 'items', [source('a.csv', 'a'), source('b.csv', 'b')], PLAIN)).toEqual([
      ['AUG_2020_ITM_1', 'new'],
      ['AUG_2020_ITM_2', 'new'],
    ]);
  });

  it('counts on after what the load has, abandoned drafts too', () => {
    const left = known({
      jobId: 'AUG_2020_CUS_2',
      created: 'yes',
      abandoned: true,
      file: source('x.csv', 'x'),
    });
    expect(ids(load(CUS, left), 'customer', [source('new.csv', 'n')], PLAIN)).toEqual([
      ['AUG_2020_CUS_3', 'new'],
    ]);
  });

  it('the same bytes stay in the batch they are on record for, whatever the file is called now', () => {
    expect(ids(load(CUS), 'customer', [source('renamed.csv', 'a')], PLAIN)).toEqual([
      ['AUG_2020_CUS', 'done'],
    ]);
    const begun = known({ created: 'unknown', file: source('cus.csv', 'a') });
    expect(ids(load(begun), 'customer', [source('cus.csv', 'a')], PLAIN)).toEqual([
      ['AUG_2020_CUS', 'resume'],
    ]);
  });

  it('--again uploads the same bytes once more', () => {
    expect(ids(load(CUS), 'customer', [source('cus.csv', 'a')], { ...PLAIN, again: true })).toEqual([
      ['AUG_2020_CUS_2', 'new'],
    ]);
  });

  it('the same name with other content is a conflict, --next to mean it', () => {
    const error = failure(() => assign(load(CUS), 'customer', [source('cus.csv', 'other')], PLAIN));
    expect([error.code, error.exitCode]).toEqual(['CONFLICT', 8]);
    expect(error.message).toContain('AUG_2020_CUS');
    expect(error.hint).toContain('--next');
    expect(ids(load(CUS), 'customer', [source('cus.csv', 'other')], { ...PLAIN, next: true })).toEqual([
      ['AUG_2020_CUS_2', 'new'],
    ]);
  });

  it('with --next a draft of the old content that never got its file is replaced, an uploaded one is not', () => {
    const draft = known({ created: 'yes', file: source('cus.csv', 'old') });
    const [one] = assign(load(draft), 'customer', [source('cus.csv', 'new')], { ...PLAIN, next: true });
    expect(one?.replaces.map((batch) => batch.jobId)).toEqual(['AUG_2020_CUS']);
    const [other] = assign(load(CUS), 'customer', [source('cus.csv', 'new')], { ...PLAIN, next: true });
    expect(other?.replaces).toEqual([]);
  });

  it('--job-id is taken exactly, and a conflict when it holds something else', () => {
    expect(ids(load(CUS), 'customer', [source('new.csv', 'n')], { ...PLAIN, jobId: 'MINE' })).toEqual([
      ['MINE', 'new'],
    ]);
    const error = failure(() =>
      assign(load(CUS), 'customer', [source('new.csv', 'n')], { ...PLAIN, jobId: 'AUG_2020_CUS' }),
    );
    expect(error.code).toBe('CONFLICT');
  });

  it('the same bytes as another kind are a conflict, on record and in one call', () => {
    const error = failure(() => assign(load(CUS), 'invoice', [source('inv.csv', 'a')], PLAIN));
    expect([error.code, error.exitCode]).toEqual(['CONFLICT', 8]);
    expect(error.message).toBe(
      'inv.csv is given as invoices, but the same content is on record as AUG_2020_CUS, as customers.',
    );
    const left = known({ ...CUS, abandoned: true });
    expect(ids(load(left), 'invoice', [source('inv.csv', 'a')], PLAIN)).toEqual([['AUG_2020_INV', 'new']]);
    const files = {
      customers: [source('a.csv', 'a')],
      invoices: [{ file: source('b.csv', 'a'), items: [] }],
    };
    expect(failure(() => assignMonth(load(), files, false)).message).toBe(
      'b.csv is given as invoices, but the same content is given as a.csv too, as customers.',
    );
  });

  it('--again means the same bytes as another kind', () => {
    const again = { ...PLAIN, again: true };
    expect(ids(load(CUS), 'invoice', [source('inv.csv', 'a')], again)).toEqual([['AUG_2020_INV', 'new']]);
  });
});
