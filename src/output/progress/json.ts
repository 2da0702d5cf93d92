import { type BatchView, KINDS, PHASES } from '../../batch/types.ts';
import type { LoadEvent } from '../../load/events.ts';
import { COMPARISON_FIELDS } from '../comparison-schema.ts';
import { untilNextPoll } from './messages.ts';
import { type Activity, type RenderContext, type Renderer, STAGES, type Watch } from './model.ts';

type Fields = Readonly<Record<string, unknown>>;

type Type = Fields;
type Schema = Readonly<Record<string, Type>>;

const text: Type = { type: 'string' };
const textOrNull: Type = { type: ['string', 'null'] };
const number: Type = { type: 'integer', minimum: 0 };
const numberOrNull: Type = { type: ['integer', 'null'], minimum: 0 };
const ms: Type = { type: 'number', minimum: 0 };
const STAGE: Type = { enum: STAGES };
const message = { jobId: textOrNull, message: text };
const upload = { jobId: text, file: text, bytes: number, total: number };

/** Events that only draw; what they change is written as `batch.change` and `watch.…`. */
type UnwrittenEvent = 'run.start' | 'plan' | 'watch.start' | 'poll' | 'watch.end';
/** Events that are written besides those of the load. The checks write `finding`, `run` writes `comparison`, and `Ui` the last two. */
type OtherEvent =
  | 'batch.change'
  | 'watch.silent'
  | 'watch.answer'
  | 'watch.waiting'
  | 'finding'
  | 'comparison'
  | 'note'
  | 'error';

/**
 * Each event with its fields; no other field of an event is written. `bytes` and `total` are bytes, `ms` and names that end in
 * `Ms` milliseconds.
 */
const EVENTS = {
  'check.start': { files: number },
  'check.progress': { bytes: number, total: number },
  'check.end': { files: number, records: number, bytes: number, bad: number },
  step: message,
  warning: message,
  retry: { ...message, attempt: number, waitMs: ms },
  'upload.start': upload,
  'upload.progress': upload,
  'upload.end': { ...upload, ms, ok: { type: 'boolean' }, reason: textOrNull },
  'wait.start': { message: text },
  'wait.progress': { bytes: number, total: numberOrNull },
  'wait.end': {},
  'stage.start': { stage: STAGE },
  'stage.end': { stage: STAGE, outcome: { enum: ['done', 'skipped', 'stopped'] }, message: textOrNull },
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
  finding: {
    file: text,
    severity: { enum: ['error', 'warning'] },
    code: text,
    line: numberOrNull,
    column: numberOrNull,
    message: text,
    hint: text,
  },
  comparison: COMPARISON_FIELDS,
  note: { message: text },
  error: { code: text, message: text, hint: text },
} as const satisfies Readonly<Record<Exclude<LoadEvent['event'], UnwrittenEvent> | OtherEvent, Schema>>;

/** The fields of a heartbeat, by what is going on. */
const HEARTBEATS: Readonly<Record<Activity['doing'], Schema>> = {
  uploading: { files: number, bytes: number, total: number },
  checking: { files: number },
  waiting: { message: text },
  stage: { stage: STAGE },
};

/** The JSON schema of a line of `--progress json`. Events and fields may be added, never renamed. */
export function eventSchema() {
  const line = (event: string, fields: Schema) => ({
    type: 'object',
    required: ['time', 'event', ...Object.keys(fields)],
    properties: { time: { type: 'string', description: 'ISO 8601.' }, event: { const: event }, ...fields },
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A line of ebill --progress json',
    oneOf: [
      ...Object.entries(EVENTS).map(([event, fields]) => line(event, fields)),
      ...Object.entries(HEARTBEATS).map(([doing, fields]) =>
        line('heartbeat', { doing: { const: doing }, ...fields }),
      ),
    ],
  };
}

const picked = (schema: Schema, from: object): Fields =>
  Object.fromEntries(Object.keys(schema).map((name) => [name, (from as Fields)[name] ?? null]));

/** Progress events a second, all uploads together. */
const PER_SECOND = 10;

/**
 * For scripts: one JSON event a line. Starts and ends always; upload progress at most ten times a second; each change of a batch;
 * `heartbeat` or `watch.waiting` when nothing was written for a minute.
 */
export function jsonRenderer({ ui, context, model, heard }: RenderContext): Renderer {
  // When each upload was last reported. Each has its own share: the fastest file must not silence the others.
  const reported = new Map<string, number>();
  const write = (event: string, fields: Fields): void => {
    heard();
    ui.event(event, fields);
  };
  const isDue = (event: Extract<LoadEvent, { readonly file: string }>, now: number): boolean => {
    const key = `${event.jobId}\n${event.file}`;
    if (event.event === 'upload.progress') {
      const pause = (1000 / PER_SECOND) * Math.max(1, reported.size);
      if (now - (reported.get(key) ?? -Infinity) < pause) return false;
    }
    if (event.event === 'upload.end') reported.delete(key);
    else reported.set(key, now);
    return true;
  };
  return {
    event(event) {
      if ('file' in event && !isDue(event, context.now())) return;
      if (event.event === 'poll' && model.watch !== null) {
        for (const [name, fields] of changes(model.watch)) write(name, fields);
        return;
      }
      if (event.event in EVENTS)
        write(
          event.event,
          picked(EVENTS[event.event as keyof typeof EVENTS], { bytes: 0, ...written(event) }),
        );
    },
    heartbeat() {
      const now = context.now();
      const activity = model.activity(now);
      if (activity !== null) write('heartbeat', heartbeatOf(activity));
      else if (model.watch !== null) write('watch.waiting', { nextPollMs: untilNextPoll(model.watch, now) });
    },
  };
}

/** A warning with what to do, in one message. */
const written = (event: LoadEvent): LoadEvent =>
  event.event === 'warning' && event.hint ? { ...event, message: `${event.message} ${event.hint}` } : event;

const heartbeatOf = (activity: Activity): Fields => ({
  doing: activity.doing,
  ...picked(
    HEARTBEATS[activity.doing],
    activity.doing === 'uploading' ? { ...activity, files: activity.files.length } : activity,
  ),
});

/** What the last poll changed. */
function changes({ poll, batches, silent, silenceChanged }: Watch): readonly (readonly [string, Fields])[] {
  const at = new Date(silent ? (poll.silentSince ?? poll.now) : poll.now).toISOString();
  const silence = silenceChanged
    ? [[silent ? 'watch.silent' : 'watch.answer', { lastAnswerAt: at }] as const]
    : [];
  const changed = batches.filter(
    ({ batch, before }) =>
      before === null || JSON.stringify(batchFields(batch)) !== JSON.stringify(batchFields(before)),
  );
  return [...silence, ...changed.map(({ batch }) => ['batch.change', batchFields(batch)] as const)];
}

const batchFields = (batch: BatchView): Fields => picked(EVENTS['batch.change'], batch);
