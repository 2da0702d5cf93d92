import { type FindingCode, isWarningCode, type WarningCode } from '../batch/finding-codes.ts';
import type { FileKind } from '../batch/types.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';

/** Something wrong or doubtful in a file: where, what, and what to do about it. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** One of `batch/finding-codes.ts`. */
  readonly code: string;
  /** Line in the file, from 1; `null` for the file as a whole. */
  readonly line: number | null;
  /** Field within the record, from 1; `null` for the record as a whole. */
  readonly column: number | null;
  readonly message: string;
  readonly hint: string;
}

/** A finding before its severity is known. */
export interface FindingDetails<Code extends FindingCode = FindingCode> extends Omit<Finding, 'severity'> {
  readonly code: Code;
}

/** @param at without what the finding has no place for */
export function finding<const Code extends FindingCode>(
  code: Code,
  at: Partial<Position>,
  message: string,
  hint: string,
): FindingDetails<Code> {
  return { code, line: at.line ?? null, column: at.column ?? null, message, hint };
}

/** A place in a file: the line, and the field within the record. Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** How many findings a file's report shows; the others are counted (commands rule 16). */
const SHOWN_FINDINGS = 10;

/** Faults that a record has: when most records have the same one, it is one finding. */
const RECORD_FAULTS: ReadonlySet<string> = new Set([
  'ragged',
  'bad-quote',
  'formula',
  'empty-key',
  'unknown-customer',
  'unknown-invoice',
  'amount',
  'empty-amount',
  'decimal-comma',
  'no-items',
]);

/** Findings of one code: the first ten, and how many there are. */
interface SameCode {
  readonly first: Finding[];
  count: number;
}

/** The findings of one file: ten of each code are kept, all are counted, and memory stays flat. */
export class FindingList {
  readonly #causes: Finding[] = [];
  readonly #errors = new Map<string, SameCode>();
  readonly #warnings = new Map<string, SameCode>();
  #more = 0;

  /**
   * Adds an error in one place.
   * @param code of the finding, or the name of a group of its own
   * @param make called only if the finding is kept: a file may have a million of them
   */
  error(code: string, make: () => FindingDetails): void {
    add(this.#errors, code, 'error', make);
  }

  /** Adds an error that explains others (a wrong encoding, an open quote). It is always shown. */
  cause(finding: FindingDetails): void {
    this.#causes.push({ severity: 'error', ...finding });
  }

  /** Adds a cause that explains everything else about the file. */
  only(cause: FindingDetails): void {
    this.#causes.length = 0;
    this.#errors.clear();
    this.#warnings.clear();
    this.#more = 0;
    this.cause(cause);
  }

  /** Adds a warning: a warning alone does not stop a file. */
  warning(finding: FindingDetails<WarningCode>): void {
    add(this.#warnings, finding.code, 'warning', () => finding);
  }

  /** How many errors of a group there are, causes aside. */
  count(group: string): number {
    return this.#errors.get(group)?.count ?? 0;
  }

  /** Makes warnings of the errors of a group, of its causes too. */
  demote(group: string): void {
    const asWarning = (one: Finding): Finding => ({ ...one, severity: 'warning' });
    const causes = this.#causes.filter(({ code }) => code === group);
    const { first, count } = this.#errors.get(group) ?? { first: [], count: 0 };
    if (causes.length + count === 0) return;
    this.#errors.delete(group);
    for (const cause of causes) this.#causes.splice(this.#causes.indexOf(cause), 1);
    const known = this.#warnings.get(group) ?? { first: [], count: 0 };
    this.#warnings.set(group, {
      first: [...known.first, ...causes, ...first].slice(0, SHOWN_FINDINGS).map(asWarning),
      count: known.count + causes.length + count,
    });
  }

  /** Removes the findings of a group, its causes only if asked for. */
  drop(group: string, causes = false): void {
    this.#errors.delete(group);
    this.#warnings.delete(group);
    if (!causes) return;
    const others = this.#causes.filter(({ code }) => code !== group);
    this.#causes.splice(0, Number.POSITIVE_INFINITY, ...others);
  }

  /** Counts findings that are not shown. */
  countMore(count: number): void {
    this.#more += count;
  }

  /** True if the file may have been read only in part: there is a cause, or a key too long to compare. */
  get incomplete(): boolean {
    return this.#causes.length > 0 || this.#warnings.has('long-record');
  }

  /**
   * The findings to show, at most ten, and how many there are: causes, then errors, then warnings, each by line, the
   * whole file first. No code is crowded out by another, and a fault of most records is one finding. The codes of all
   * warnings, also of those that are not shown.
   * @param records of the file; `null` when they could not be counted
   */
  report(records: number | null): Pick<FileReport, 'findings' | 'findingsTotal' | 'warnings'> {
    const errors = [...this.#errors.values()].map((same) => summarized(same, records));
    const warnings = [...this.#warnings.values()].map((same) => summarized(same, records));
    const shown = [...this.#causes].sort(byPlace).slice(0, SHOWN_FINDINGS);
    for (const group of [errors, warnings])
      shown.push(...fairShare(group, SHOWN_FINDINGS - shown.length).sort(byPlace));
    const counted = [...errors, ...warnings].reduce((sum, { count }) => sum + count, 0);
    const codes = new Set(warnings.flatMap(({ first }) => first.map(({ code }) => code)));
    return {
      findings: shown,
      findingsTotal: this.#causes.length + counted + this.#more,
      warnings: [...codes].filter(isWarningCode).sort(),
    };
  }
}

function add(
  to: Map<string, SameCode>,
  code: string,
  severity: Finding['severity'],
  make: () => FindingDetails,
): void {
  const same = to.get(code) ?? { first: [], count: 0 };
  if (same.count === 0) to.set(code, same);
  same.count += 1;
  if (same.first.length < SHOWN_FINDINGS) same.first.push({ severity, ...make() });
}

const byPlace = (a: Finding, b: Finding): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** One finding for a fault that most records have, if there are more than a report shows. */
function summarized(same: SameCode, records: number | null): SameCode {
  const { first, count } = same;
  const [finding] = [...first].sort(byPlace);
  if (finding === undefined || !RECORD_FAULTS.has(finding.code)) return same;
  if (records === null || count <= SHOWN_FINDINGS || count * 2 <= records) return same;
  const message = `${finding.message}; the same ${count} times in ${records} records, here first`;
  return { first: [{ ...finding, message }], count: 1 };
}

/** Up to `room` findings: the first of each code, then the others. */
function fairShare(codes: readonly SameCode[], room: number): Finding[] {
  const firsts = codes.flatMap(({ first }) => first.slice(0, 1));
  const others = codes.flatMap(({ first }) => first.slice(1)).sort(byPlace);
  return [...firsts, ...others].slice(0, Math.max(room, 0));
}

/** A value from a file, short enough for a sentence and safe for a terminal. */
export function displayValue(text: string): string {
  const characters = [...text.slice(0, 200)];
  return visible(characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text);
}

/** `3 fields`, `1 field`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

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
  /** Of the whole file; what an upload compares (commands rule 2). */
  readonly crc32: number | null;
  /** Column names. */
  readonly header: readonly string[];
  /** The sum of the amounts as a decimal; `null` when their column is not named or a value is not an amount. */
  readonly amount: string | null;
  /** At most ten; `findingsTotal` counts all. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  /** The codes of its warnings, each once; also of those that `findings` has no room for. */
  readonly warnings: readonly WarningCode[];
}

/** True if the file must not be sent. Warnings alone do not stop a file. */
export function hasErrors(report: FileReport): boolean {
  return report.findings.some((finding) => finding.severity === 'error');
}

const hasBadName = ({ findings }: FileReport): boolean => findings.some(({ code }) => code === 'file-name');

/** The error for files that failed their check; it names five of them. */
export function invalidFiles(reports: readonly FileReport[]): EbillError {
  const bad = reports.filter(hasErrors);
  const findings = bad.reduce((sum, report) => sum + report.findingsTotal, 0);
  const names = bad.slice(0, 5).map((report) => visible(report.file));
  if (bad.length > 5) names.push(`${bad.length - 5} more`);
  const files = reports.length === 1 ? 'The file' : `${bad.length} of ${reports.length} files`;
  return new EbillError(
    'INVALID_FILE',
    `${files} failed the check, with ${plural(findings, 'finding')}: ${names.join(', ')}`,
    {
      // `--no-validate` sends no file that could not be read, that no storage takes, or with such a name.
      hint: `Correct the findings above and run the same command again. Nothing was sent.${
        bad.every((report) => report.sha256 !== null && !hasBadName(report))
          ? ' An upload with --no-validate sends files as they are.'
          : ''
      }`,
    },
  );
}

// Findings about a file as a whole.

/** @param error what `stat`, `open` or `read` threw */
export function unreadable(error: unknown): FindingDetails {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR')
    return finding(
      'missing',
      {},
      'the file does not exist',
      'Check the name and the folder. A relative path starts at the current folder, in a plan at the folder of the plan.',
    );
  if (errno === 'EACCES' || errno === 'EPERM')
    return finding(
      'unreadable',
      {},
      'no permission to read the file',
      'Give your user read permission for the file and access to its folders.',
    );
  return finding(
    'unreadable',
    {},
    `the file cannot be read: ${visible(messageOf(error))}`,
    'Check the disk or the network share, or copy the file to a local folder.',
  );
}

export function notAFile(isFolder: boolean): FindingDetails {
  return isFolder
    ? finding(
        'not-a-file',
        {},
        'this is a folder',
        'Name the files in it, for example with a pattern: FOLDER/*.csv',
      )
    : finding(
        'not-a-file',
        {},
        'this is a pipe or a device, which can be read only once',
        'Write the content to a file and name that file.',
      );
}
