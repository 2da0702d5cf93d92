import { isBad } from '../../batch/account.ts';
import { isFinal } from '../../batch/outcome.ts';
import type { LoadEvent } from '../../load/events.ts';
import { oneLine } from '../../system/escaping.ts';
import { countsText, leftWord, nameOf, phaseWord, spelling, tally } from '../batch-text.ts';
import { bytes, counted, rate, timeOfDay, wholeSeconds } from '../format.ts';
import type { Theme } from '../theme.ts';
import {
  ANSWERING,
  bytesLeftText,
  bytesOf,
  checkedText,
  retryText,
  silenceText,
  untilNextPoll,
  uploadedText,
  withJobId,
} from './messages.ts';
import type { Activity, RenderContext, Renderer, Watch, WatchedBatch } from './model.ts';

/** ms. A shorter wait gets no line in a log: the step that ends it is logged. */
const LONG_WAIT_MS = 3000;

/** For pipes and CI: one plain line for each step and each change of a batch, nothing that moves. */
export function plainRenderer({ ui, context, model, heard }: RenderContext): Renderer {
  const { err, screen } = ui;
  const waits: NodeJS.Timeout[] = [];
  const clean = (text: string): string => err.clean(oneLine(text));
  const line = (text: string): void => {
    heard();
    screen.line(text);
  };
  /** The stage whose lines a CI log folds. A stage that ends early leaves it to the next, or to the end. */
  let group: string | null = null;
  const closeGroup = (): void => {
    if (group !== null && ui.runner !== null) screen.line(ui.runner.groupEnd(group, context.now()));
    group = null;
  };
  const openGroup = (stage: string): void => {
    closeGroup();
    if (ui.runner !== null) screen.line(ui.runner.groupStart(`ebill ${stage}`, context.now()));
    group = `ebill ${stage}`;
  };
  /** What was said of final batches: each wait of a run sees those of the earlier ones again. */
  const said = new Set<string>();
  const timed = (text: string): void => line(`${timeOfDay(context.now())} ${text}`);
  return {
    event(event) {
      switch (event.event) {
        case 'check.start':
          return line(`checking ${counted(event.files, 'file', 'files')}`);
        case 'check.end':
          return line(checkedText(event));
        case 'step':
          return line(clean(withJobId(event)));
        case 'warning':
          heard();
          return ui.warn(withJobId(event), event.hint);
        case 'retry':
          return line(retryText(event, err));
        case 'upload.start':
          return line(`uploading ${clean(event.file)} as ${clean(event.jobId)} (${bytes(event.total)})`);
        case 'upload.end':
          return line(uploadedText(event, err));
        case 'wait.start':
          waits.push(setTimeout(() => line(clean(event.message)), LONG_WAIT_MS).unref());
          return;
        case 'wait.end':
          // Waits overlap, and an end does not say which one ended: most likely the oldest.
          return clearTimeout(waits.shift());
        case 'stage.start':
          openGroup(event.stage);
          // The check prints its own lines.
          return event.stage === 'check' ? undefined : line(`${event.stage}: started`);
        case 'stage.end':
          closeGroup();
          return event.stage === 'check' ? undefined : line(stageText(event));
        case 'poll':
          for (const text of model.watch === null ? [] : changes(model.watch, err, said)) timed(text);
          return;
        default:
          return;
      }
    },
    heartbeat() {
      const now = context.now();
      const activity = model.activity(now);
      if (activity !== null) timed(`still ${activityText(activity, clean)}`);
      else if (model.watch !== null) timed(`still watching: ${watchText(model.watch, now)}`);
    },
    stop() {
      closeGroup();
      for (const wait of waits.splice(0)) clearTimeout(wait);
    },
  };
}

/** `uploading big.csv: 1.2 of 4 GB, 12 MB/s, 3 m 10 s left`; the sum of several files. */
function activityText(activity: Activity, clean: (text: string) => string): string {
  switch (activity.doing) {
    case 'uploading': {
      const { files, bytes: done, total, rate: speed } = activity;
      const what = files.length === 1 ? clean(files[0] ?? '') : counted(files.length, 'file', 'files');
      const parts = [done === total ? `${bytes(total)} sent` : bytesOf(done, total)];
      if (done === total) parts.push('waiting for the answer');
      else if (speed !== null)
        parts.push(...(speed < 1 ? ['stalled'] : [rate(speed), bytesLeftText(total - done, speed)]));
      return `uploading ${what}: ${parts.join(', ')}`;
    }
    case 'checking': {
      const { files, bytes: done, total, rate: speed } = activity;
      const parts = total === null ? [] : [bytesOf(done, total)];
      if (total !== null && speed !== null && done < total)
        parts.push(...(speed < 1 ? ['stalled'] : [rate(speed), bytesLeftText(total - done, speed)]));
      const what = `checking ${counted(files, 'file', 'files')}`;
      return parts.length === 0 ? what : `${what}: ${parts.join(', ')}`;
    }
    case 'waiting':
      return `waiting, ${wholeSeconds(activity.ms)}: ${clean(activity.message)}`;
    case 'stage':
      return `in stage ${activity.stage}`;
  }
}

/** `customers: done`, `init: skipped, not in the plan`. */
function stageText({ stage, outcome, message }: Extract<LoadEvent, { event: 'stage.end' }>): string {
  return `${stage}: ${outcome}${message === null ? '' : `, ${message}`}`;
}

/** `2 running, 1 queued; next poll in 20 s`. */
function watchText(watch: Watch, now: number): string {
  const next = untilNextPoll(watch, now);
  return [
    tally(watch.batches.map(({ batch }) => batch)),
    ...(watch.silent ? [silenceText(watch)] : []),
    ...(next === null || next === 0 ? [] : [`next poll in ${wholeSeconds(next)}`]),
  ].join('; ');
}

/** What the last poll changed, a line for each batch. @param said the lines about final batches so far; added to */
function changes(watch: Watch, theme: Theme, said: Set<string>): readonly string[] {
  const lines = watch.silenceChanged ? [watch.silent ? silenceText(watch) : ANSWERING] : [];
  const changed = watch.batches.filter(hasChanged);
  const own = changed.length > MOST_CHANGES ? changed.filter(isNotable).slice(0, MOST_CHANGES) : changed;
  for (const one of own) {
    const text = changeText(one, theme);
    if (one.before === null && said.has(text)) continue;
    if (isFinal(one.batch.phase)) said.add(text);
    lines.push(text);
  }
  const named = new Set(own);
  const groups = new Map<string, number>();
  for (const one of changed) {
    if (named.has(one)) continue;
    const text = fromText(one) + (leftWord(one.batch) ?? phaseWord(one.batch.phase));
    groups.set(text, (groups.get(text) ?? 0) + 1);
  }
  for (const [text, number] of groups) lines.push(`${counted(number, 'batch', 'batches')} ${text}`);
  return lines;
}

/** More changes in one poll are counted by state; bad batches, and those of no other batch, are still named. */
const MOST_CHANGES = 100;
const isNotable = ({ batch, branch }: WatchedBatch): boolean => branch === '' || isBad(batch);

function hasChanged({ batch, before }: WatchedBatch): boolean {
  if (before === null || before.phase !== batch.phase || before.status !== batch.status) return true;
  // Counts that grow while a batch is running are no news for a log; the final ones are.
  return isFinal(batch.phase) && countsText(batch) !== countsText(before);
}

const fromText = ({ batch, before }: WatchedBatch): string =>
  before !== null && before.phase !== batch.phase ? `${phaseWord(before.phase)} → ` : '';

/** `AUG_2020_INV running → partial (Success), 20,373 loaded, 2 rejected`. */
function changeText(one: WatchedBatch, theme: Theme): string {
  const { batch } = one;
  const counts = countsText(batch);
  const status = (leftWord(batch) ?? phaseWord(batch.phase)) + spelling(batch, theme);
  return `${nameOf(batch, theme)} ${fromText(one)}${status}${counts === '' ? '' : `, ${counts}`}`;
}
