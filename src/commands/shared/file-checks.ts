import { stat } from 'node:fs/promises';
import type { Columns } from '../../batch/columns.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { expandFiles, rejectSharedNames } from '../../files/file-arguments.ts';
import { type FileReport, type FileToCheck, hasErrors, invalidFiles } from '../../files/file-report.ts';
import { type CheckProgress, checkFiles } from '../../files/preflight.ts';
import type { SourceFile } from '../../load/entries.ts';
import type { Listener } from '../../load/events.ts';
import { findingsText } from '../../output/findings-text.ts';
import { count, totalLine } from '../../output/format.ts';
import { table } from '../../output/table.ts';
import type { Theme } from '../../output/theme.ts';
import { environmentLayer } from '../../profile/credentials.ts';
import { checkProfileName, type Profile, profileNamed } from '../../profile/profile.ts';
import { profileToUse } from '../../profile/resolve.ts';
import { loadProfiles } from '../../profile/store.ts';
import type { Context } from '../../system/context.ts';
import type { App } from './command.ts';

/** The files of one call, by what they are to be loaded as. */
export type Given = Readonly<Partial<Record<FileKind, readonly string[]>>>;
export type Sources = Readonly<Record<FileKind, readonly SourceFile[]>>;

/**
 * The files meant, in natural order, by what they are to be loaded as: absolute paths.
 * @throws EbillError USAGE for a pattern that matches nothing, or two files of one name
 */
export async function foundFiles(app: App, given: Given): Promise<readonly FileToCheck[]> {
  const kinds: readonly FileKind[] = ['customer', 'invoice', 'items'];
  const found: FileToCheck[] = [];
  for (const kind of kinds)
    for (const path of await expandFiles(given[kind] ?? [], app.context)) found.push({ path, kind });
  rejectSharedNames(found.map(({ path }) => path));
  return found;
}

/**
 * Checks every file before the first byte is sent (cli.md, "Files given"): reads each once, hashes it.
 * With columns named, the files of the call are held against each other too, and their control totals are told.
 * @throws EbillError INVALID_FILE with every bad file's findings (unless `validate` is off)
 */
export async function checkedSources(
  app: App,
  files: readonly FileToCheck[],
  { validate, columns }: { readonly validate: boolean; readonly columns: Columns },
  emit: Listener,
): Promise<Sources> {
  emit({ event: 'check.start', files: files.length });
  const onProgress = await checkProgress(app.context, files, emit);
  const reports = await checkFiles(files, { signal: app.context.signal, columns, onProgress });
  const sum = (pick: (report: FileReport) => number | null): number =>
    reports.reduce((total, report) => total + (pick(report) ?? 0), 0);
  emit({
    event: 'check.end',
    files: reports.length,
    records: sum((report) => report.records),
    bytes: sum((report) => report.bytes),
    bad: reports.filter(({ findings }) => findings.some(({ severity }) => severity === 'error')).length,
  });
  judge(app, reports, validate);
  // Before anything is handed over: a person may hold them against the books.
  for (const { name, records, amount } of reports.map(sourceOf)) {
    const line = totalLine(name, records, amount ?? null);
    if (line !== null) emit({ event: 'step', jobId: null, message: line });
  }
  const sourcesOf = (kind: FileKind): SourceFile[] =>
    reports.filter((report) => report.kind === kind).map(sourceOf);
  return { customer: sourcesOf('customer'), invoice: sourcesOf('invoice'), items: sourcesOf('items') };
}

function judge(app: App, reports: readonly FileReport[], validate: boolean): void {
  if (!reports.some(hasErrors)) {
    for (const { file, findings } of reports)
      for (const { line, column, message, hint } of findings)
        app.ui.warn(`${[file, line, column].filter((part) => part !== null).join(':')}: ${message}; ${hint}`);
    return;
  }
  const unreadable = reports.filter((report) => report.sha256 === null || report.bytes === null);
  if (validate || unreadable.length > 0) {
    const bad = reports.filter(hasErrors);
    app.soFar(() => ({ files: reports, text: findingsText(validate ? bad : unreadable, app.ui) }));
    throw invalidFiles(reports);
  }
  app.ui.warn(
    `sent as they are (--no-validate): ${reports
      .filter(hasErrors)
      .map((report) => report.file)
      .join(', ')}`,
  );
}

function sourceOf(report: FileReport): SourceFile {
  const { path, file, bytes, sha256, md5, amount = null } = report;
  if (bytes === null || sha256 === null || md5 === null) throw invalidFiles([report]);
  return { path, name: file, bytes, records: report.records, sha256, md5, amount };
}

/** Somewhere result files can go: a folder, or nothing yet. @throws EbillError USAGE before anything is sent */
export async function assertFolder(path: string, option = '--download'): Promise<void> {
  const there = await stat(path).catch(() => null);
  if (there !== null && !there.isDirectory()) {
    throw new EbillError('USAGE', `${path} is a file, not a folder for result files.`, {
      hint: `Name another folder with ${option}.`,
    });
  }
}

/** ms between two words on how far it is. */
const PAUSE_MS = 100;

/** Tells how far the check of several files is, over all of them: hand the result to it as `onProgress`. */
export async function checkProgress(
  context: Context,
  files: readonly FileToCheck[],
  emit: Listener,
): Promise<(progress: CheckProgress) => void> {
  const sizes = await Promise.all(
    files.map(({ path }) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const read = new Map<string, number>();
  let told = context.now();
  return ({ path, bytes }) => {
    read.set(path, bytes);
    const now = context.now();
    if (now - told < PAUSE_MS) return;
    told = now;
    const all = [...read.values()].reduce((sum, size) => sum + size, 0);
    emit({ event: 'check.progress', bytes: Math.min(all, total), total });
  };
}

/** What a file adds up to: to be held against the books before it is handed over. */
interface ControlTotal {
  readonly file: string;
  readonly kind: FileKind;
  /** Besides the header; `null` when the file could not be read. */
  readonly records: number | null;
  /** The sum of its amounts as a decimal; `null` when no column is named for them or a value is no amount. */
  readonly amount: string | null;
}

export function totalsOf(reports: readonly FileReport[]): readonly ControlTotal[] {
  return reports.map(({ file, kind, records, amount }) => ({ file, kind, records, amount: amount ?? null }));
}

/** The control totals for people, a line for each file. */
export function totalsTable(reports: readonly FileReport[], look: Theme): Promise<string> {
  const rows = totalsOf(reports).map(({ file, kind, records, amount }) => [
    file,
    kind,
    records === null ? null : count(records),
    amount,
  ]);
  const heads = [
    'File',
    'Kind',
    { title: 'Records', right: true },
    { title: 'Amount', right: true, least: 20 },
  ];
  return table(heads, rows, look);
}

/** The profile a call would go by, without its secret; `null` when none is named or in use. */
export async function profileOf(app: App): Promise<Profile | null> {
  const asked = profileToUse(app.globals, environmentLayer(app.context.env));
  if (asked === 'none') return null;
  const profiles = await loadProfiles(app.context);
  const name = asked === 'default' ? profiles.current : checkProfileName(asked.name);
  return name === null ? null : profileNamed(profiles, name);
}
