import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { FileReport, Finding } from './findings.ts';

/** True if the file must not be sent; warnings alone do not say so. */
export function hasError(report: FileReport): boolean {
  return report.findings.some((finding) => finding.severity === 'error');
}

/** True if any of the files must not be sent. */
export function anyHasErrors(reports: readonly FileReport[]): boolean {
  return reports.some(hasError);
}

/** The error for files that failed their check: how many, which, and how many findings they have together. */
export function invalidFiles(reports: readonly FileReport[]): EbillError {
  const bad = reports.filter(hasError);
  const findings = bad.reduce((sum, report) => sum + report.findingsTotal, 0);
  const names = bad.slice(0, NAMED).map((report) => visible(report.file));
  if (bad.length > NAMED) names.push(`${bad.length - NAMED} more`);
  const files =
    reports.length === 1
      ? 'The file is'
      : `${bad.length} of ${reports.length} files ${bad.length === 1 ? 'is' : 'are'}`;
  return new EbillError(
    'INVALID_FILE',
    `${files} not fit to send, with ${findings} finding${findings === 1 ? '' : 's'}: ${names.join(', ')}`,
    {
      hint: 'Correct what the findings name and run the same command again. Nothing was sent; an upload with --no-validate sends files as they are.',
    },
  );
}

const NAMED = 5;

/** What is wrong with a file as a whole, before or beside its content. */
type Found = Omit<Finding, 'severity'>;

const WHOLE = { line: null, column: null } as const;

/** `error`: what `stat`, `open` or `read` threw. */
export function unreadable(error: unknown): Found {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return {
      code: 'missing',
      ...WHOLE,
      message: 'the file does not exist',
      hint: 'Check the name and the folder; a relative path starts at the current folder, in a plan at the folder of the plan.',
    };
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    return {
      code: 'unreadable',
      ...WHOLE,
      message: 'no permission to read the file',
      hint: 'Give your user the right to read it and to enter its folders.',
    };
  }
  return {
    code: 'unreadable',
    ...WHOLE,
    message: `the file cannot be read: ${visible(messageOf(error))}`,
    hint: 'Check the disk or the network share, or copy the file to a local folder.',
  };
}

export function notAFile(folder: boolean): Found {
  return {
    code: 'not-a-file',
    ...WHOLE,
    message: folder
      ? 'this is a folder'
      : 'this is a pipe or a device, and the content is needed more than once',
    hint: folder
      ? 'Give its files, for example with a pattern: FOLDER/*.csv'
      : 'Write the content to a file first and give that.',
  };
}

export function controlInName(name: string): Found {
  return {
    code: 'file-name',
    ...WHOLE,
    message: `the file name holds control characters: ${visible(name)}`,
    hint: 'Rename the file; the server and the reports are given its name.',
  };
}

export function fileChanged(): Found {
  return {
    code: 'changed',
    ...WHOLE,
    message: 'the file changed while it was read',
    hint: 'Wait until the export is finished, then run the command again.',
  };
}
