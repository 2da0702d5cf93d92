import { visible } from '../system/escaping.ts';

/** How text is shown at one place. A `Ui` is the theme of stdout, `ui.err` that of stderr. */
export interface Theme {
  /** Columns; `Infinity` in a pipe, where nothing is shortened. */
  readonly width: number;
  readonly colors: Colors;
  readonly symbols: Symbols;
  /** Hides secrets in text from outside, and makes its control characters visible (commands rule 4). */
  clean(text: string): string;
}

/** A pipe's look, or any part of it changed. */
export function plainTheme(parts: Partial<Theme> = {}): Theme {
  return { width: Infinity, colors: noColors, symbols: unicodeSymbols, clean: visible, ...parts };
}

const COLORS = ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'gray'] as const;
export type Color = (typeof COLORS)[number];

/** The few colours the program uses. */
export type Colors = { readonly [Name in Color]: (text: string) => string };

const same = (text: string): string => text;

/** No colour: every text comes back as it went in. */
export const noColors = Object.fromEntries(COLORS.map((name) => [name, same])) as Colors;

/** Chalk is imported only for colour: it takes 13 to 18 ms to load. */
export async function createColors(color: boolean): Promise<Colors> {
  if (!color) return noColors;
  const { Chalk } = await import('chalk');
  // The sixteen colours of the user's terminal, not what chalk guesses from the environment of the process.
  const chalk = new Chalk({ level: 1 });
  // Chalk prints all its arguments: as a callback of `map` it would print the index too.
  const paints = COLORS.map((name) => [name, (text: string): string => chalk[name](text)] as const);
  return Object.fromEntries(paints) as Colors;
}

/** The signs used beside words; never instead of them. All are one column wide. */
export interface Symbols {
  readonly done: string;
  readonly partial: string;
  readonly failed: string;
  readonly waiting: string;
  readonly sending: string;
  readonly skipped: string;
  readonly warning: string;
  readonly again: string;
  readonly barFull: string;
  readonly barRest: string;
  readonly spinner: readonly string[];
}

export const unicodeSymbols: Symbols = {
  done: '✔',
  partial: '◐',
  failed: '✖',
  waiting: '…',
  sending: '↑',
  skipped: '·',
  warning: '!',
  again: '↻',
  barFull: '━',
  barRest: '─',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

/** For the Linux console and the old Windows console, whose fonts lack the rest. */
export const asciiSymbols: Symbols = {
  done: '+',
  partial: '~',
  failed: 'x',
  waiting: '.',
  sending: '^',
  skipped: '-',
  warning: '!',
  again: '*',
  barFull: '#',
  barRest: '-',
  spinner: ['-', '\\', '|', '/'],
};

export function symbolsFor(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): Symbols {
  if (platform !== 'win32') return env['TERM'] === 'linux' ? asciiSymbols : unicodeSymbols;
  const modern = env['WT_SESSION'] || env['TERM_PROGRAM'] || env['TERM'] || env['CI'];
  return modern ? unicodeSymbols : asciiSymbols;
}
