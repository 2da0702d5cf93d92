import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { assign, assignMonth } from '../../src/load/plan.ts';
import type { BatchState, LoadState } from '../../src/load/state.ts';
import { batch, known, load, source } from './fixtures.ts';

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

  it('passes over no batch found on the server, which may hold the file, unless with --next', () => {
    const found = (jobId: string, over: Partial<BatchState> = {}): BatchState =>
      known({ jobId, created: 'yes', foundElsewhere: true, unclaimed: true, file: null, ...over });
    const state = load(CUS, found('AUG_2020_CUS_2'), found('AUG_2020_CUS_3'));
    const files = [source('b.csv', 'b'), source('c.csv', 'c'), source('d.csv', 'd')];
    const numbers = (at: LoadState, next: boolean) =>
      ids(at, 'customer', files, { ...PLAIN, next }).map(([jobId]) => jobId.replace('AUG_2020_CUS_', ''));
    expect(numbers(state, false)).toEqual(['2', '3', '4']);
    expect(numbers(state, true)).toEqual(['4', '5', '6']);
    const left = load(CUS, found('AUG_2020_CUS_2', { leftOut: true }));
    expect(numbers(left, false)).toEqual(['3', '4', '5']);
    const under = { jobId: 'AUG_2020_INV', id: null };
    const items = found('AUG_2020_ITM_1', { kind: 'items', parent: under });
    const itemId = (parent: string) =>
      ids(load(items), 'items', [source('i.csv', 'i')], { ...PLAIN, parent })[0]?.[0];
    expect(itemId('AUG_2020_INV')).toBe('AUG_2020_ITM_1');
    expect(itemId('AUG_2020_INV_2')).toBe('AUG_2020_ITM_2');
  });

  it('the same bytes stay in the batch they are on record for, whatever the file is called now', () => {
    expect(ids(load(CUS), 'customer', [source('renamed.csv', 'a')], PLAIN)).toEqual([
      ['AUG_2020_CUS', 'done'],
    ]);
    const started = known({ created: 'unknown', file: source('cus.csv', 'a') });
    expect(ids(load(started), 'customer', [source('cus.csv', 'a')], PLAIN)).toEqual([
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

  it('with --next a batch of the old content is replaced until it is finalized', () => {
    const next = { ...PLAIN, next: true };
    const replaced = (batch: BatchState) =>
      assign(load(batch), 'customer', [source('cus.csv', 'new')], next)[0]?.replaces.map(
        ({ jobId }) => jobId,
      );
    expect(replaced(known({ created: 'yes', file: source('cus.csv', 'old') }))).toEqual(['AUG_2020_CUS']);
    expect(replaced(CUS)).toEqual(['AUG_2020_CUS']);
    expect(replaced({ ...CUS, finalized: 'yes' })).toEqual([]);
  });

  it('in a conflict with a final batch the hint says what is loaded, and offers no command that loads it again', () => {
    const final = known({
      ...CUS,
      finalized: 'yes',
      seen: batch({ status: 'Success', successCount: 9, failCount: 1 }),
    });
    const { hint, message } = failure(() => assign(load(final), 'customer', [source('cus.csv', 'b')], PLAIN));
    expect(message).toContain('which is final');
    expect(hint).toContain('9 of its 10 records are loaded');
    expect(hint).toMatch(/: ebill correct --job-id AUG_2020_CUS$/);
    expect(hint).toContain('(--next) would load 9 a second time');
  });

  it('matches items to their own invoice batch: the same bytes under another are another batch', () => {
    const item = known({
      jobId: 'AUG_2020_ITM_1',
      kind: 'items',
      created: 'yes',
      uploaded: 'yes',
      file: source('itm.csv', 'i'),
      parent: { id: null, jobId: 'AUG_2020_INV' },
    });
    const under = (parent: string | null) =>
      ids(load(item), 'items', [source('itm.csv', 'i')], { ...PLAIN, parent });
    expect(under('AUG_2020_INV')).toEqual([['AUG_2020_ITM_1', 'done']]);
    expect(under(null)).toEqual([['AUG_2020_ITM_1', 'done']]);
    expect(under('AUG_2020_INV_2')).toEqual([['AUG_2020_ITM_2', 'new']]);
  });

  it('refuses to replace items that exist under an invoice batch: both would be finalized with it', () => {
    const item = known({
      jobId: 'AUG_2020_ITM_1',
      kind: 'items',
      created: 'yes',
      file: source('itm.csv', 'i'),
      parent: { id: null, jobId: 'AUG_2020_INV' },
    });
    const next = { ...PLAIN, next: true, parent: 'AUG_2020_INV' };
    const error = failure(() => assign(load(item), 'items', [source('itm.csv', 'j')], next));
    expect([error.code, error.hint.includes('--restart-invoice')]).toEqual(['CONFLICT', true]);
    const planned = { ...item, created: 'no' as const };
    expect(ids(load(planned), 'items', [source('itm.csv', 'j')], next)).toEqual([['AUG_2020_ITM_2', 'new']]);
  });

  it('--again and --restart-invoice find what they began: repeated, they make no third batch', () => {
    const again = { ...PLAIN, again: true };
    const second = known({
      ...CUS,
      jobId: 'AUG_2020_CUS_2',
      uploaded: 'unknown',
      origin: { again: true, restart: false },
    });
    expect(ids(load(CUS, second), 'customer', [source('cus.csv', 'a')], again)).toEqual([
      ['AUG_2020_CUS_2', 'resume'],
    ]);
    const done = { ...second, uploaded: 'yes' as const };
    expect(ids(load(CUS, done), 'customer', [source('cus.csv', 'a')], again)).toEqual([
      ['AUG_2020_CUS_2', 'done'],
    ]);
    // Two files of the same bytes in one --again are two batches, and two again.
    const files = [source('cus.csv', 'a'), source('copy.csv', 'a')];
    expect(ids(load(CUS, done), 'customer', files, again)).toEqual([
      ['AUG_2020_CUS_2', 'done'],
      ['AUG_2020_CUS_3', 'new'],
    ]);
    expect(ids(load(CUS, done), 'customer', [source('cus.csv', 'a')], { ...again, jobId: 'THIRD' })).toEqual([
      ['THIRD', 'new'],
    ]);
    const inv = known({ ...CUS, jobId: 'AUG_2020_INV', kind: 'invoice' });
    const restart = new Set(['AUG_2020_INV']);
    const [one] = assign(load(inv), 'invoice', [source('cus.csv', 'a')], { ...PLAIN, restart });
    expect([one?.jobId, one?.action, one?.replaces.map(({ jobId }) => jobId)]).toEqual([
      'AUG_2020_INV_2',
      'new',
      ['AUG_2020_INV'],
    ]);
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
    expect(failure(() => assignMonth(load(), files, { next: false })).message).toBe(
      'b.csv is given as invoices, but the same content is given as a.csv too, as customers.',
    );
  });

  it('--again takes the place of a batch that the server lost, also of one that was loaded again before', () => {
    const lost = known({ created: 'yes', uploaded: 'yes', missing: true });
    const again = { ...PLAIN, again: true };
    const replaced = (...batches: readonly BatchState[]) =>
      assign(load(...batches), 'customer', [source()], again).map(({ jobId, action, replaces }) => [
        jobId,
        action,
        ...replaces.map((one) => one.jobId),
      ]);
    expect(replaced(lost)).toEqual([['AUG_2020_CUS_2', 'new', 'AUG_2020_CUS']]);
    const second = known({
      jobId: 'AUG_2020_CUS_2',
      created: 'yes',
      uploaded: 'yes',
      origin: { again: true, restart: false },
    });
    expect(replaced(lost, second)).toEqual([['AUG_2020_CUS_2', 'done', 'AUG_2020_CUS']]);
    expect(replaced({ ...lost, missing: false })).toEqual([['AUG_2020_CUS_2', 'new']]);
    // Without it nothing is replaced: the upload says that the batch is missing.
    const [plain] = assign(load(lost), 'customer', [source()], PLAIN);
    expect([plain?.jobId, plain?.action, plain?.replaces]).toEqual(['AUG_2020_CUS', 'done', []]);
  });

  it('--again means the same bytes as another kind', () => {
    const again = { ...PLAIN, again: true };
    expect(ids(load(CUS), 'invoice', [source('inv.csv', 'a')], again)).toEqual([['AUG_2020_INV', 'new']]);
  });
});
