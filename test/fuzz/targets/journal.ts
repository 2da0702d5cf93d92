import { replay, salvage } from '../../../src/load/journal-lines.ts';
import { nextStep } from '../../../src/load/next-step.ts';
import { timelineOf } from '../../../src/load/timeline.ts';
import { viewLoad } from '../../../src/load/view.ts';
import { expectError, type Target } from '../target.ts';

/** Journals. */
export const target: Target = {
  seeds: [
    [
      {
        ebillJournal: 1,
        job: 'A',
        profile: null,
        baseUrl: 'http://127.0.0.1',
        startedAt: '2020-08-31T22:00:00.000Z',
      },
      {
        at: '2020-08-31T22:00:01.000Z',
        type: 'intent',
        n: 1,
        call: 'init',
        jobId: 'A_INIT',
        request: {
          jobId: 'A_INIT',
          carryForwardInvoices: true,
          carryForwardCreditMemos: true,
          carryForwardDebitMemos: true,
          zeroOutCustomerBalance: false,
        },
      },
      {
        at: '2020-08-31T22:00:02.000Z',
        type: 'answer',
        n: 1,
        outcome: 'answered',
        batch: {
          element: 'batchProcess',
          id: '1',
          jobId: 'A_INIT',
          status: null,
          operation: null,
          subOperation: null,
          successCount: null,
          successMessage: null,
          errorMessage: null,
          failCount: null,
          uploadUrl: null,
          downloadUrl: null,
          children: [],
        },
      },
      {
        at: '2020-08-31T22:00:03.000Z',
        type: 'intent',
        n: 2,
        call: 'create',
        jobId: 'A_INV',
        kind: 'invoice',
        file: { path: '/i.csv', name: 'i.csv', bytes: 9, records: 1, sha256: 'a', md5: 'b' },
        parent: null,
      },
      { at: '2020-08-31T22:00:04.000Z', type: 'answer', n: 2, outcome: 'ambiguous', message: 'lost' },
      {
        at: '2020-08-31T22:00:05.000Z',
        type: 'intent',
        n: 3,
        call: 'put',
        jobId: 'A_INV',
        object: 'https://h/o',
        bytes: 9,
      },
      {
        at: '2020-08-31T22:00:06.000Z',
        type: 'answer',
        n: 3,
        outcome: 'answered',
        etag: null,
        verified: false,
      },
      { at: '2020-08-31T22:00:07.000Z', type: 'intent', n: 4, call: 'finalize', jobId: 'A_INV', id: '4' },
      {
        at: '2020-08-31T22:00:08.000Z',
        type: 'settled',
        jobId: 'A_INV',
        call: 'finalize',
        batch: {
          element: 'batchProcess',
          id: '4',
          jobId: 'A_INV',
          status: 'Success',
          operation: null,
          subOperation: null,
          successCount: 1,
          successMessage: null,
          errorMessage: null,
          failCount: 0,
          uploadUrl: null,
          downloadUrl: null,
          children: [],
        },
      },
      {
        at: '2020-08-31T22:00:09.000Z',
        type: 'discovered',
        batches: [
          {
            jobId: 'A_CUS',
            kind: 'customer',
            parent: null,
            batch: {
              element: 'batchProcess',
              id: '5',
              jobId: 'A_CUS',
              status: 'Queued',
              operation: null,
              subOperation: null,
              successCount: null,
              successMessage: null,
              errorMessage: null,
              failCount: null,
              uploadUrl: null,
              downloadUrl: null,
              children: [],
            },
          },
        ],
      },
      { at: '2020-08-31T22:00:10.000Z', type: 'seen', jobId: 'A_CUS', batch: null },
      { at: '2020-08-31T22:00:11.000Z', type: 'abandoned', jobId: 'A_CUS', id: '5', reason: 'x' },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  ],
  dictionary: [
    '"type":"intent"',
    '"type":"answer"',
    '"type":"seen"',
    '"type":"found"',
    '"type":"discovered"',
    '"type":"adopted"',
    '"type":"settled"',
    '"type":"abandoned"',
    '"call":"create"',
    '"call":"put"',
    '"batch":null',
    '"batches":[]',
    '"children":[{}]',
    '"status":5',
    '"n":2',
    '"kind":"items"',
    'null',
    '{}',
    '[]',
    '0',
    '\n',
    '"__proto__":',
    '"jobId":"A_INV"',
    '"file":null',
    '"parent":{}',
  ],
  run(bytes) {
    const state = expectError(() => replay(bytes, '/journal'), ['CONFLICT']);
    const read = expectError(() => salvage(bytes, '/journal'), ['CONFLICT']);
    if (read) timelineOf(read.lines);
    if (state) nextStep(state, viewLoad(state, {}), { platform: 'linux', env: {} });
  },
};
