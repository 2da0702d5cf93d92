import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { FileReport } from './types.ts';

/** True if the file must not be sent; warnings alone do not say so. */
export function isBad(report: FileReport): boolean {
  return report.findings.some((finding) => finding.severity === 'error');
}

/** True if any of the files must not be sent. */
export function hasErrors(reports: readonly FileReport[]): boolean {
  return reports.some(isBad);
}

/** The error for files that failed their check: how many, which, and how many findings they have together. */
export function invalidFiles(reports: readonly FileReport[]): EbillError {
  const bad = reports.filter(isBad);
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
