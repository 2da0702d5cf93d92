import { shownPhaseOf } from '../batch/account.ts';
import { isFinal } from '../batch/outcome.ts';
import type { BatchView } from '../batch/types.ts';
import type { Context } from '../system/context.ts';
import { batchRows } from './batch-rows.ts';
import { timeOfDay, wholeSeconds } from './format.ts';
import { heartbeat } from './heartbeat.ts';
import { nameOf, phaseWord, spelling } from './status.ts';
import type { Ui } from './ui.ts';
import type { WatchInfo, WatchView } from './watch-info.ts';
import { countsText, isSilent, silenceText, tally } from './watch-words.ts';

/** One line for each change, and a sign of life each minute: what a CI log should hold of a wait of hours. */
export function plainWatch(ui: Ui, context: Context): WatchView {
  const { err, screen } = ui;
  const seen = new Map<string, BatchView>();
  let current: readonly BatchView[] = [];
  let info: WatchInfo | null = null;
  let silent = false;

  const say = (text: string): void => {
    pulse.said();
    screen.line(`${timeOfDay(context.now())} ${text}`);
  };
  // Looks may be further apart than a minute.
  const pulse = heartbeat(context, () => {
    if (!info) return;
    const next = info.nextPollMs === null ? null : info.now + info.nextPollMs - context.now();
    const parts = [tally(current)];
    if (isSilent(info)) parts.push(silenceText(info));
    if (next !== null && next > 0) parts.push(`next look in ${wholeSeconds(next)}`);
    say(`still watching: ${parts.join('; ')}`);
  });

  return {
    update(batches, newInfo) {
      info = newInfo;
      const rows = batchRows(batches, err);
      current = rows.map(({ batch }) => batch);
      if (isSilent(info) !== silent) {
        silent = !silent;
        say(silent ? silenceText(info) : 'the server answers again');
      }
      for (const { batch, key } of rows) {
        const before = seen.get(key);
        seen.set(key, batch);
        const counts = countsText(batch);
        const moved = !before || before.phase !== batch.phase || before.status !== batch.status;
        // Counts that grow while a batch runs are no news for a log; those of the end are.
        if (!moved && !(isFinal(batch.phase) && counts !== countsText(before))) continue;
        const from = before && before.phase !== batch.phase ? `${phaseWord(before.phase)} → ` : '';
        const now = phaseWord(shownPhaseOf(batch)) + spelling(batch, err);
        say(`${nameOf(batch, err)} ${from}${now}${counts === '' ? '' : `, ${counts}`}`);
      }
    },
    stop: pulse.stop,
  };
}
