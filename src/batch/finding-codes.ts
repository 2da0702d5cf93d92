// The codes of findings: stable, for scripts and for `--allow-warning`. Imported at start-up, so it imports nothing.

/** Codes of findings that can be warnings. Some of them are errors too: in a declared column, or in a clearer case. */
export const WARNING_CODES = [
  'amount',
  'amount-sum',
  'delimiter',
  'duplicate-key',
  'empty-amount',
  'empty-column',
  'empty-key',
  'empty-record',
  'error-value',
  'exponent',
  'header-again',
  'leading-zeros',
  'lone-cr',
  'long-record',
  'lookalike-header',
  'lookalike-key',
  'mojibake',
  'no-items',
  'replacement-character',
  'text-formula',
  'unknown-customer',
  'unknown-invoice',
] as const;

export type WarningCode = (typeof WARNING_CODES)[number];

/** Codes of findings that are always errors. */
export const ERROR_CODES = [
  'bad-quote',
  'blank-line',
  'bom',
  'changed',
  'cr-cr-lf',
  'ctrl-z',
  'empty',
  'file-name',
  'formula',
  'long-header',
  'missing',
  'no-column',
  'no-header',
  'no-records',
  'not-a-file',
  'not-csv',
  'not-utf8',
  'nul',
  'open-quote',
  'quoted-lines',
  'ragged',
  'repeated-header',
  'sep-line',
  'title-lines',
  'too-large',
  'unnamed-header',
  'unreadable',
] as const;

export type FindingCode = WarningCode | (typeof ERROR_CODES)[number];

export const isWarningCode = (code: string): code is WarningCode =>
  (WARNING_CODES as readonly string[]).includes(code);
