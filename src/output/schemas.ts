import { KINDS, PHASES } from '../batch/types.ts';
import { EXIT_CODES } from '../errors.ts';
import type { LoadEvent } from '../load/events.ts';

export const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const countOrNull = { type: ['integer', 'null'] } as const;

const BATCH = {
  type: 'object',
  description:
    'One batch. Present only as picked under --fields; uploadUrl and downloadUrl only under --show-urls.',
  required: ['children'],
  properties: {
    id: textOrNull,
    jobId: textOrNull,
    kind: { enum: KINDS },
    file: { ...textOrNull, description: 'Base name of the file sent.' },
    status: { ...textOrNull, description: 'As the server spelled it.' },
    phase: { enum: PHASES, description: 'Its own.' },
    outcome: { enum: PHASES, description: 'The worst of itself and its children.' },
    operation: textOrNull,
    subOperation: textOrNull,
    recordsSent: countOrNull,
    successCount: countOrNull,
    failCount: countOrNull,
    successMessage: textOrNull,
    errorMessage: textOrNull,
    uploadUrl: textOrNull,
    downloadUrl: textOrNull,
    children: { type: 'array', items: { $ref: '#/definitions/batch' } },
  },
} as const;

const FINDING = {
  type: 'object',
  required: ['severity', 'code', 'line', 'column', 'message', 'hint'],
  properties: {
    severity: { enum: ['error', 'warning'] },
    code: text,
    line: countOrNull,
    column: countOrNull,
    message: text,
    hint: text,
  },
} as const;

const list = (required: readonly string[], properties: Readonly<Record<string, object>>) => ({
  type: 'array',
  items: { type: 'object', required, properties },
});

/**
 * The document of `--json` (commands rule 23). Fields may be added, never renamed: other keys are allowed, those named here
 * keep their types.
 */
export const DOCUMENT_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'The document of ebill --json',
  type: 'object',
  required: ['command', 'profile', 'job', 'outcome', 'exitCode', 'batches', 'error'],
  properties: {
    command: { ...text, description: 'The whole name, such as "upload invoice".' },
    profile: textOrNull,
    job: textOrNull,
    outcome: { enum: [...PHASES, null] },
    exitCode: { type: 'integer', minimum: 0 },
    batches: { type: 'array', items: { $ref: '#/definitions/batch' } },
    error: {
      description: 'null exactly when exitCode is 0.',
      oneOf: [
        { type: 'null' },
        {
          type: 'object',
          required: ['code', 'message', 'hint'],
          properties: {
            code: {
              enum: Object.keys(EXIT_CODES),
            },
            message: text,
            hint: text,
          },
        },
      ],
    },
    requests: list(['method', 'url', 'body'], { method: text, url: text, body: textOrNull }),
    files: list(['file', 'kind', 'records', 'bytes', 'sha256', 'findings'], {
      file: text,
      kind: { enum: ['customer', 'invoice', 'items'] },
      records: countOrNull,
      bytes: countOrNull,
      sha256: textOrNull,
      findings: { type: 'array', items: FINDING },
    }),
    loads: list(['job', 'profile', 'startedAt', 'updatedAt', 'outcome'], {
      job: text,
      profile: textOrNull,
      startedAt: textOrNull,
      updatedAt: textOrNull,
      outcome: { enum: [...PHASES, null] },
    }),
    results: list(['jobId', 'path', 'rows', 'rejects'], {
      jobId: textOrNull,
      path: text,
      rows: countOrNull,
      rejects: { type: ['string', 'integer', 'null'] },
    }),
    checks: list(['name', 'state', 'message', 'hint'], {
      name: text,
      state: { enum: ['ok', 'warning', 'problem', 'skipped'] },
      message: text,
      hint: text,
    }),
  },
  if: { properties: { exitCode: { const: 0 } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
  then: { properties: { error: { type: 'null' } } },
  else: { properties: { error: { type: 'object' } } },
  definitions: { batch: BATCH },
};

type Type = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, Type>>;

const number: Type = { type: 'integer', minimum: 0 };
const numberOrNull: Type = { type: ['integer', 'null'], minimum: 0 };
const flag: Type = { type: 'boolean' };
const stage: Type = { enum: ['check', 'init', 'customers', 'invoices', 'results', 'report'] };
const message = { jobId: textOrNull, message: text };
const upload = { jobId: text, file: text, bytes: number, total: number };

/** Events that the renderers and `Ui` write besides those of the load. */
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

/** Each event with its fields. `bytes` and `total` are bytes, `ms` and names that end in `Ms` milliseconds. */
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

/** The fields of a heartbeat depend on what is going on. */
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
