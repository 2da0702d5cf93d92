import { KINDS, PHASES } from '../batch/types.ts';
import type { LoadEvent } from '../load/events.ts';

type Type = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, Type>>;

const text: Type = { type: 'string' };
const textOrNull: Type = { type: ['string', 'null'] };
const number: Type = { type: 'integer', minimum: 0 };
const numberOrNull: Type = { type: ['integer', 'null'], minimum: 0 };
const flag: Type = { type: 'boolean' };
const stage: Type = { enum: ['check', 'init', 'customers', 'invoices', 'results', 'report'] };
const message = { jobId: textOrNull, message: text };
const upload = { jobId: text, file: text, bytes: number, total: number };

/** What the views of a load and of a watch, and every command's end, tell besides the load itself. */
type OtherEvent =
  | 'heartbeat'
  | 'batch.change'
  | 'watch.silent'
  | 'watch.answer'
  | 'watch.waiting'
  | 'note'
  | 'error';

/** Events that only draw; what they change is written as `batch.change` and `watch.…`. */
type UnwrittenEvent = 'run.start' | 'plan' | 'watch.start' | 'poll' | 'watch.end';

/** Each event with all its fields; `bytes` and `total` are bytes, `ms` and what ends in `Ms` milliseconds. */
const EVENTS = {
  'check.start': { files: number },
  'check.progress': { bytes: number, total: number },
  'check.end': { files: number, records: number, bytes: number, bad: number },
  step: message,
  warning: message,
  retry: { ...message, attempt: number, waitMs: { type: 'number', minimum: 0 } },
  'upload.start': upload,
  'upload.progress': upload,
  'upload.end': { ...upload, ms: { type: 'number', minimum: 0 }, ok: flag },
  'wait.start': { message: text },
  'wait.progress': { bytes: number, total: numberOrNull },
  'wait.end': {},
  'stage.start': { stage },
  'stage.end': { stage, outcome: { enum: ['done', 'skipped', 'stopped'] }, message: textOrNull },
  'batch.change': {
    jobId: textOrNull,
    id: textOrNull,
    kind: { enum: KINDS },
    status: textOrNull,
    phase: { enum: PHASES },
    outcome: { enum: PHASES },
    recordsSent: numberOrNull,
    successCount: numberOrNull,
    failCount: numberOrNull,
  },
  'watch.silent': { lastAnswerAt: textOrNull },
  'watch.answer': { lastAnswerAt: textOrNull },
  'watch.waiting': { nextPollMs: { type: ['number', 'null'], minimum: 0 } },
  note: { message: text },
  error: { code: text, message: text, hint: text },
} as const satisfies Readonly<
  Record<Exclude<LoadEvent['event'], UnwrittenEvent> | Exclude<OtherEvent, 'heartbeat'>, Fields>
>;

/** A sign of life says what goes on: its fields differ with that. */
const HEARTBEATS: readonly Fields[] = [
  { doing: { const: 'uploading' }, files: number, bytes: number, total: number },
  { doing: { const: 'checking' }, files: number },
  { doing: { const: 'waiting' }, message: text },
  { doing: { const: 'stage' }, stage },
];

const line = (event: string, fields: Fields) => ({
  type: 'object',
  required: ['time', 'event', ...Object.keys(fields)],
  properties: { time: { type: 'string', description: 'ISO 8601.' }, event: { const: event }, ...fields },
});

/** One line of `--progress json` on stderr. Events and fields may be added, never renamed. */
export const EVENT_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A line of ebill --progress json',
  oneOf: [
    ...Object.entries(EVENTS).map(([event, fields]) => line(event, fields)),
    ...HEARTBEATS.map((fields) => line('heartbeat', fields)),
  ],
};
