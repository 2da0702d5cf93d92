import type { FileKind } from '../batch/types.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { type Finding, type FindingDetails, plural } from './findings.ts';

/** A file to check. */
export interface FileToCheck {
  /** Absolute path. */
  readonly path: string;
  readonly kind: FileKind;
  /** For items: the path of their invoice file. Without it, any invoice file of the call may hold their invoices. */
  readonly of?: string | undefined;
}

/** The result of checking one file. */
export interface FileReport {
  /** Absolute path. */
  readonly path: string;
  /** Base name, the `inputFilename` of the request. */
  readonly file: string;
  readonly kind: FileKind;
  /** Records without the header; `null` when the file could not be read. */
  readonly records: number | null;
  readonly bytes: number | null;
  /** Hashes of the whole file, lower-case hex. */
  readonly sha256: string | null;
  readonly md5: string | null;
  /** Column names. */
  readonly header: readonly string[];
  /**
   * The sum of the amounts as a decimal; `null` when their column is not named or a value is not an amount. Missing when
   * no columns were named at all.
   */
  readonly amount?: string | null;
  /** At most ten; `findingsTotal` counts all. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
}

/** True if the file must not be sent. Warnings alone do not stop a file. */
export function hasErrors(report: FileReport): boolean {
  return report.findings.some((finding) => finding.severity === 'error');
}

/** Files named in the error; the others are counted. */
const NAMED = 5;

/** The error for files that failed their check. */
export function invalidFiles(reports: readonly FileReport[]): EbillError {
  const bad = reports.filter(hasErrors);
  const findings = bad.reduce((sum, report) => sum + report.findingsTotal, 0);
  const names = bad.slice(0, NAMED).map((report) => visible(report.file));
  if (bad.length > NAMED) names.push(`${bad.length - NAMED} more`);
  const files = reports.length === 1 ? 'The file' : `${bad.length} of ${reports.length} files`;
  return new EbillError(
    'INVALID_FILE',
    `${files} failed the check, with ${plural(findings, 'finding')}: ${names.join(', ')}`,
    {
      // `--no-validate` sends no file that could not be read, or that no storage takes.
      hint: `Correct the findings above and run the same command again. Nothing was sent.${
        bad.every(({ sha256 }) => sha256 !== null)
          ? ' An upload with --no-validate sends files as they are.'
          : ''
      }`,
    },
  );
}

// Findings about a file as a whole.

const WHOLE = { line: null, column: null } as const;

/** @param error what `stat`, `open` or `read` threw */
export function unreadable(error: unknown): FindingDetails {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return {
      code: 'missing',
      ...WHOLE,
      message: 'the file does not exist',
      hint: 'Check the name and the folder. A relative path starts at the current folder, in a plan at the folder of the plan.',
    };
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    return {
      code: 'unreadable',
      ...WHOLE,
      message: 'no permission to read the file',
      hint: 'Give your user read permission for the file and access to its folders.',
    };
  }
  return {
    code: 'unreadable',
    ...WHOLE,
    message: `the file cannot be read: ${visible(messageOf(error))}`,
    hint: 'Check the disk or the network share, or copy the file to a local folder.',
  };
}

export function notAFile(isFolder: boolean): FindingDetails {
  return {
    code: 'not-a-file',
    ...WHOLE,
    message: isFolder ? 'this is a folder' : 'this is a pipe or a device, which can be read only once',
    hint: isFolder
      ? 'Name the files in it, for example with a pattern: FOLDER/*.csv'
      : 'Write the content to a file and name that file.',
  };
}

/** Bytes. What a storage takes in one PUT (api rule 19). */
export const MAX_FILE_BYTES = 5 * 1024 ** 3;

export function tooLarge(bytes: number): FindingDetails {
  return {
    code: 'too-large',
    ...WHOLE,
    message: `the file has ${bytes} bytes; an upload takes at most ${MAX_FILE_BYTES} (5 GiB)`,
    hint: 'Split it into several files, each with the header line.',
  };
}

export function controlInName(name: string): FindingDetails {
  return {
    code: 'file-name',
    ...WHOLE,
    message: `the file name contains control characters: ${visible(name)}`,
    hint: 'Rename the file: its name is sent to the server and shown in reports.',
  };
}

export function fileChanged(): FindingDetails {
  return {
    code: 'changed',
    ...WHOLE,
    message: 'the file changed while it was read',
    hint: 'Wait until the export has finished, then run the command again.',
  };
}
