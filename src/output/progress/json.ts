import type { BatchView } from '../../batch/types.ts';
import type { LoadEvent } from '../../load/events.ts';
import { untilNextPoll } from './messages.ts';
import type { Activity, RenderContext, Renderer, Watch } from './model.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Progress events a second, all uploads together. */
const PER_SECOND = 10;

/**
 * For scripts: one JSON event a line. Starts and ends always; upload progress at most ten times a second; each change of a batch;
 * `heartbeat` or `watch.waiting` when nothing was written for a minute. The schema is `EVENT_SCHEMA`.
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
      const fields = fieldsOf(event);
      if (fields !== null) write(event.event, fields);
    },
    heartbeat() {
      const now = context.now();
      const activity = model.activity(now);
      if (activity !== null) write('heartbeat', activityFields(activity));
      else if (model.watch !== null) write('watch.waiting', { nextPollMs: untilNextPoll(model.watch, now) });
    },
  };
}

/** The fields of an event, picked one by one: a field added to an event does not reach scripts unnoticed. `null`: not written. */
function fieldsOf(event: LoadEvent): Fields | null {
  switch (event.event) {
    case 'check.start':
      return { files: event.files };
    case 'check.end':
      return { files: event.files, records: event.records, bytes: event.bytes, bad: event.bad };
    case 'check.progress':
    case 'wait.progress':
      return { bytes: event.bytes, total: event.total };
    case 'step':
    case 'warning':
      return { jobId: event.jobId, message: event.message };
    case 'retry':
      return { jobId: event.jobId, message: event.message, attempt: event.attempt, waitMs: event.waitMs };
    case 'upload.start':
      return { jobId: event.jobId, file: event.file, bytes: 0, total: event.total };
    case 'upload.progress':
      return { jobId: event.jobId, file: event.file, bytes: event.bytes, total: event.total };
    case 'upload.end': {
      const { jobId, file, bytes, total, ms, ok } = event;
      return { jobId, file, bytes, total, ms, ok };
    }
    case 'wait.start':
      return { message: event.message };
    case 'wait.end':
      return {};
    case 'stage.start':
      return { stage: event.stage };
    case 'stage.end':
      return { stage: event.stage, outcome: event.outcome, message: event.message };
    case 'run.start':
    case 'plan':
    case 'watch.start':
    case 'poll':
    case 'watch.end':
      return null;
  }
}

function activityFields(activity: Activity): Fields {
  const { doing } = activity;
  switch (doing) {
    case 'uploading':
      return { doing, files: activity.files.length, bytes: activity.bytes, total: activity.total };
    case 'checking':
      return { doing, files: activity.files };
    case 'waiting':
      return { doing, message: activity.message };
    case 'stage':
      return { doing, stage: activity.stage };
  }
}

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

function batchFields(batch: BatchView): Fields {
  const { id, jobId, kind, status, phase, outcome, recordsSent, successCount, failCount } = batch;
  return { jobId, id, kind, status, phase, outcome, recordsSent, successCount, failCount };
}
