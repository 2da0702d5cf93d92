import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Connection, serverOf } from '../../api/connection.ts';
import type { Columns } from '../../batch/columns.ts';
import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import { APPROVED, type Approved } from '../../load/entries.ts';
import type { Month, MonthFiles } from '../../load/plan.ts';
import { itemsOf, type LoadState } from '../../load/state.ts';
import { counted } from '../../output/format.ts';
import { safeJson } from '../../output/json-text.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import {
  type Approval,
  approvalOf,
  type Difference,
  differences,
  parseApproval,
} from '../../plan/approval.ts';
import type { Plan } from '../../plan/plan-schema.ts';
import { masked } from '../../profile/pairs.ts';
import type { Redacted } from '../../redact/redactor.ts';
import { writeRedacted } from '../../system/atomic-file.ts';
import { oneLine, quoted, visible } from '../../system/escaping.ts';
import { shownPath } from '../../system/shown-path.ts';
import { type App, type CommandResult, EMPTY_RESULT } from '../shared/command.ts';
import type { Session } from '../shared/session.ts';
import type { Strictness } from '../shared/strict.ts';
import type { StepOptions } from './month.ts';

// `run --freeze FILE` writes what a run would send; `run --approved FILE` sends it only if it is exactly that (commands rule 32).

/** What a run is asked to send. */
export interface Asked {
  readonly plan: Plan;
  /** The folder of the plan, absolute. */
  readonly folder: string;
  readonly options: Pick<StepOptions, 'adopt' | 'next' | 'watch'> & {
    readonly restartInvoice: boolean;
    readonly against: string | null;
  };
  readonly connection: Connection;
  readonly files: MonthFiles;
  /** Those of plan and profile. */
  readonly columns: Columns;
  /** As plan, command line and profile come to it. */
  readonly strict: Strictness;
}

/** What the run would send, and the text of the file that says so. */
export interface Frozen {
  readonly approval: Approval;
  readonly text: Redacted;
}

export function frozen({ redactor, userAgent }: App, asked: Asked): Frozen {
  const { plan, folder, options, connection, files, columns, strict } = asked;
  const { adopt, next, restartInvoice, watch } = options;
  const { baseUrl, organisation, statusNames, recordStatus, query, headers } = connection;
  const server = serverOf({ baseUrl });
  const approval = approvalOf({
    version: userAgent.split('/')[1] ?? '',
    server,
    // Spelled as it identifies the server.
    organisation: organisation ? serverOf({ baseUrl, organisation }).slice(server.length + 1) : null,
    plan,
    folder,
    files,
    columns,
    options: {
      adopt,
      next,
      restartInvoice,
      // The limits apply to the load that the command line names.
      expect: { ...plan.expect, against: options.against ?? plan.expect.against },
      strict: strict.because !== null,
      allowWarnings: [...strict.allowed].sort(),
      recordStatus: { ...recordStatus, ...plan.recordStatus, ...watch.recordStatus },
      statusNames,
      query: masked(query),
      headers: masked(headers),
    },
  });
  return { approval, text: redactor.sweep(`${safeJson(approval, 2)}\n`) };
}

/**
 * `--freeze`: writes what a run would send. A file that exists is never replaced; one that says the same is left as it is.
 * @param line the path of the plan, then the options that were given
 * @param name of the file, as the user wrote it
 * @throws EbillError USAGE
 */
export async function freezePlan(
  { app, owner }: Session,
  [plan = '', ...options]: readonly string[],
  name: string,
  { approval, text }: Frozen,
): Promise<CommandResult> {
  const { ui, context, globals } = app;
  const path = resolve(context.cwd, name);
  if (globals.dryRun) return { ...EMPTY_RESULT, job: approval.job, text: text.trimEnd() };
  const written = await writeRedacted(path, text, { replace: false });
  if (!written && (await readBytes(path, name)).toString('utf8') !== text)
    throw new EbillError('USAGE', `${visible(name)} already exists with other content; it was not changed.`, {
      hint: 'Nothing was sent. Name another file with --freeze, or remove that file if it is no longer needed.',
    });
  const { job, files } = approval;
  const records = files.reduce((sum, file) => sum + (file.records ?? 0), 0);
  const what = `${counted(files.length, 'file', 'files')}, ${counted(records, 'record', 'records')}`;
  const shown = shownPath(context.cwd, path);
  const result = written
    ? `Wrote ${ui.clean(shown)}: ${what}. Nothing was sent.`
    : `${ui.clean(shown)} already has this content: ${what}. Nothing was written or sent.`;
  const command = ['ebill', 'run', shownPath(context.cwd, plan), ...options, APPROVED, shown];
  return {
    ...EMPTY_RESULT,
    profile: owner.profile,
    job,
    text: hangingIndent('', result, ui.width, 2),
    next: `Next: have it approved, then: ${command.map((word) => quoted(word, context)).join(' ')}`,
    extra: { approval: { path, sha256: sha256Of(Buffer.from(text)), by: null } },
  };
}

/** An approval file as it was read. */
export interface ApprovalFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly approved: Approved;
}

/** Bytes. One of ten thousand files has about three million. */
const MAX_BYTES = 64 << 20;

/** @param by who approved it; `null`: not said @throws EbillError USAGE when it cannot be read */
export async function readApproval(
  { context: { cwd } }: App,
  name: string,
  by: string | null,
): Promise<ApprovalFile> {
  const bytes = await readBytes(resolve(cwd, name), name);
  return { name, bytes, approved: { sha256: sha256Of(bytes), by } };
}

async function readBytes(path: string, name: string): Promise<Buffer> {
  try {
    // Before it is opened: opening a named pipe waits for its writer.
    const found = await stat(path);
    if (!found.isFile()) throw new Error('it is not a regular file');
    if (found.size > MAX_BYTES) throw new Error('it is too large to be an approval');
    return await readFile(path);
  } catch (cause) {
    const missing = errnoOf(cause) === 'ENOENT';
    throw new EbillError(
      'USAGE',
      missing
        ? `The approval ${visible(name)} does not exist.`
        : `The approval ${visible(name)} cannot be read: ${messageOf(cause)}.`,
      { hint: 'Nothing was sent. To write one: ebill run PLAN --freeze FILE', cause },
    );
  }
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Differences listed in the error; `--json` has all of them. */
const LISTED = 50;

/**
 * Refuses a run that would send anything else than what was approved.
 * @throws EbillError DECLINED naming each difference
 */
export function assertApproved({ soFar }: App, { name, bytes }: ApprovalFile, now: Frozen): void {
  const text = bytes.toString('utf8');
  if (Buffer.from(now.text).equals(bytes)) return;
  const was = parseApproval(text);
  if ('problem' in was) throw notApproved([`${name} ${was.problem}.`]);
  // The file itself is redacted.
  const found = differences(was, JSON.parse(now.text) as Approval);
  soFar(() => ({ extra: { differences: found } }));
  if (found.length === 0)
    throw notApproved([
      `${name} has the same content, but its layout was changed after ebill run --freeze wrote it.`,
    ]);
  const more = found.length > LISTED ? [`and ${found.length - LISTED} more`] : [];
  throw notApproved([
    `What would be sent now differs from what ${name} approves:`,
    ...found.slice(0, LISTED).map(differenceText),
    ...more,
  ]);
}

/**
 * Refuses to finalize an invoice batch with items that the plan does not name: they would be processed with the others.
 * @throws EbillError DECLINED
 */
export function assertNothingElse(
  { name }: ApprovalFile,
  state: LoadState,
  { invoices }: Pick<Month, 'invoices'>,
): void {
  const others = invoices.flatMap(({ invoice, items }) => {
    const batch = state.batches.get(invoice.jobId);
    if (batch === undefined || batch.finalized === 'yes') return [];
    const planned = new Set(items.map(({ jobId }) => jobId));
    return itemsOf(state, batch)
      .filter(({ jobId, leftOut }) => !leftOut && !planned.has(jobId))
      .map(
        ({ jobId, file }) =>
          `${file?.name ?? 'a file sent elsewhere'} (${jobId}): not approved, and processed with ${invoice.file.name}`,
      );
  });
  if (others.length > 0)
    throw notApproved([`What would be processed now differs from what ${name} approves:`, ...others]);
}

/** The options that an error may offer on a terminal are not approved. */
export function withoutChoices(error: unknown): never {
  if (!(error instanceof EbillError) || error.choices.length === 0) throw error;
  const { code, message, hint, cause, exitCode } = error;
  throw new EbillError(code, message, { hint, cause, exitCode });
}

function differenceText({ what, was, now }: Difference): string {
  if (was === null) return `${what}: not approved, now ${now}`;
  if (now === null) return `${what}: was ${was}, now missing`;
  return `${what}: was ${was}, now ${now}`;
}

const notApproved = (lines: readonly string[]): EbillError =>
  new EbillError('DECLINED', lines.map((line) => visible(oneLine(line))).join('\n'), {
    hint: 'Nothing was sent. Undo the changes, or have a new approval approved and run with that. To write one: ebill run PLAN --freeze FILE',
  });
