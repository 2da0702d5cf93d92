import type { OutputStream } from '../system/context.ts';
import { textWidth } from './text-width.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Some pseudo terminals say 0 × 0; then the usual size. */
export function sizeOf(stream: OutputStream): Size {
  const rows = 'rows' in stream && typeof stream.rows === 'number' ? stream.rows : 0;
  return { columns: stream.columns || 80, rows: rows || 24 };
}

/** The live lines as they should stand now; each at most `columns - 1` wide. */
type Render = (size: Size) => readonly string[];

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
// A line that is wider on this terminal than Unicode says is cut, not wrapped: a wrapped one would break the count of rows.
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';
const CLEAR_LINE = '\u001b[K';
// Save, go down, and come back: on the last row there is no down, and a plain "up" would come out a row too high.
const SAVE = '\u001b7';
const DOWN = '\u001b[B';
const RESTORE = '\u001b8';
const CLEAR_BELOW = '\u001b[J';
/** At most ten frames a second. */
const FRAME_MS = 100;

/**
 * Everything stderr shows goes through here: finished lines, and below them on a terminal the live lines, redrawn in place.
 * The frames of a spinner are Ora's (spinner.ts).
 */
export class Screen {
  readonly #stream: OutputStream;
  readonly #renders = new Set<Render>();
  #drawn: readonly string[] = [];
  #ticker: NodeJS.Timeout | null = null;
  #cursorHidden = false;
  // The second Ctrl-C and a crash end the process without `end()`: the cursor must not stay hidden.
  readonly #onExit = (): void => this.end();

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** One finished line, above whatever is live. */
  line(text: string): void {
    if (this.#drawn.length === 0) {
      this.#write(`${text}\n`);
      return;
    }
    const over = text.replaceAll('\n', `${CLEAR_LINE}\n`);
    this.#write(`${this.#home()}${over}${CLEAR_LINE}\n${this.#body(this.#drawn)}`);
  }

  /** Keeps these lines live until the returned function is called. They appear with the next frame. */
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
    const lines = Array.from(this.#renders, (render) => render(size))
      .flat()
      // A region taller than the window could not be reached again to redraw it.
      .slice(0, Math.max(1, size.rows - 1));
    if (lines.length === this.#drawn.length && lines.every((line, i) => line === this.#drawn[i])) return;
    if (lines.length === 0) {
      this.#write(this.#erased());
      return;
    }
    const home = this.#home();
    const hide = this.#cursorHidden ? '' : HIDE_CURSOR;
    this.#cursorHidden = true;
    this.#write(`${hide}${home}${this.#body(lines)}`);
    this.#drawn = lines;
  }

  /** Takes away what is live and gives the cursor back. May be called any number of times. */
  end(): void {
    this.#renders.clear();
    if (this.#ticker) {
      clearInterval(this.#ticker);
      this.#ticker = null;
      process.removeListener('exit', this.#onExit);
    }
    const erased = this.#erased();
    if (erased !== '') this.#write(erased);
  }

  /** What takes away the lines drawn and gives the cursor back. */
  #erased(): string {
    // Line by line: tmux keeps a copy of what CLEAR_BELOW takes from a screen's very top.
    const erase =
      this.#drawn.length === 0 ? '' : this.#home() + CLEAR_LINE + SAVE + DOWN + CLEAR_BELOW + RESTORE;
    const show = this.#cursorHidden ? SHOW_CURSOR : '';
    this.#drawn = [];
    this.#cursorHidden = false;
    return erase + show;
  }

  /** Up to the start of what is drawn, however the window's present width has wrapped it. */
  #home(): string {
    const { columns, rows } = sizeOf(this.#stream);
    // The cursor waits at the start of the last line, whose own wrapping then counts for nothing: terminals differ on it.
    const above = this.#drawn.slice(0, -1);
    const up = above.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
    if (up > 0) return `\r\u001b[${Math.min(up, rows - 1)}A`;
    return this.#drawn.length > 0 ? '\r' : '';
  }

  /** The lines, what is left below them cleared, and the cursor put to the start of the last. */
  #body(lines: readonly string[]): string {
    return `${WRAP_OFF}${lines.map((line) => line + CLEAR_LINE).join('\r\n')}${WRAP_ON}${CLEAR_BELOW}\r`;
  }

  #write(text: string): void {
    // A reader that went away is main's to notice, by the stream's 'error' event.
    if (this.#stream.writable) this.#stream.write(text);
  }
}
