import type { Listener, LoadEvent } from '../load/events.ts';
import type { Context } from '../system/context.ts';
import { heartbeat } from './heartbeat.ts';
import { Activity, type Doing } from './progress-doing.ts';
import type { Ui } from './ui.ts';

/** Progress events a second, over all uploads together. */
const PER_SECOND = 10;

/** Each event's fields, picked one by one: an event that grows a field does not leak it into scripts unseen. */
function fields(event: LoadEvent): Readonly<Record<string, unknown>> {
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
      return {
        jobId: event.jobId,
        message: event.message,
        attempt: event.attempt,
        waitMs: event.waitMs,
      };
    case 'upload.start':
      return { jobId: event.jobId, file: event.file, bytes: 0, total: event.total };
    case 'upload.progress':
      return { jobId: event.jobId, file: event.file, bytes: event.bytes, total: event.total };
    case 'upload.end':
      return {
        jobId: event.jobId,
        file: event.file,
        bytes: event.bytes,
        total: event.total,
        ms: event.ms,
        ok: event.ok,
      };
    case 'wait.start':
      return { message: event.message };
    case 'wait.end':
      return {};
    case 'stage.start':
      return { stage: event.stage };
    case 'stage.end':
      return { stage: event.stage, outcome: event.outcome, message: event.message };
  }
}

/** A sign of life; each field picked one by one too. */
function doingFields(doing: Doing): Readonly<Record<string, unknown>> {
  switch (doing.what) {
    case 'uploading':
      return { doing: doing.what, files: doing.files.length, bytes: doing.bytes, total: doing.total };
    case 'checking':
      return { doing: doing.what, files: doing.files };
    case 'waiting':
      return { doing: doing.what, message: doing.message };
    case 'stage':
      return { doing: doing.what, stage: doing.stage };
  }
}

/**
 * One JSON event a line, for scripts. Starts and ends always; progress in between at most ten a second; `heartbeat` when
 * there was none for a minute while something goes on.
 */
export function jsonProgress(ui: Ui, context: Context): { readonly listener: Listener; stop(): void } {
  // When each running upload was last told of. A share for each, lest the busiest file silence the others.
  const told = new Map<string, number>();
  const activity = new Activity();
  const pulse = heartbeat(context, () => {
    const doing = activity.now(context.now());
    if (doing !== null) say('heartbeat', doingFields(doing));
  });
  const say = (event: string, values: Readonly<Record<string, unknown>>): void => {
    pulse.said();
    ui.event(event, values);
  };
  const listener: Listener = (event) => {
    const now = context.now();
    activity.note(event, now);
    if ('file' in event) {
      const key = `${event.jobId}\n${event.file}`;
      if (event.event === 'upload.progress') {
        const pause = (1000 / PER_SECOND) * Math.max(1, told.size);
        if (now - (told.get(key) ?? -Infinity) < pause) return;
      }
      if (event.event === 'upload.end') told.delete(key);
      else told.set(key, now);
    }
    say(event.event, fields(event));
  };
  return { listener, stop: pulse.stop };
}
