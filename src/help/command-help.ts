import type { ExitCode } from './exit-codes.ts';

/** What a command's help says besides its arguments and options; help and man pages are made from it. */
export interface CommandHelp {
  /**
   * Paragraphs after the options; plain text, wrapped when shown. Lines after the first, and a paragraph that begins with
   * two spaces, are kept as they are.
   */
  readonly notes?: readonly string[];
  /** At least three: a line as typed (without "$ "), and what it does in a few words. */
  readonly examples: readonly (readonly [line: string, about: string])[];
  /** Exit codes it can end with besides 0, 1, 2 and 130. */
  readonly exitCodes: readonly ExitCode[];
  /** Command names (`upload invoice`) or help topics (`help exit-codes`). */
  readonly seeAlso: readonly string[];
}
