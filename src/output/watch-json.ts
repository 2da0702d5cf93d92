import type { BatchView } from '../batch/types.ts';
import type { Context } from '../system/context.ts';
import { batchRows } from './batch-rows.ts';
import { heartbeat } from './heartbeat.ts';
import { plainTheme } from './theme.ts';
import type { Ui } from './ui.ts';
import type { WatchInfo, WatchView } from './watch-info.ts';
import { isSilent } from './watch-words.ts';

function fields(batch: BatchView): Readonly<Record<string, unknown>> {
  const { id, jobId, kind, status, phase, outcome, recordsSent, successCount, failCount } = batch;
  return { jobId, id, kind, status, phase, outcome, recordsSent, successCount, failCount };
}

/** One event for each change; `watch.silent` and `watch.answer` around failing looks; `watch.waiting` as a sign of life. */
export function jsonWatch(ui: Ui, context: Context): WatchView {
  const seen = new Map<string, string>();
  let silent = false;
  let info: WatchInfo | null = null;
  const say = (event: string, values: Readonly<Record<string, unknown>>): void => {
    pulse.said();
    ui.event(event, values);
  };
  // Looks may be further apart than a minute.
  const pulse = heartbeat(context, () => {
    if (info !== null) say('watch.waiting', { nextPollMs: leftOf(info, context.now()) });
  });
  return {
    update(batches, newInfo) {
      info = newInfo;
      if (isSilent(info) !== silent) {
        silent = !silent;
        const at = info.lastAnswerAt === null ? null : new Date(info.lastAnswerAt).toISOString();
        if (silent) say('watch.silent', { lastAnswerAt: at });
        else say('watch.answer', { lastAnswerAt: at });
      }
      // The look only names rows here; keys are compared, not shown.
      for (const { batch, key } of batchRows(batches, plainTheme())) {
        const state = JSON.stringify(fields(batch));
        if (seen.get(key) === state) continue;
        seen.set(key, state);
        say('batch.change', fields(batch));
      }
    },
    stop: pulse.stop,
  };
}

/** ms until the next look, from now. */
const leftOf = ({ now: at, nextPollMs }: WatchInfo, now: number): number | null =>
  nextPollMs === null ? null : Math.max(0, at + nextPollMs - now);
