import type { Ora } from 'ora';
import type { OutputStream } from '../system/context.ts';
import type { Theme } from './theme.ts';

const INTERVAL_MS = 80;

/** The frame of a spinner at a moment, for lines that the `Screen` draws. @param now ms */
export function spinnerFrame(now: number, { symbols, colors }: Theme): string {
  const frames = symbols.spinner;
  return colors.cyan(frames[Math.floor(now / INTERVAL_MS) % frames.length] ?? '');
}

let loading: Promise<typeof import('ora')> | null = null;

/** Ora takes 80 ms to load: imported with the first wait that lasts, so that a quick command never pays for it. */
export function loadOra(): Promise<typeof import('ora')> {
  loading ??= import('ora');
  return loading;
}

/** A one-line wait, drawn by ora. */
export class Spinner {
  /** Write here: while ora is spinning it moves its line below what is written. */
  readonly stream: NodeJS.WritableStream;
  readonly #frames: readonly string[];
  #ora: Ora | null = null;
  #text: string | null = null;

  /** @param frames one column each, coloured already */
  constructor(stream: OutputStream, frames: readonly string[]) {
    this.stream = terminalFor(stream);
    this.#frames = frames;
  }

  /** Shows the text, or changes it. Returns at once; the first time the line appears when ora is loaded. */
  show(text: string): void {
    const changed = this.#text !== text;
    this.#text = text;
    if (this.#ora === null) {
      // A spinner that cannot be loaded is no reason to end a load.
      this.#start().catch(() => {});
    } else if (changed || !this.#ora.isSpinning) this.#draw(this.#ora);
  }

  hide(): void {
    this.#text = null;
    this.#ora?.stop();
  }

  async #start(): Promise<void> {
    const { default: ora } = await loadOra();
    if (this.#text === null) return;
    this.#ora ??= ora({
      spinner: { frames: [...this.#frames], interval: INTERVAL_MS },
      color: false,
      stream: this.stream,
      isEnabled: true,
      isSilent: false,
      // Keys typed early are for the next prompt, and the cursor is the screen's.
      discardStdin: false,
      hideCursor: false,
    });
    this.#draw(this.#ora);
  }

  #draw(spinner: Ora): void {
    spinner.text = this.#text ?? '';
    if (spinner.isSpinning) spinner.render();
    else spinner.start();
  }
}

// A line that is wider on this terminal than Unicode says is cut, not wrapped.
export const WRAP_OFF = '\u001b[?7l';
export const WRAP_ON = '\u001b[?7h';
/**
 * Clears from the cursor to the end of the screen. The rows below are cleared one row further down (tmux keeps a copy of what
 * "clear below" takes from the very top of a screen), and not with "up" (on the last row there is no down).
 */
export const CLEAR_FROM_HERE = '\u001b[K\u001b7\u001b[B\u001b[J\u001b8';

/**
 * The stream as the terminal that ora expects. The cursor is left at the start of ora's line: from there it can be cleared
 * however a window that became narrower has wrapped it. Ora by itself counts its rows by the width it was drawn at.
 */
function terminalFor(stream: OutputStream): NodeJS.WritableStream {
  const raw = (text: string): boolean => {
    // A reader that went away is main's to notice, by the stream's 'error' event.
    if (stream.writable) stream.write(text);
    return true;
  };
  const terminal = {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || 80;
    },
    /** A frame of the spinner is neither a finished line nor begins with a control sequence of ours. */
    write: (text: string): boolean =>
      raw(text.startsWith('\u001b[?') || /[\n\r]$/.test(text) ? text : `${WRAP_OFF}${text}${WRAP_ON}\r`),
    cursorTo: () => raw('\r'),
    clearLine: () => raw(CLEAR_FROM_HERE),
    moveCursor: () => true,
  };
  return terminal as unknown as NodeJS.WritableStream;
}
