import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBody, finalizeBody, initBody, withQuery } from '../../src/api/request.ts';
import { GRAPHEME } from '../helpers/unicode.ts';
import { golden } from './rig.ts';

/** A body without its values. */
const shape = (body: string): string => body.replace(/>[^<\n]+</g, '><').trimEnd();

describe('the vendor’s request examples', () => {
  test('init', () => {
    const body = initBody({
      jobId: 'AUGUST_2020_INIT',
      carryForwardInvoices: true,
      carryForwardCreditMemos: true,
      carryForwardDebitMemos: true,
      zeroOutCustomerBalance: true,
    });
    expect(body).toBe(golden('init-request').trimEnd());
  });

  test('create for customers', () => {
    const request = {
      kind: 'customer',
      jobId: 'AUGUST_2020_CUS',
      inputFilename: 'CUS_AUG_2020_100RECORDS.csv',
      parent: null,
    } as const;
    expect(createBody(request)).toBe(golden('create-customer-request').trimEnd());
  });

  test('create for invoices', () => {
    const request = {
      kind: 'invoice',
      jobId: 'AUG_2020_INV',
      inputFilename: 'INV_AUG_2020_100RECORDS.csv',
      parent: null,
    } as const;
    expect(createBody(request)).toBe(golden('create-invoice-request').trimEnd());
  });

  test('create for items', () => {
    const request = {
      kind: 'items',
      jobId: 'AUG_2020_ITM_1',
      inputFilename: 'ITM_AUG_2020_200RECORDS_1.csv',
      parent: { id: '4', jobId: 'AUG_2020_INV' },
    } as const;
    expect(createBody(request)).toBe(golden('create-items-request').trimEnd());
  });

  test('finalize', () => {
    expect(finalizeBody({ id: '3', jobId: 'AUGUST_2020_CUS' })).toBe(
      golden('finalize-customer-request').trimEnd(),
    );
    expect(finalizeBody({ id: '4', jobId: 'AUG_2020_INV' })).toBe(
      golden('finalize-invoice-request').trimEnd(),
    );
  });
});

describe('a request differs from the examples only in its values', () => {
  const value = fc.string({ unit: GRAPHEME, minLength: 1 }).filter((text) => !/[\p{C}\s]/u.test(text));

  test('init', () => {
    fc.assert(
      fc.property(value, fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean(), (jobId, a, b, c, d) => {
        const body = initBody({
          jobId,
          carryForwardInvoices: a,
          carryForwardCreditMemos: b,
          carryForwardDebitMemos: c,
          zeroOutCustomerBalance: d,
        });
        expect(shape(body)).toBe(shape(golden('init-request')));
        // The flags are in the right order.
        expect(body.match(/>(?:true|false)</g)).toEqual([a, b, c, d].map((flag) => `>${flag}<`));
      }),
    );
  });

  test('create', () => {
    fc.assert(
      fc.property(value, value, value, value, (jobId, inputFilename, id, parentJobId) => {
        const parent = { id, jobId: parentJobId };
        const of = (kind: 'customer' | 'invoice' | 'items') =>
          shape(createBody({ kind, jobId, inputFilename, parent: kind === 'items' ? parent : null }));
        expect(of('customer')).toBe(shape(golden('create-customer-request')));
        expect(of('invoice')).toBe(shape(golden('create-invoice-request')));
        expect(of('items')).toBe(shape(golden('create-items-request')));
      }),
    );
  });

  test('a parent or a batch may be named by either id', () => {
    const without = (text: string, name: string): string =>
      text.trimEnd().replace(new RegExp(`<${name}>.*</${name}>\n`), '');
    const items = (parent: { id: string | null; jobId: string | null }) =>
      createBody({
        kind: 'items',
        jobId: 'AUG_2020_ITM_1',
        inputFilename: 'ITM_AUG_2020_200RECORDS_1.csv',
        parent,
      });
    const whole = golden('create-items-request');
    expect(items({ id: '4', jobId: null })).toBe(without(whole, 'parentBatchProcessJobId'));
    expect(items({ id: null, jobId: 'AUG_2020_INV' })).toBe(without(whole, 'parentBatchProcess'));
    const finalize = golden('finalize-invoice-request');
    expect(finalizeBody({ id: '4', jobId: null })).toBe(without(finalize, 'jobId'));
    expect(finalizeBody({ id: null, jobId: 'AUG_2020_INV' })).toBe(without(finalize, 'id'));
  });

  test('markup in a value is escaped', () => {
    const body = finalizeBody({ id: null, jobId: '</jobId><id>9</id>&amp;]]>' });
    expect(body).toBe(
      '<batchProcess>\n<jobId>&lt;/jobId&gt;&lt;id&gt;9&lt;/id&gt;&amp;amp;]]&gt;</jobId>\n</batchProcess>',
    );
  });
});

test('query values are percent-encoded', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: GRAPHEME })), (query) => {
      const url = withQuery(withQuery('https://h/x', { id: '1' }), query);
      expect([...new URL(url).searchParams]).toEqual([['id', '1'], ...Object.entries(query)]);
    }),
  );
});
