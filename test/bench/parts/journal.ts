import { statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Functions, Work } from '../inside.ts';

/** Events in a journal. */
const LENGTHS = [1000, 10_000, 100_000];
/** Batches of two journals to compare with each other. */
const [FEW, MANY] = [500, 5000];
/** Create and PUT, each with its answer, and the status asked six times. */
const EVENTS_PER_BATCH = 10;

/** Length → path. */
type Journals = Readonly<Record<number, string>>;

/** Replay against parsing the same lines and dropping the result. */
export const functions: Functions<Journals> = {
  files: async (folder) =>
    Object.fromEntries(
      [...LENGTHS, FEW * EVENTS_PER_BATCH, MANY * EVENTS_PER_BATCH].map((length) => {
        const path = join(folder, `${length}.jsonl`);
        writeFileSync(path, journalOf(length));
        return [length, path];
      }),
    ),
  about: () => `journals of ${LENGTHS.join(', ')} events`,
  bytes: (files, name) => statSync(pathIn(files, Number(name.split(' ')[0]))).size,
  candidates: Object.fromEntries([
    ...[FEW, MANY].map((count): [string, Work<Journals>] => [
      `${count * EVENTS_PER_BATCH} events of ${count} batches`,
      {
        group: 'replay of a journal',
        load: () => replay(count * EVENTS_PER_BATCH),
        // A tenth more than linear growth.
        ...(count === MANY ? { goal: { atMost: (1.1 * MANY) / FEW } } : {}),
      },
    ]),
    ...LENGTHS.flatMap((length): [string, Work<Journals>][] => {
      const group = `replay of ${length} events`;
      return [
        [`${length} events, JSON.parse alone`, { group, load: async () => (files) => parse(files, length) }],
        [`${length} events, ebill`, { group, load: () => replay(length) }],
      ];
    }),
  ]),
};

/** Loaded late: the peer's memory is without it. */
async function replay(length: number): Promise<(files: Journals) => Promise<string>> {
  const { readJournal } = await import('../../../src/load/journal.ts');
  return async (files) => {
    const batches = (await readJournal(pathIn(files, length)))?.batches.size;
    if (batches !== length / EVENTS_PER_BATCH) throw new Error(`${batches} batches`);
    return '';
  };
}

const pathIn = (files: Journals, length: number): string => files[length] ?? '';

async function parse(files: Journals, length: number): Promise<string> {
  const lines = (await readFile(pathIn(files, length), 'utf8')).split('\n');
  for (const line of lines) if (line !== '') JSON.parse(line);
  return '';
}

const BASE_URL = 'https://ebill.example.com';
const OBJECT = 'https://bucket.s3.example.com/org/in';

/** A load of item files, each created, sent, and asked about repeatedly. The same length gives the same bytes. */
function journalOf(length: number): string {
  const head = { ebillJournal: 1, job: 'BENCH', profile: null, baseUrl: BASE_URL, startedAt: timeOf(0) };
  const batches = Array.from({ length: length / EVENTS_PER_BATCH }, (_, i) => eventsOf(i));
  return [head, ...batches.flat()].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function eventsOf(i: number): object[] {
  const jobId = `BENCH_ITM_${i + 1}`;
  const file = {
    path: `/data/itm_${i + 1}.csv`,
    name: `itm_${i + 1}.csv`,
    bytes: 1000,
    records: 10,
    sha256: String(i).padStart(64, '0'),
    md5: String(i).padStart(32, '0'),
    amount: null,
  };
  const parent = { id: '1', jobId: 'BENCH_INV' };
  const at = timeOf(i);
  const object = `${OBJECT}/${file.name}`;
  const batch = (status: string): object => ({
    element: 'batchProcess',
    id: String(i + 2),
    jobId,
    status,
    operation: 'eBill-Import',
    subOperation: 'Invoice Line Item',
    successCount: null,
    successMessage: null,
    errorMessage: null,
    failCount: null,
    uploadUrl: null,
    downloadUrl: null,
    children: [],
  });
  const create = 2 * i + 1;
  const put = create + 1;
  return [
    { at, type: 'intent', n: create, call: 'create', jobId, kind: 'items', file, parent },
    {
      at,
      type: 'answer',
      n: create,
      outcome: 'answered',
      batch: batch('Draft'),
      upload: { object, expiresAt: 0 },
    },
    { at, type: 'intent', n: put, call: 'put', jobId, object, bytes: file.bytes },
    { at, type: 'answer', n: put, outcome: 'answered' },
    ...Array.from({ length: EVENTS_PER_BATCH - 4 }, (_, k) => ({
      at,
      type: 'seen',
      jobId,
      batch: batch(k % 2 === 0 ? 'Queued' : 'Running'),
    })),
  ];
}

const timeOf = (seconds: number): string => new Date(Date.UTC(2020, 7, 1) + seconds * 1000).toISOString();
