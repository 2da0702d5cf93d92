import type { Listener, LoadEvent } from '../load/events.ts';
import type { Context } from '../system/context.ts';
import { oneLine } from '../system/escaping.ts';
import { bytes, counted, rate, timeOfDay, wholeSeconds } from './format.ts';
import { heartbeat } from './heartbeat.ts';
import { Activity, type Doing } from './progress-doing.ts';
import { about, checkedText, partOf, retryText, uploadedText } from './progress-words.ts';
import type { Ui } from './ui.ts';

/** A wait is worth a line in a log only when it lasts: what it was for comes as a step at its end. */
const LONG_WAIT_MS = 3000;

/**
 * One plain line for each step, for pipes and CI: nothing moves, nothing is drawn over (cli.md, "Output"). A sign of life
 * each minute while something goes on that tells of nothing else.
 */
export function plainProgress(ui: Ui, context: Context): { readonly listener: Listener; stop(): void } {
  const { err } = ui;
  const waits: NodeJS.Timeout[] = [];
  const activity = new Activity();
  const words = (text: string): string => err.clean(oneLine(text));
  const pulse = heartbeat(context, () => {
    const now = context.now();
    const doing = activity.now(now);
    if (doing !== null) line(`${timeOfDay(now)} still ${doingText(doing, words)}`);
  });
  const line = (text: string): void => {
    pulse.said();
    ui.screen.line(text);
  };
  const listener: Listener = (event) => {
    activity.note(event, context.now());
    switch (event.event) {
      case 'check.start':
        return line(`checking ${counted(event.files, 'file', 'files')}`);
      case 'check.end':
        return line(checkedText(event));
      case 'step':
        return line(words(about(event)));
      case 'warning':
        pulse.said();
        return ui.warn(about(event));
      case 'retry':
        return line(retryText(event, err));
      case 'upload.start':
        return line(`uploading ${words(event.file)} as ${words(event.jobId)} (${bytes(event.total)})`);
      case 'upload.end':
        return line(uploadedText(event, err));
      case 'wait.start':
        waits.push(setTimeout(() => line(words(event.message)), LONG_WAIT_MS).unref());
        return;
      case 'wait.end':
        // They overlap, and an end does not say whose it is: the oldest's, most likely.
        return clearTimeout(waits.shift());
      case 'upload.progress':
      case 'check.progress':
      case 'wait.progress':
        return;
      case 'stage.start':
        // The check has lines of its own.
        return event.stage === 'check' ? undefined : line(`${event.stage}: begins`);
      case 'stage.end':
        return event.stage === 'check' ? undefined : line(stageText(event));
    }
  };
  const stop = (): void => {
    pulse.stop();
    for (const wait of waits.splice(0)) clearTimeout(wait);
  };
  return { listener, stop };
}

/** `uploading big.csv: 1.2 of 4 GB, 12 MB/s, 3 m 10 s left`; of several files the sum. */
function doingText(doing: Doing, words: (text: string) => string): string {
  switch (doing.what) {
    case 'uploading': {
      const { files, bytes: sent, total, rate: speed } = doing;
      const what = files.length === 1 ? words(files[0] ?? '') : counted(files.length, 'file', 'files');
      const left = total - sent;
      const parts = [partOf(sent, total)];
      if (left === 0) parts.push('waiting for the answer');
      else if (speed !== null)
        parts.push(
          ...(speed < 1 ? ['stalled'] : [rate(speed), `${wholeSeconds((left / speed) * 1000)} left`]),
        );
      return `uploading ${what}: ${parts.join(', ')}`;
    }
    case 'checking':
      return `checking ${counted(doing.files, 'file', 'files')}`;
    case 'waiting':
      return `waiting, ${wholeSeconds(doing.ms)}: ${words(doing.message)}`;
    case 'stage':
      return `at ${doing.stage}`;
  }
}

/** `customers: done`, `init: skipped, not in the plan`. */
function stageText({ stage, outcome, message }: Extract<LoadEvent, { event: 'stage.end' }>): string {
  return `${stage}: ${outcome}${message === null ? '' : `, ${message}`}`;
}
