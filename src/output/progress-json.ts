import type { Context } from '../context.ts';
import type { Listener, LoadEvent } from '../load/events.ts';
import type { Ui } from './ui.ts';

/** Progress events a second, over all uploads together. */
const PER_SECOND = 10;

/** Each event's fields, picked one by one: an event that grows a field does not leak it into scripts unseen. */
function fields(event: LoadEvent): Readonly<Record<string, unknown>> {
  switch (event.event) {
    case 'check.start':
      return { files: event.files };
    case 'check.end':
      return { files: event.files, records: event.records, bytes: event.bytes };
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

/** One JSON event a line, for scripts. Starts and ends always; progress in between at most ten a second. */
export function jsonProgress(ui: Ui, context: Context): Listener {
  // When each running upload was last told of. A share for each, lest the busiest file silence the others.
  const told = new Map<string, number>();
  return (event) => {
    if ('file' in event) {
      const key = `${event.jobId}\n${event.file}`;
      const now = context.now();
      if (event.event === 'upload.progress') {
        const pause = (1000 / PER_SECOND) * Math.max(1, told.size);
        if (now - (told.get(key) ?? -Infinity) < pause) return;
      }
      if (event.event === 'upload.end') told.delete(key);
      else told.set(key, now);
    }
    ui.event(event.event, fields(event));
  };
}
