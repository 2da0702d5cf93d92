import { stat } from 'node:fs/promises';
import {
  type ColumnChoice,
  type Columns,
  columnChoice,
  ROLE_NAMES,
  withColumns,
} from '../../batch/columns.ts';
import type { FileKind } from '../../batch/types.ts';
import { BilledCustomers } from '../../files/billed-customers.ts';
import { expandFiles, rejectSharedNames } from '../../files/file-arguments.ts';
import { type FileReport, type FileToCheck, hasErrors, invalidFiles } from '../../files/findings.ts';
import { Hashing } from '../../files/hashing.ts';
import { type CheckProgress, checkFiles } from '../../files/preflight.ts';
import type { Recognition } from '../../files/recognise.ts';
import type { SourceFile } from '../../load/entries.ts';
import type { Listener } from '../../load/events.ts';
import { findingsText } from '../../output/findings-text.ts';
import { totalLine } from '../../output/format.ts';

import type { RecognisedColumn } from '../../output/json.ts';

import type { Ui } from '../../output/ui.ts';

import { type ColumnChange, changedColumns } from '../../profile/pairs.ts';
import { checkProfileName, type Profile, profileNamed } from '../../profile/profile.ts';
import { environmentLayer, profileToUse } from '../../profile/resolve.ts';
import { loadProfiles } from '../../profile/store.ts';
import type { Context } from '../../system/context.ts';
import type { App } from './command.ts';
import { type GivenFiles, recognised, recognisedFacts, sayRecognised } from './recognition.ts';
import { type Strictness, stoppingWarnings, strictError } from './strict.ts';

/** Files that passed the check, by kind, and the columns recognised in them. */
export interface CheckedFiles extends Readonly<Record<FileKind, readonly SourceFile[]>> {
  readonly recognised: readonly RecognisedColumn[];
  /** Customers that the invoice files bill, each once; `null` when unknown. */
  readonly customersBilled: number | null;
}

const KINDS: readonly FileKind[] = ['customer', 'invoice', 'items'];

/** ms between two progress events. */
const PROGRESS_MS = 100;

/**
 * The files the arguments name, as absolute paths in natural order, by kind (commands rule 14).
 * @throws EbillError USAGE for a pattern that matches nothing, or two files of one name
 */
export async function givenFiles(app: App, given: GivenFiles): Promise<readonly FileToCheck[]> {
  const found: FileToCheck[] = [];
  for (const kind of KINDS)
    for (const path of await expandFiles(given[kind] ?? [], app.context)) found.push({ path, kind });
  rejectSharedNames(found.map(({ path }) => path));
  return found;
}

/** What the check of the files of a call found. */
export interface CheckReport {
  readonly reports: readonly FileReport[];
  readonly recognition: Recognition;
  readonly customersBilled: number | null;
}

/** Reads every file once, with progress events, and reports what it found, also across the files. */
export async function reportFiles(
  { context }: App,
  files: readonly FileToCheck[],
  choice: ColumnChoice,
  emit: Listener,
): Promise<CheckReport> {
  emit({ event: 'check.start', files: files.length });
  const sizes = await sizesOf(files);
  const onProgress = checkProgress(context, sizes, emit);
  const hashing = new Hashing();
  try {
    hashing.expect(sizes);
    const recognition = await recognised(files, choice);
    const billed = new BilledCustomers();
    const { signal } = context;
    const reports = await checkFiles(files, { signal, recognition, billed, hashing, onProgress });
    return { reports, recognition, customersBilled: billed.count };
  } finally {
    void hashing.close();
  }
}

/**
 * Checks every file before the first byte is sent, and shows warnings and control totals.
 * @throws EbillError INVALID_FILE with the findings of every bad file; with `validate` off only for unreadable files;
 *   for warnings where `strict` says so
 */
export async function checkedFiles(
  app: App,
  files: readonly FileToCheck[],
  {
    validate,
    columns,
    strict,
  }: { readonly validate: boolean; readonly columns: ColumnChoice; readonly strict: Strictness },
  emit: Listener,
): Promise<CheckedFiles> {
  // Without the check no file is refused for its columns, and none needs a warning about them.
  const choice = validate ? columns : { ...columns, without: new Set(ROLE_NAMES) };
  const { reports, recognition, customersBilled } = await reportFiles(app, files, choice, emit);
  const facts = recognisedFacts(recognition);
  app.soFar(() => ({ recognised: facts }));
  const sum = (pick: (report: FileReport) => number | null): number =>
    reports.reduce((total, report) => total + (pick(report) ?? 0), 0);
  emit({
    event: 'check.end',
    files: reports.length,
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    bad: reports.filter(hasErrors).length,
  });
  sayRecognised(app, recognition, strict.because !== null);
  assertValid(app, reports, validate, strict);
  const checked = reports.map((report) => ({ kind: report.kind, file: sourceOf(report) }));
  for (const { file } of checked) {
    const message = totalLine(file.name, file.records, file.amount ?? null);
    if (message !== null) emit({ event: 'step', jobId: null, message });
  }
  const ofKind = (kind: FileKind): SourceFile[] =>
    checked.filter((one) => one.kind === kind).map(({ file }) => file);
  return {
    customer: ofKind('customer'),
    invoice: ofKind('invoice'),
    items: ofKind('items'),
    recognised: facts,
    customersBilled,
  };
}

function assertValid(
  { ui, soFar, command }: App,
  reports: readonly FileReport[],
  validate: boolean,
  strict: Strictness,
): void {
  if (!reports.some(hasErrors)) {
    // --no-validate sends the files as they are.
    const stopped = validate ? strictError(reports, strict, command) : null;
    if (stopped !== null) {
      soFar(() => ({ files: reports }));
      showFindings(
        ui,
        reports.filter((report) => stoppingWarnings(report, strict).length > 0),
      );
      throw stopped;
    }
    for (const { file, findings } of reports)
      for (const { line, column, message, hint } of findings)
        ui.warn(`${[file, line, column].filter((part) => part !== null).join(':')}: ${message}.`, hint);
    return;
  }
  const bad = reports.filter(hasErrors);
  // Unread, or with a name that no request can carry.
  const unusable = reports.filter(
    ({ sha256, bytes, findings }) =>
      sha256 === null || bytes === null || findings.some(({ code }) => code === 'file-name'),
  );
  if (validate || unusable.length > 0) {
    soFar(() => ({ files: reports }));
    showFindings(ui, validate ? bad : unusable);
    throw invalidFiles(reports);
  }
  ui.warn(`uploaded in spite of errors (--no-validate): ${bad.map(({ file }) => file).join(', ')}`);
}

/** On stderr: the findings are the result of `validate` only (commands rule 22). */
function showFindings(ui: Ui, reports: readonly FileReport[]): void {
  if (ui.progress !== 'json') ui.screen.line(findingsText(reports, ui.err));
  else
    for (const { file, findings } of reports)
      for (const { severity, code, line, column, message, hint } of findings)
        ui.event('finding', { file, severity, code, line, column, message, hint });
}

function sourceOf(report: FileReport): SourceFile {
  const { path, file, bytes, sha256, md5, crc32, amount = null } = report;
  if (bytes === null || sha256 === null || md5 === null || crc32 === null) throw invalidFiles([report]);
  return { path, name: file, bytes, records: report.records, sha256, md5, crc32, amount };
}

/** The columns to check: those of the plan over `--column` over those of the profile. @throws EbillError USAGE */
export async function columnsFor(
  app: App,
  options: readonly ColumnChange[],
  plan: Columns = {},
): Promise<ColumnChoice> {
  const ofProfile = (await profileInUse(app))?.columns ?? {};
  return columnChoice(withColumns(changedColumns(ofProfile, options), plan));
}

/** The profile a command would use, without its secret; `null` when there is none. @throws EbillError USAGE */
export async function profileInUse(app: App): Promise<Profile | null> {
  const choice = profileToUse(app.globals, environmentLayer(app.context.env));
  if (choice === 'none') return null;
  const profiles = await loadProfiles(app.context);
  const name = choice === 'default' ? profiles.current : checkProfileName(choice.name);
  return name === null ? null : profileNamed(profiles, name);
}

/** In bytes; 0 for a file that is not there. */
const sizesOf = (files: readonly FileToCheck[]): Promise<readonly number[]> =>
  Promise.all(
    files.map(({ path }) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );

/** A listener for `checkFiles` that emits how many bytes have been read of all the files together. */
export function checkProgress(
  context: Context,
  sizes: readonly number[],
  emit: Listener,
): (progress: CheckProgress) => void {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const read = new Map<string, number>();
  let emittedAt = context.now();
  return ({ path, bytes }) => {
    read.set(path, bytes);
    const now = context.now();
    if (now - emittedAt < PROGRESS_MS) return;
    emittedAt = now;
    const all = [...read.values()].reduce((sum, size) => sum + size, 0);
    emit({ event: 'check.progress', bytes: Math.min(all, total), total });
  };
}
