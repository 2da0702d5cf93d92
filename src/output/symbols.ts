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
