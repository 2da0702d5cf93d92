import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiled } from './local-server.js';

/** Events in a journal. */
const LENGTHS = [1000, 10_000, 100_000];

/** Journals of loads of item files, each created, sent, and asked about again and again. Same length, same bytes. */
export function files(folder) {
  return Object.fromEntries(
    LENGTHS.map((length) => {
      const path = join(folder, `${length}.jsonl`);
      writeFileSync(path, journalOf(length));
      return [length, path];
    }),
  );
}

export const about = () => `journals of ${LENGTHS.join(', ')} events`;

export const bytes = (files, name) => statSync(files[lengthIn(name)]).size;

const lengthIn = (name) => Number(name.split(' ')[0]);

/** The peer of each length is reading the same lines and making nothing of them. */
export const candidates = Object.fromEntries(
  LENGTHS.flatMap((length) => [
    [
      `${length} events, JSON.parse alone`,
      {
        group: `replay of ${length} events`,
        load: async () => {
          const { readFile } = await import('node:fs/promises');
          return async (files) => {
            const lines = (await readFile(files[length], 'utf8')).split('\n');
            for (const line of lines) if (line !== '') JSON.parse(line);
            return '';
          };
        },
      },
    ],
    [
      `${length} events, ebill`,
      {
        group: `replay of ${length} events`,
        load: async () => {
          const { readJournal } = await compiled('load/replay.js');
          return async (files) => {
            const { batches } = await readJournal(files[length]);
            if (batches.size !== length / EVENTS_A_BATCH) throw new Error(`${batches.size} batches`);
            return '';
          };
        },
      },
    ],
  ]),
);

/** create and put, each with its answer, and the status asked six times. */
const EVENTS_A_BATCH = 10;
const BASE_URL = 'https://ebill.example.com';
const OBJECT = 'https://bucket.s3.example.com/org/in';

function journalOf(length) {
  const lines = [{ ebillJournal: 1, job: 'BENCH', profile: null, baseUrl: BASE_URL, startedAt: timeOf(0) }];
  let n = 0;
  for (let i = 0; i < length / EVENTS_A_BATCH; i++) lines.push(...eventsOf(i));
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');

  function eventsOf(i) {
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
    const batch = (status) => ({
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
    const create = ++n;
    const put = ++n;
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
      ...Array.from({ length: EVENTS_A_BATCH - 4 }, (_, k) => ({
        at,
        type: 'seen',
        jobId,
        batch: batch(k % 2 === 0 ? 'Queued' : 'Running'),
      })),
    ];
  }
}

const timeOf = (seconds) => new Date(Date.UTC(2020, 7, 1) + seconds * 1000).toISOString();
