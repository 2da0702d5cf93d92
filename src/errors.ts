/** Error codes and their exit codes (commands rule 26). */
export const EXIT_CODES = {
  INTERNAL: 1,
  USAGE: 2,
  INVALID_FILE: 2,
  INVALID_PLAN: 2,
  DECLINED: 2,
  PARTIAL: 3,
  BATCH_FAILED: 4,
  UNACCOUNTED: 4,
  AUTH: 5,
  UNAVAILABLE: 6,
  STILL_RUNNING: 7,
  CONFLICT: 8,
  REJECTED: 9,
  LOCAL: 10,
  INTERRUPTED: 130,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

/** A way on that the hint names, to be chosen on a terminal. */
export interface Choice {
  /** Added to the command line, such as `--adopt`. */
  readonly option: string;
  /** When it is right, and what it does to the records. */
  readonly label: string;
}

interface ErrorParts {
  /** The next step. */
  readonly hint: string;
  readonly choices?: readonly Choice[];
  readonly cause?: unknown;
  /** Only for INTERRUPTED, which ends with 143 after SIGTERM. */
  readonly exitCode?: number;
}

/** An expected error: what happened, to what, and the next step. Any other error is a bug. */
export class EbillError extends Error {
  readonly code: ErrorCode;
  readonly exitCode: number;
  readonly hint: string;
  readonly choices: readonly Choice[];

  constructor(code: ErrorCode, message: string, parts: ErrorParts) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'EbillError';
    this.code = code;
    this.exitCode = parts.exitCode ?? EXIT_CODES[code];
    this.hint = parts.hint;
    this.choices = parts.choices ?? [];
  }
}

/** System errors of a disk that fails or takes no more data. Other codes may come from anywhere. */
const DISK: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EIO',
  'ESTALE',
  'ENXIO',
  'ENODEV',
]);

export const isDiskFailure = (error: unknown): boolean => DISK.has(errnoOf(error) ?? '');

/** The disk or the quota is full. */
export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '');

/**
 * What an error of this machine's files is once something was sent: LOCAL instead of USAGE, which says that nothing was
 * (commands rule 26). Other errors stay as they are.
 */
export function afterSending(error: EbillError): EbillError {
  const { code, message, cause } = error;
  const errno = errnoOf(cause) ?? '';
  // Node's own errors (`ERR_…`) are not about files.
  if (code !== 'USAGE' || !/^E[A-Z\d]+$/.test(errno)) return error;
  const remedy = isDiskFull(cause)
    ? 'Free some space on that disk'
    : 'Check that disk, and the permissions there';
  return new EbillError('LOCAL', message, {
    hint: `What is on record is safe. ${remedy}, then run the same command again.`,
    cause,
  });
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system error code (`ENOENT`, `ECONNREFUSED` …) of anything thrown. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
