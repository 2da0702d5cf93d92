import type { Context } from '../context.ts';
import type { Listener, LoadEvent } from '../load/events.ts';
import { oneLine } from '../visible.ts';
import { bytes, counted, timeOfDay } from './human.ts';
import { about, checkedText, retryText, uploadedText } from './progress-words.ts';
import type { Ui } from './ui.ts';

/** A wait is worth a line in a log only when it lasts: what it was for comes as a step at its end. */
const LONG_WAIT_MS = 3000;

/** A CI runner that hears nothing for minutes gives up on a job. */
const HEARTBEAT_MS = 60_000;

interface Sending {
  readonly bytes: number;
  readonly total: number;
}

/**
 * One plain line for each step, for pipes and CI: nothing moves, nothing is drawn over (cli.md, "Output"). A sign of life
 * each minute while files are checked or sent.
 */
export function plainProgress(ui: Ui, context: Context): { readonly listener: Listener; stop(): void } {
  const { err } = ui;
  const waits: NodeJS.Timeout[] = [];
  const sending = new Map<string, Sending>();
  let checking = 0;
  let lastLine = context.now();
  const words = (text: string): string => err.clean(oneLine(text));
  const screen = {
    line(text: string): void {
      lastLine = context.now();
      ui.screen.line(text);
    },
  };
  const heartbeat = (): void => {
    if (context.now() - lastLine < HEARTBEAT_MS) return;
    if (sending.size > 0)
      screen.line(`${timeOfDay(context.now())} still uploading ${stillSending(sending, words)}`);
    else if (checking > 0)
      screen.line(`${timeOfDay(context.now())} still checking ${counted(checking, 'file', 'files')}`);
  };
  const ticker = setInterval(heartbeat, 1000);
  ticker.unref();
  const listener: Listener = (event) => {
    switch (event.event) {
      case 'check.start':
        checking = event.files;
        return screen.line(`checking ${counted(event.files, 'file', 'files')}`);
      case 'check.end':
        checking = 0;
        return screen.line(checkedText(event));
      case 'step':
        return screen.line(words(about(event)));
      case 'warning':
        return ui.warn(about(event));
      case 'retry':
        return screen.line(retryText(event, err));
      case 'upload.start':
        sending.set(event.file, { bytes: 0, total: event.total });
        return screen.line(`uploading ${words(event.file)} as ${words(event.jobId)} (${bytes(event.total)})`);
      case 'upload.end':
        sending.delete(event.file);
        return screen.line(uploadedText(event, err));
      case 'wait.start':
        waits.push(setTimeout(() => screen.line(words(event.message)), LONG_WAIT_MS).unref());
        return;
      case 'wait.end':
        // They overlap, and an end does not say whose it is: the oldest's, most likely.
        return clearTimeout(waits.shift());
      case 'upload.progress':
        sending.set(event.file, event);
        return;
      case 'stage.start':
        // The check has lines of its own.
        return event.stage === 'check' ? undefined : screen.line(`${event.stage}: begins`);
      case 'stage.end':
        return event.stage === 'check' ? undefined : screen.line(stageText(event));
    }
  };
  const stop = (): void => {
    clearInterval(ticker);
    for (const wait of waits.splice(0)) clearTimeout(wait);
  };
  return { listener, stop };
}

/** `big.csv: 1.2 GB of 4 GB`, or how many there are. */
function stillSending(sending: ReadonlyMap<string, Sending>, words: (text: string) => string): string {
  const all = [...sending.values()];
  const sum = (pick: keyof Sending): number => all.reduce((total, one) => total + one[pick], 0);
  const [first = ''] = sending.keys();
  const what = sending.size === 1 ? words(first) : counted(sending.size, 'file', 'files');
  return `${what}: ${bytes(sum('bytes'))} of ${bytes(sum('total'))}`;
}

/** `customers: done`, `init: skipped, not in the plan`. */
function stageText({ stage, outcome, message }: Extract<LoadEvent, { event: 'stage.end' }>): string {
  return `${stage}: ${outcome}${message === null ? '' : `, ${message}`}`;
}
