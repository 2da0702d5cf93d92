import type { NewEntry } from '../../src/load/entries.ts';
import { batch, HEADER, source } from './fixtures.ts';

export const V1_HEADER = { ...HEADER, profile: 'prod' };

/** A secret that the server receives and echoes. */
export const SECRET = 'hunter2-secret';

const signed = (name: string): string =>
  `https://acme.s3.amazonaws.com/acme/in/${name}?X-Amz-Date=20200831T220000Z&X-Amz-Signature=${'0123456789abcdef'.repeat(4)}`;
const object = (name: string): string => `https://acme.s3.amazonaws.com/acme/in/${name}`;
const parent = { id: '4', jobId: 'AUG_2020_INV' };
const CUS = 'AUG_2020_CUS';

/** Every kind of entry, with and without what it may lack, and with secrets wherever a server could put one. */
export const ENTRIES: readonly NewEntry[] = [
  {
    type: 'intent',
    n: 1,
    call: 'init',
    jobId: 'AUG_2020_INIT',
    request: {
      jobId: 'AUG_2020_INIT',
      carryForwardInvoices: true,
      carryForwardCreditMemos: true,
      carryForwardDebitMemos: false,
      zeroOutCustomerBalance: false,
    },
  },
  {
    type: 'answer',
    n: 1,
    outcome: 'answered',
    batch: batch({
      id: '1',
      jobId: 'AUG_2020_INIT',
      status: null,
      successCount: null,
      failCount: null,
      children: [
        batch({ element: 'carryForwardInvoice', id: '2', jobId: null, status: 'Success', successCount: 7 }),
        batch({ element: 'carryForwardCreditMemo', id: null, jobId: null, status: null }),
      ],
    }),
  },
  { type: 'intent', n: 2, call: 'create', jobId: CUS, kind: 'customer', file: source(), parent: null },
  {
    type: 'answer',
    n: 2,
    outcome: 'answered',
    batch: batch({ uploadUrl: signed('cus.csv'), successMessage: `token ${SECRET} accepted` }),
    upload: { object: signed('cus.csv'), expiresAt: 1_598_911_200_000 },
  },
  { type: 'intent', n: 3, call: 'put', jobId: CUS, object: signed('cus.csv'), bytes: 100 },
  { type: 'answer', n: 3, outcome: 'answered', etag: '"61000000000000000000000000000000"', verified: true },
  {
    type: 'intent',
    n: 4,
    call: 'create',
    jobId: 'AUG_2020_INV',
    kind: 'invoice',
    file: { ...source('inv.csv', 'i', 3), amount: '12.50' },
    parent: null,
  },
  {
    type: 'answer',
    n: 4,
    outcome: 'ambiguous',
    message: `HTTP 502 from ${signed('x')}, user:${SECRET}@host`,
  },
  { type: 'seen', jobId: 'AUG_2020_INV', batch: null },
  {
    type: 'intent',
    n: 5,
    call: 'create',
    jobId: 'AUG_2020_INV',
    kind: 'invoice',
    file: source('inv.csv', 'i', 3),
    parent: null,
  },
  {
    type: 'answer',
    n: 5,
    outcome: 'answered',
    batch: batch({ id: '4', jobId: 'AUG_2020_INV' }),
    upload: { object: object('inv.csv'), expiresAt: null },
  },
  {
    type: 'intent',
    n: 6,
    call: 'create',
    jobId: 'AUG_2020_ITM_1',
    kind: 'items',
    file: { ...source('itm.csv', 't', 5), records: null, amount: null },
    parent: { ...parent, id: `id-${SECRET}` },
  },
  { type: 'answer', n: 6, outcome: 'refused', message: 'HTTP 400: no such parent' },
  { type: 'intent', n: 7, call: 'put', jobId: 'AUG_2020_INV', object: object('inv.csv'), bytes: 100 },
  { type: 'answer', n: 7, outcome: 'answered', etag: null, verified: false },
  { type: 'intent', n: 8, call: 'finalize', jobId: CUS, id: '3' },
  { type: 'answer', n: 8, outcome: 'answered', batch: batch({ status: 'Queued' }) },
  { type: 'intent', n: 9, call: 'finalize', jobId: 'AUG_2020_INV', id: `id-${SECRET}` },
  {
    type: 'seen',
    jobId: CUS,
    batch: batch({
      status: 'Success',
      successCount: 9,
      failCount: 1,
      downloadUrl: signed('out.csv'),
      errorMessage: `Row 3: ${SECRET}`,
    }),
  },
  { type: 'settled', jobId: 'AUG_2020_INV', call: 'finalize', batch: batch({ id: '4', status: 'Queued' }) },
  { type: 'found', jobId: 'AUG_2020_CUS_2', kind: 'customer', parent: null, batch: batch({ id: '8' }) },
  { type: 'adopted', jobId: 'AUG_2020_CUS_2', file: source('cus_2.csv', 'b') },
  {
    type: 'discovered',
    batches: [
      { jobId: 'AUG_2020_INV_2', kind: 'invoice', parent: null, batch: batch({ id: '9' }) },
      {
        jobId: 'AUG_2020_ITM_2',
        kind: 'items',
        parent: { id: '9', jobId: null },
        batch: batch({
          id: `x ${SECRET}`,
          jobId: `AUG_2020_ITM_2 ${SECRET}`,
          operation: SECRET,
          subOperation: null,
        }),
      },
    ],
  },
  { type: 'abandoned', jobId: 'AUG_2020_INV_2', id: '9', reason: `the server said ${SECRET}` },
  { type: 'abandoned', jobId: 'AUG_2020_CUS_2', id: null, reason: 'replaced' },
  { type: 'wrong-id', jobId: CUS, id: `id-${SECRET}` },
  {
    type: 'call',
    command: 'correct',
    options: [],
    paths: [],
    files: [
      {
        jobId: 'AUG_2020_CUS_3',
        kind: 'customer',
        parent: null,
        file: source('AUG_2020_CUS_correction_1.csv', 'c'),
        corrects: { jobId: CUS, replaces: 1 },
      },
    ],
    replaces: [],
  },
  {
    type: 'intent',
    n: 10,
    call: 'create',
    jobId: 'AUG_2020_CUS_3',
    kind: 'customer',
    file: source('AUG_2020_CUS_correction_1.csv', 'c'),
    parent: null,
    corrects: CUS,
  },
  {
    type: 'rejects',
    jobId: CUS,
    path: '/data/AUG_2020/AUG_2020_CUS_rejects.csv',
    bytes: 40,
    sha256: 'd'.repeat(64),
    records: 1,
  },
  { type: 'waived', jobId: CUS, line: 2, records: 1, reason: 'the customer has left', by: 'jo' },
  { type: 'approved', sha256: 'e'.repeat(64), by: 'jo' },
  {
    type: 'seen',
    jobId: 'AUG_2020_CUS_3',
    batch: batch({
      id: '11',
      jobId: 'AUG_2020_CUS_3',
      status: 'Success',
      successCount: 10,
      downloadUrl: signed('out_3.csv'),
      resultExpiresAt: '2020-09-01T04:59:00.000Z',
    }),
  },
  { type: 'imported', exportedAt: '2020-08-31T22:00:32.000Z', host: 'billing-1' },
];
