import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBatch } from '../../src/api/response.ts';
import { XmlError } from '../../src/api/xml.ts';
import { outcomeOf } from '../../src/batch/outcome.ts';
import { phaseOf } from '../../src/batch/phase.ts';
import { golden, thrownBy } from './rig.ts';

const urlIn = (text: string, name: string): string =>
  new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? 'not in the text';
const wrap = (inner: string): string => `<batchProcess>${inner}</batchProcess>`;

test.each([
  ['<parentBatchProcess>4</parentBatchProcess>', { id: '4', jobId: null }],
  ['<parentBatchProcessJobId>A_INV</parentBatchProcessJobId>', { id: null, jobId: 'A_INV' }],
  ['<parentBatchProcess></parentBatchProcess>', undefined],
])('%s names the invoice batch of items (api rule 29)', (element, parent) => {
  expect(parseBatch(wrap(`<id>5</id><jobId>ODD</jobId>${element}`)).parent).toEqual(parent);
});

describe('the vendor’s response', () => {
  test('to an init has one part that ran and two that did not', () => {
    const batch = parseBatch(golden('init-answer'));
    expect(batch).toMatchObject({
      element: 'batchProcess',
      id: '1',
      jobId: 'AUGUST_2020_INIT',
      status: null,
    });
    expect(batch.children.map((child) => child.element)).toEqual([
      'carryForwardInvoice',
      'carryForwardCreditMemo',
      'carryForwardDebitMemo',
    ]);
    const [invoices, creditMemos, debitMemos] = batch.children;
    expect(invoices).toEqual({
      element: 'carryForwardInvoice',
      id: '2',
      jobId: null,
      status: 'Success',
      operation: 'CarryForward',
      subOperation: 'Invoice',
      successCount: 20375,
      successMessage: 'Success, 20375 records successfully processed,0failed',
      errorMessage: null,
      failCount: 0,
      uploadUrl: null,
      downloadUrl: null,
      children: [],
    });
    for (const child of [creditMemos, debitMemos]) {
      expect(child).toMatchObject({ id: null, status: null, successCount: null, failCount: null });
      expect(child && phaseOf(child).phase).toBe('not-run');
    }
    const phases = batch.children.map((child) => phaseOf(child).phase);
    expect(phases).toEqual(['succeeded', 'not-run', 'not-run']);
    expect(outcomeOf('not-run', phases)).toBe('succeeded');
  });

  test.each(['ns2:', 'b:'])('reads the same with the namespace prefix %s (api rule 9)', (prefix) => {
    for (const name of ['init-answer', 'create-customer-answer', 'final-invoice-answer']) {
      const named = golden(name)
        .replace(/<(\/?)(?=[a-z])/gi, `<$1${prefix}`)
        .replace(/>/, ' xmlns:ns2="urn:x" xmlns:b="urn:x">');
      expect(named).toContain(`<${prefix}batchProcess xmlns`);
      expect(parseBatch(named)).toEqual(parseBatch(golden(name)));
    }
  });

  test('to a create keeps the bare & of its URL', () => {
    const batch = parseBatch(golden('create-customer-answer'));
    expect(batch).toMatchObject({
      id: '3',
      status: 'Draft',
      successCount: 0,
      failCount: 0,
      downloadUrl: null,
    });
    expect(batch.uploadUrl).toBe(urlIn(golden('create-customer-answer'), 'uploadUrl'));
    expect(batch.uploadUrl).toContain('&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20210921%2Fus-east-2');
  });

  test('to an invoice create is passed on with its wrong echo', () => {
    expect(parseBatch(golden('create-invoice-answer'))).toMatchObject({ id: '4', subOperation: 'Customer' });
  });

  test('to a finalize is read', () => {
    expect(parseBatch(golden('finalize-customer-answer'))).toMatchObject({
      status: 'Queued',
      successMessage: 'BatchProcess is in Queue',
      errorMessage: null,
      downloadUrl: null,
      children: [],
    });
  });

  test('to a status keeps the blank in its URL', () => {
    const batch = parseBatch(golden('status-customer-answer'));
    expect(batch.downloadUrl).toBe(urlIn(golden('status-customer-answer'), 'downloadUrl'));
    expect(batch.downloadUrl).toContain('%2F20210921 loo%2Fus-east-1');
  });

  test('to an invoice finalize has its items', () => {
    const batch = parseBatch(golden('final-invoice-answer'));
    expect(batch).toMatchObject({ id: '4', successCount: 100 });
    expect(batch.children).toHaveLength(1);
    expect(batch.children[0]).toMatchObject({
      element: 'batchProcess',
      id: '5',
      jobId: 'AUG_2020_ITM_1',
      subOperation: 'Invoice Line Item',
      successCount: 200,
    });
    expect(batch.children[0]?.downloadUrl).toContain('/ITM_21TH_SEPT_930AM_1_Batch_64239_');
  });
});

describe('the values of a response', () => {
  test.each(['007', '1e5', '0x10', '-0', '1.0', 'true', 'null', '12345678901234567890', 'Infinity'])(
    'keep id and job id %j as text',
    (text) => {
      expect(parseBatch(wrap(`<id>${text}</id><jobId>${text}</jobId>`))).toMatchObject({
        id: text,
        jobId: text,
      });
    },
  );

  test('keep blanks around a job id, not around an id', () => {
    const batch = parseBatch(wrap('<id> \n7 </id><jobId> A </jobId>'));
    expect(batch).toMatchObject({ id: '7', jobId: ' A ' });
  });

  test.each<[string, number | null]>([
    ['', null],
    ['  ', null],
    ['0', 0],
    [' 12 ', 12],
    ['0012', 12],
    ['1e5', null],
    ['0x10', null],
    ['-1', null],
    ['1.5', null],
    ['12 records', null],
    ['1234567890123456', null],
    ['٣', null],
  ])('read the count %j as %j', (text, count) => {
    const xml = wrap(`<successCount>${text}</successCount><failCount>${text}</failCount>`);
    expect(parseBatch(xml)).toMatchObject({ successCount: count, failCount: count });
  });

  test('leave missing counts unknown, without reading the prose', () => {
    const prose = 'Success, 100 records successfully processed,3failed';
    const batch = parseBatch(
      wrap(`<id>1</id><status>Success</status><successMessage>${prose}</successMessage>`),
    );
    expect(batch).toMatchObject({ successCount: null, failCount: null, successMessage: prose });
  });

  test('of a child are never its parent’s', () => {
    const batch = parseBatch(
      wrap('<child><batchProcess><id>9</id><status>Failed</status></batchProcess></child>'),
    );
    expect(batch).toMatchObject({ id: null, status: null });
  });

  test('keep CDATA as it is', () => {
    const batch = parseBatch(
      wrap('<jobId><![CDATA[<A&amp;B>]]></jobId><uploadUrl><![CDATA[https://x/?a&b]]></uploadUrl>'),
    );
    expect(batch).toMatchObject({ jobId: '<A&amp;B>', uploadUrl: 'https://x/?a&b' });
  });

  test('skip comments', () => {
    expect(
      parseBatch('<!-- a & b --><batchProcess><id>1<!-- <id>2</id> -->0</id></batchProcess><!-- -->').id,
    ).toBe('10');
  });

  test('may come with a declaration, a BOM and attributes', () => {
    const xml =
      '\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<batchProcess xmlns="urn:x" a="1>2"><id>1</id></batchProcess>\r\n';
    expect(parseBatch(xml)).toMatchObject({ element: 'batchProcess', id: '1' });
  });
});

describe('a URL in a response', () => {
  // Characters of presigned URLs, but no `;`: after a bare & it would make an entity.
  const url = fc
    .array(
      fc.constantFrom(...'abzAZ019-._~%/:?#[]@!$&&&&()*+,=|^`{}"\' ', 'amp', 'lt', '#38', 'X-Amz-Date='),
      {
        maxLength: 60,
      },
    )
    .map((parts) => `https://h/${parts.join('')}x`);
  const read = (written: string): string | null =>
    parseBatch(wrap(`<uploadUrl>${written}</uploadUrl>`)).uploadUrl;

  test('is the same byte for byte with bare or escaped &', () => {
    fc.assert(
      fc.property(url, (text) => {
        expect(read(text)).toBe(text);
        expect(read(text.replaceAll('&', '&amp;'))).toBe(text);
        expect(read(text.replaceAll('&', '&#38;'))).toBe(text);
        expect(read(text.replaceAll('&', '&#x26;'))).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  test('may have any printable ASCII when escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (tail) => {
        const text = `https://h/${tail}x`;
        const written = text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
        expect(read(written)).toBe(text);
        expect(read(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;'))).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  test('is decoded once', () => {
    expect(read('https://h/?a=1&amp;amp;b&amp;lt;c')).toBe('https://h/?a=1&amp;b&lt;c');
  });
});

describe('the child element', () => {
  const one = '<batchProcess><id>5</id></batchProcess>';
  test.each<[string, string, (string | null)[]]>([
    ['missing', '', []],
    ['empty', '<child></child>', []],
    ['self-closing', '<child/>', []],
    ['blank', '<child>\n  </child>', []],
    ['one', `<child>${one}</child>`, ['5']],
    ['many', `<child>${one}${one.replace('5', '6')}${one.replace('5', '7')}</child>`, ['5', '6', '7']],
    ['repeated for each', `<child>${one}</child><child>${one.replace('5', '6')}</child>`, ['5', '6']],
    ['with unknown elements', `<child><other><id>8</id></other>${one}</child>`, ['5']],
  ])('gives the batches when %s', (_name, xml, ids) => {
    expect(parseBatch(wrap(`<id>4</id>${xml}`)).children.map((child) => child.id)).toEqual(ids);
  });

  test('keeps the order of a thousand batches', () => {
    const many = Array.from({ length: 1000 }, (_, n) => one.replace('5', String(n)));
    const { children } = parseBatch(wrap(`<child>${many.join('\n')}</child>`));
    expect(children.map((child) => child.id)).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)));
  });
});

describe('a response that is not a batch', () => {
  test.each([
    '<error><message>x</message></error>',
    '<BatchProcess><id>1</id></BatchProcess>',
    '<html></html>',
  ])('is an error: %s', (xml) => {
    expect(thrownBy(() => parseBatch(xml))).toBeInstanceOf(XmlError);
  });

  test('is quoted shortened and escaped', () => {
    const error = thrownBy(() => parseBatch(`<a\u200e${'b'.repeat(5000)}></a\u200e${'b'.repeat(5000)}>`));
    expect(error).toBeInstanceOf(XmlError);
    expect(String(error)).not.toContain('\u200e');
    expect(String(error).length).toBeLessThan(300);
  });
});
