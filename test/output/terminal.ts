import xterm from '@xterm/headless';
import type { OutputStream } from '../../src/system/context.ts';
import { type TestContext, testContext } from '../helpers/context.ts';

/** A terminal in memory, fed with what the context's stderr is written. */
export interface Terminal {
  readonly context: TestContext & { clock: number };
  /** What stands on the screen, without empty lines at its end. */
  screen(): Promise<string[]>;
  resize(columns: number, rows: number): Promise<void>;
  readonly cursorHidden: () => boolean;
  readonly raw: () => string;
}

export function terminal(columns: number, rows = 24, env: Record<string, string> = {}): Terminal {
  const term = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  const base = testContext({ tty: true, columns, env });
  const stderr: OutputStream & { columns: number; rows: number } = Object.assign(base.stderr, { rows });
  let fed = 0;
  const context = Object.assign(base, { clock: base.now(), now: () => context.clock });
  const flush = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    const text = base.stderr.text.slice(fed);
    fed = base.stderr.text.length;
    await new Promise<void>((resolve) => term.write(text, resolve));
  };
  return {
    context,
    async screen() {
      await flush();
      const buffer = term.buffer.active;
      const lines = Array.from(
        { length: term.rows },
        (_, y) => buffer.getLine(buffer.baseY + y)?.translateToString(true) ?? '',
      );
      while (lines.at(-1) === '') lines.pop();
      return lines;
    },
    async resize(newColumns, newRows) {
      await flush();
      term.resize(newColumns, newRows);
      stderr.columns = newColumns;
      stderr.rows = newRows;
    },
    cursorHidden: () =>
      base.stderr.text.lastIndexOf('\u001b[?25l') > base.stderr.text.lastIndexOf('\u001b[?25h'),
    raw: () => base.stderr.text,
  };
}
