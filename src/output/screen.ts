import type { OutputStream } from '../system/context.ts';
import { CLEAR_FROM_HERE, Spinner, WRAP_OFF, WRAP_ON } from './spinner.ts';
import { textWidth } from './text-width.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What is live now: lines, or one wait, which ora draws. Each line is at most `columns - 1` wide, a wait `columns - 3`. */
export type Frame = readonly string[] | { readonly wait: string };
export type Render = (size: Size) => Frame;

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
