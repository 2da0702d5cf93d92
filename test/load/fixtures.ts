import type { Batch } from '../../src/batch/types.ts';
import type { SourceFile } from '../../src/load/entries.ts';
import { type BatchState, emptyState, type LoadState } from '../../src/load/state.ts';

/** A batch as the server would tell it. */
export function batch(over: Partial<Batch> = {}): Batch {
  return {
    element: 'batchProcess',
    id: '3',
    jobId: 'AUG_2020_CUS',
    status: 'Draft',
    operation: 'eBill-Import',
    subOperation: 'Customer',
    successCount: 0,
    successMessage: null,
    errorMessage: null,
    failCount: 0,
    uploadUrl: null,
    downloadUrl: null,
    children: [],
    ...over,
  };
}

export function source(name = 'cus.csv', content = 'a', records = 10): SourceFile {
  const hash = Buffer.from(content).toString('hex');
  return {
    path: `/data/${name}`,
    name,
    bytes: 100,
    records,
    sha256: hash.padEnd(64, '0'),
    md5: hash.padEnd(32, '0'),
  };
}

/** A batch as the journal would tell it. */
export function known(over: Partial<BatchState> = {}): BatchState {
  return {
    jobId: 'AUG_2020_CUS',
    kind: 'customer',
    id: null,
    file: source(),
    parent: null,
    init: null,
    created: 'no',
    uploaded: 'no',
    finalized: 'no',
    doubts: {},
    createStatus: null,
    finalizedAt: null,
    foundElsewhere: false,
    unclaimed: false,
    object: null,
    seen: null,
    changedAt: null,
    abandoned: false,
    missing: false,
    leftOut: false,
    blocked: false,
    call: null,
    results: [],
    origin: { again: false, restart: false },
    ...over,
  };
}

/** Where next commands are typed. */
export const LINUX = { platform: 'linux', env: {} } as const;

export const HEADER = {
  ebillJournal: 1,
  job: 'AUG_2020',
  profile: null,
  baseUrl: 'http://127.0.0.1:8480',
  startedAt: '2020-08-31T22:00:00.000Z',
};

export function load(...batches: readonly BatchState[]): LoadState {
  return { ...emptyState(HEADER), batches: new Map(batches.map((one) => [one.jobId, one])) };
}
