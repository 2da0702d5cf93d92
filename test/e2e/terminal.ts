import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { FAST_EBILL } from '../helpers/programs.ts';
import type { Machine } from './harness.ts';

export interface Session {
  readonly exit: Promise<number>;
  write(text: string): void;
  kill(signal: string): void;
  /** What is on the screen, lines without their trailing blanks. */
  screen(): Promise<string>;
  /** Resolves when the screen shows it. */
  until(pattern: RegExp): Promise<string>;
}

/** The program in a real pseudo-terminal, its output read by a terminal emulator. */
export function terminal(
  at: Machine,
  args: readonly string[],
  size: { columns: number; rows: number },
  entry = FAST_EBILL,
): Session {
  const { columns: cols, rows } = size;
  const emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 500 });
  const child = spawn(process.execPath, [entry, ...args], {
    name: 'xterm-256color',
    cols,
    rows,
    cwd: at.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: at.cwd,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      ...at.env,
    },
  });
  child.onData((data) => emulator.write(data));
  const exit = new Promise<number>((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)));
  const screen = async (): Promise<string> => {
    await new Promise<void>((done) => emulator.write('', done));
    const { buffer } = emulator;
    return Array.from(
      { length: buffer.active.length },
      (_, y) => buffer.active.getLine(y)?.translateToString(true) ?? '',
    )
      .join('\n')
      .trimEnd();
  };
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const text = await screen();
      if (pattern.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { exit, write: (text) => child.write(text), kill: (signal) => child.kill(signal), screen, until };
}

export const WIDE = { columns: 100, rows: 40 };
