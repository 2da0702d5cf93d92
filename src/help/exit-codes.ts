import { type ErrorCode, EXIT_CODES } from '../errors.ts';

/** Every exit code there is; the one table of codes is in errors.ts. */
export type ExitCode = 0 | (typeof EXIT_CODES)[ErrorCode];

/** What each means, for people (cli.md, "Output"). */
const MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'done; all final batches succeeded',
  1: 'a bug; says where the log is',
  2: 'wrong call, no base URL, bad input, or a question answered no; nothing was sent',
  3: 'final, some records were rejected',
  4: 'a batch failed, or records are unaccounted for',
  5: 'the credentials were not accepted, or there are none',
  6: 'network, TLS, 5xx or a broken answer, after retries',
  7: 'not final: --max-wait is over, or what is left was never finalized',
  8: 'somebody else holds the load, a file changed, or a name or job id is taken',
  9: 'the server or the storage refused it',
  130: 'interrupted (143 after SIGTERM); run the same command again',
};

/** Every command may end so. */
const ALWAYS: readonly ExitCode[] = [0, 1, 2, 130];

export interface ExitMeaning {
  readonly code: ExitCode;
  /** The names under `error.code` of `--json`; none for 0. */
  readonly names: readonly string[];
  readonly meaning: string;
}

/** The table, in the order of the codes. */
export const EXIT_MEANINGS: readonly ExitMeaning[] = (
  [0, ...new Set(Object.values(EXIT_CODES))] as const
).map((code) => ({
  code,
  names: Object.entries(EXIT_CODES).flatMap(([name, own]) => (own === code ? [name] : [])),
  meaning: MEANINGS[code],
}));

/** Those a command can end with: its own and those of every command. */
export function exitMeanings(own: readonly number[]): readonly ExitMeaning[] {
  return EXIT_MEANINGS.filter(({ code }) => ALWAYS.includes(code) || own.includes(code));
}
