import type { Listener } from '../load/events.ts';
import type { Context } from '../system/context.ts';
import { oneLine } from '../system/escaping.ts';
import { bytes, count, counted, rate, wholeSeconds } from './format.ts';
import { about, checkedText, retryText, uploadedText } from './progress-words.ts';
import { RateMeter } from './rate-meter.ts';
import type { Size } from './screen.ts';
import { createSpinner } from './spinner.ts';
import { hangingIndent, truncateEnd } from './text-layout.ts';
import type { Ui } from './ui.ts';
import { type UploadState, uploadLines } from './upload-line.ts';
import { Waits } from './waits.ts';

/** Bars shown at once: the default concurrency (cli.md, "Upload options"). The rest is counted. */
const BARS = 4;

interface Upload {
  readonly file: string;
  bytes: number;
  total: number;
  readonly meter: RateMeter;
}

/** Finished steps as lines; below them what is going on now: a spinner for waits, bars for uploads. */
export function ttyProgress(ui: Ui, context: Context): { readonly listener: Listener; stop(): void } {
  const { err, screen } = ui;
  const { colors, symbols } = err;
  const waits = new Waits();
  const spinner = createSpinner(err, context.stderr);
  const uploads = new Map<string, Upload>();
  let done = 0;
  let hide: (() => void) | null = null;

  const words = (text: string): string => err.clean(oneLine(text));
  const line = (sign: string, text: string): void => screen.line(hangingIndent(`${sign} `, text, err.width));
  const ok = (text: string): void => line(colors.green(symbols.done), text);
  const busy = (text: string, width: number): string => spinner(truncateEnd(text, width - 2));

  const waitLine = (width: number): string[] => {
    const wait = waits.shown(context.now());
    if (!wait) return [];
    if (wait.measured !== null) {
      const { bytes: done, total, rate: speed } = wait.measured;
      if (total !== null && total > 0)
        return uploadLines([{ file: wait.message, bytes: done, total, rate: speed }], width - 2, err).map(
          spinner,
        );
      const told = [bytes(done), ...(speed === null ? [] : [rate(speed)])].join('  ');
      return [busy(`${truncateEnd(wait.message, width - 4 - told.length)}  ${told}`, width)];
    }
    // A second or two is no news.
    const suffix = wait.ms < 2000 ? '' : `  ${wholeSeconds(wait.ms)}`;
    return [busy(truncateEnd(wait.message, width - 2 - suffix.length) + suffix, width)];
  };

  const bars = (width: number): string[] => {
    if (uploads.size === 0) return [];
    const now = context.now();
    const states: UploadState[] = [...uploads.values()].map(({ file, bytes, total, meter }) => ({
      file,
      bytes,
      total,
      rate: meter.at(now, bytes),
    }));
    const all = states.reduce((sum, state) => sum + (state.rate ?? 0), 0);
    const parts = [`uploading ${counted(uploads.size, 'file', 'files')}`];
    if (done > 0) parts.push(`${count(done)} done`);
    if (uploads.size > 1 && all > 0) parts.push(rate(all));
    const shown = uploadLines(states.slice(0, BARS), width - 2, err).map((line) => `  ${line}`);
    const rest = states.slice(BARS);
    if (rest.length > 0) {
      const left = rest.reduce((sum, state) => sum + state.total - state.bytes, 0);
      shown.push(
        truncateEnd(`  and ${counted(rest.length, 'more file', 'more files')}, ${bytes(left)} to go`, width),
      );
    }
    return [busy(parts.join(', '), width), ...shown];
  };

  const render = ({ columns }: Size): string[] => [...bars(columns - 1), ...waitLine(columns - 1)];
  const update = (): void => {
    const active = waits.any || uploads.size > 0;
    if (active) hide ??= screen.show(render);
    else stop();
  };
  const stop = (): void => {
    waits.clear();
    uploads.clear();
    hide?.();
    hide = null;
  };

  const listener: Listener = (event) => {
    const key = 'file' in event ? `${event.jobId}\n${event.file}` : '';
    switch (event.event) {
      case 'check.start':
        waits.start('check', `checking ${counted(event.files, 'file', 'files')}`, context.now());
        break;
      case 'wait.start':
        waits.start('wait', words(event.message), context.now());
        break;
      case 'check.progress':
        waits.measure('check', event.bytes, event.total, context.now());
        break;
      case 'wait.progress':
        waits.measure('wait', event.bytes, event.total, context.now());
        break;
      case 'check.end':
        waits.end('check');
        if (event.bad === 0) ok(checkedText(event));
        else line(colors.red(symbols.failed), checkedText(event));
        break;
      case 'wait.end':
        waits.end('wait');
        break;
      case 'step':
        ok(words(about(event)));
        break;
      case 'warning':
        ui.warn(about(event));
        break;
      case 'retry':
        line(colors.yellow(symbols.again), retryText(event, err));
        break;
      case 'upload.start': {
        const meter = new RateMeter();
        meter.add(context.now(), 0);
        uploads.set(key, { file: event.file, bytes: 0, total: event.total, meter });
        break;
      }
      case 'upload.progress': {
        const upload = uploads.get(key);
        if (upload) {
          upload.bytes = event.bytes;
          upload.total = event.total;
          upload.meter.add(context.now(), event.bytes);
        }
        break;
      }
      case 'upload.end':
        uploads.delete(key);
        if (event.ok) {
          done++;
          ok(uploadedText(event, err));
        } else line(colors.red(symbols.failed), uploadedText(event, err));
        break;
    }
    update();
  };
  return { listener, stop };
}
