import type { Ora } from 'ora';
import type { OutputStream } from '../system/context.ts';
import { textWidth } from './text-layout.ts';
import type { Theme } from './theme.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What is live now: lines, or one wait, which ora draws. Each line is at most `columns - 1` wide, a wait `columns - 3`. */
export type Frame = readonly string[] | { readonly wait: string };
type Render = (size: Size) => Frame;

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** ms between two frames: at most ten a second. */
const FRAME_MS = 100;

/**
 * Everything on stderr goes through here: finished lines, and below them on a terminal what is live. Several live lines
 * are redrawn in place here; a single wait is ora's. Never both: no spinner runs while lines are live.
 */
export class Screen {
  readonly #stream: OutputStream;
  readonly #spinner: Spinner;
  readonly #renders = new Set<Render>();
  #drawn: readonly string[] = [];
  #ticker: NodeJS.Timeout | null = null;
  #cursorHidden = false;
  // The second Ctrl-C and a crash end the process without `end()`: the cursor must not stay hidden.
  readonly #onExit = (): void => this.end();

  /** @param spinnerFrames one column each, coloured already */
  constructor(stream: OutputStream, spinnerFrames: readonly string[]) {
    this.#stream = stream;
    this.#spinner = new Spinner(stream, spinnerFrames);
  }

  /** Writes one finished line, above what is live. */
  line(text: string): void {
    if (this.#drawn.length === 0) {
      this.#write(`${text}\n`);
      return;
    }
    const over = text.replaceAll('\n', `${CLEAR_LINE}\n`);
    this.#write(`${this.#home()}${over}${CLEAR_LINE}\n${this.#body(this.#drawn)}`);
  }

  /** Keeps a frame live, from the next tick until the returned function is called. */
  show(render: Render): () => void {
    this.#renders.add(render);
    if (!this.#ticker) {
      this.#ticker = setInterval(() => this.draw(), FRAME_MS);
      this.#ticker.unref();
      process.once('exit', this.#onExit);
    }
    return () => {
      if (this.#renders.delete(render) && this.#renders.size === 0) this.end();
    };
  }

  /** Draws one frame now. */
  draw(): void {
    if (this.#renders.size === 0) return;
    const size = sizeOf(this.#stream);
    const frames = Array.from(this.#renders, (render) => render(size));
    const waits = frames.flatMap((frame) => ('wait' in frame ? [frame.wait] : []));
    const lines = frames
      .flatMap((frame) => ('wait' in frame ? [] : frame))
      // A region taller than the window could not be reached again to redraw it.
      .slice(0, Math.max(1, size.rows - 1));
    const wait = lines.length === 0 ? waits.at(-1) : undefined;
    if (wait !== undefined) {
      if (this.#drawn.length > 0) this.#write(this.#erased());
      this.#hideCursor();
      this.#spinner.show(wait);
      return;
    }
    this.#spinner.hide();
    if (lines.length === this.#drawn.length && lines.every((line, i) => line === this.#drawn[i])) {
      if (lines.length === 0) this.#showCursor();
      return;
    }
    if (lines.length === 0) {
      this.#write(this.#erased());
      return;
    }
    this.#hideCursor();
    this.#write(`${this.#home()}${this.#body(lines)}`);
    this.#drawn = lines;
  }

  /** Removes what is live and shows the cursor. May be called any number of times. */
  end(): void {
    this.#renders.clear();
    if (this.#ticker) {
      clearInterval(this.#ticker);
      this.#ticker = null;
      process.removeListener('exit', this.#onExit);
    }
    this.#spinner.hide();
    const erased = this.#erased();
    if (erased !== '') this.#write(erased);
  }

  #hideCursor(): void {
    if (!this.#cursorHidden) this.#write(HIDE_CURSOR);
    this.#cursorHidden = true;
  }

  #showCursor(): void {
    if (this.#cursorHidden) this.#write(SHOW_CURSOR);
    this.#cursorHidden = false;
  }

  /** What removes the drawn lines and shows the cursor. */
  #erased(): string {
    const erase = this.#drawn.length === 0 ? '' : this.#home() + CLEAR_FROM_HERE;
    const show = this.#cursorHidden ? SHOW_CURSOR : '';
    this.#drawn = [];
    this.#cursorHidden = false;
    return erase + show;
  }

  /** To the start of the drawn lines, however the present width of the window has wrapped them. */
  #home(): string {
    const { columns, rows } = sizeOf(this.#stream);
    // The cursor is at the start of the last line, whose own wrapping then does not count: terminals differ on it.
    const above = this.#drawn.slice(0, -1);
    const up = above.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
    if (up > 0) return `\r\u001b[${Math.min(up, rows - 1)}A`;
    return this.#drawn.length > 0 ? '\r' : '';
  }

  /** The lines, what is left below them cleared, and the cursor at the start of the last. */
  #body(lines: readonly string[]): string {
    return `${WRAP_OFF}${lines.map((line) => line + CLEAR_LINE).join('\r\n')}${WRAP_ON}${CLEAR_BELOW}\r`;
  }

  #write(text: string): void {
    this.#spinner.stream.write(text);
  }
}

/** Some pseudo terminals report 0 × 0; then the usual size. */
function sizeOf(stream: OutputStream): Size {
  const rows = 'rows' in stream && typeof stream.rows === 'number' ? stream.rows : 0;
  return { columns: stream.columns || 80, rows: rows || 24 };
}

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
class Spinner {
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
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';
/**
 * Clears from the cursor to the end of the screen. The rows below are cleared one row further down (tmux keeps a copy of what
 * "clear below" takes from the very top of a screen), and not with "up" (on the last row there is no down).
 */
const CLEAR_FROM_HERE = '\u001b[K\u001b7\u001b[B\u001b[J\u001b8';

/**
 * The stream as the terminal that ora expects. The cursor is left at the start of ora's line: from there it can be cleared
 * however a window that became narrower has wrapped it. Ora by itself counts its rows by the width it was drawn at.
 */
function terminalFor(stream: OutputStream): NodeJS.WritableStream {
  const raw = (text: string): boolean => {
    // `main` handles a reader that has closed the stream, by its 'error' event.
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
