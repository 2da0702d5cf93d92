import type { Context } from '../system/context.ts';
import type { Look } from './look.ts';
import type { Paint } from './paint.ts';
import type { Screen } from './screen.ts';

export type ProgressMode = 'tty' | 'plain' | 'json' | 'none';

/** An error as people are told it: what happened, to what, what to do next. An `EbillError` is one. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * How this run shows things: decided once from options, environment and streams. The `Ui` itself is the look of stdout, so every
 * text function takes it as it is: `batchTable(batches, ui)`.
 */
export interface Ui extends Look {
  /** How progress on stderr is drawn. */
  readonly progress: ProgressMode;
  /** Paints stdout text; without colour it returns its input. */
  readonly paint: Paint;
  /** Paints stderr text; the same as `err.paint`. */
  readonly paintErr: Paint;
  /** Columns of stdout; `Infinity` when it is no terminal, for tables in a pipe are not cut. */
  readonly width: number;
  /** The look of stderr. */
  readonly err: Look;
  /** May a question be asked? Only with a terminal on stdin and stderr, and not in CI. Call `end()` before asking. */
  readonly interactive: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly context: Context;
  /** stderr, with its live lines. */
  readonly screen: Screen;
  /** One line of plain text for people on stderr; nothing under `--quiet`. Never for errors and warnings. */
  note(line: string): void;
  /** A warning on stderr, shown under `--quiet` too. Without "warning:", which is put before it. */
  warn(line: string): void;
  /** The error the run ends with, on stderr: as text, or as an event under `--progress json`. */
  fail(error: Failure): void;
  /** One JSON event on a line of stderr; every string in it is redacted. For `--progress json` alone. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void;
  /** Takes every live line away and gives the cursor back: before a prompt, before the result, at the end. */
  end(): void;
}
