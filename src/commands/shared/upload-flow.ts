import { resolve } from 'node:path';
import type { Call, ParentRef } from '../../api/request.ts';
import { batchJobId } from '../../batch/job-ids.ts';
import { isSettled } from '../../batch/outcome.ts';
import type { StatusNames } from '../../batch/phase.ts';
import { flatten } from '../../batch/tree.ts';
import type { FileKind } from '../../batch/types.ts';
import { missingHint, missingText } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import type { FileToCheck } from '../../files/findings.ts';
import { type PlannedCall, recordCall } from '../../load/calls.ts';
import { assertNoneDropped } from '../../load/complete.ts';
import type { SourceFile } from '../../load/entries.ts';
import { leaveOut } from '../../load/leave-out.ts';
import { setCurrentJob } from '../../load/loads.ts';
import {
  assertLost,
  assertRestartable,
  confirmPlan,
  hasArrived,
  invoiceOnRecord,
  openInvoice,
  restartTargets,
} from '../../load/open-invoice.ts';
import { type Assignment, assertOneKind, assign } from '../../load/plan.ts';
import type { Run } from '../../load/run.ts';
import type { LoadState } from '../../load/state.ts';
import { counted } from '../../output/format.ts';
import { requestsText } from '../../output/print-result.ts';
import { quoted, type Terminal } from '../../system/escaping.ts';
import { shownPath } from '../../system/shown-path.ts';
import { nextStepOf, resultOf, viewsOf } from './batch-result.ts';
import { assertOpen } from './closed-load.ts';
import { type App, type CommandResult, EMPTY_RESULT } from './command.ts';
import { confirmProduction } from './confirm.ts';
import { type CheckedFiles, checkedFiles, columnsFor, givenFiles } from './file-checks.ts';
import {
  assertNew,
  finalizeAll,
  idOrPlaceholder,
  parentRef,
  uploadAll,
  uploadRequests,
  uploadSends,
} from './load-steps.ts';
import { withNotification } from './notify.ts';
import type { GivenFiles } from './recognition.ts';
import { chosenLoad, noLoad } from './selection.ts';
import { adoptDamaged, readLoad, type Session, withLoad, withSession } from './session.ts';
import { strictnessOf } from './strict.ts';
import { recordedOptions, type Shard, type UploadOptions } from './upload-options.ts';
import { type Waited, waitFor } from './wait.ts';

/** What one upload command is to do, its files checked. */
interface Upload {
  readonly files: CheckedFiles;
  readonly options: UploadOptions;
  /** The invoice batch that `upload items` names; both `null` when it is to be found. `null` for the other commands. */
  readonly parent: ParentRef | null;
  /** Under `--shard`: each item file's number in the whole list, by path. */
  readonly numbers: ReadonlyMap<string, number> | undefined;
  /** The paths of all files, those of other shards included. */
  readonly given: readonly string[];
  readonly names: StatusNames;
  readonly terminal: Terminal;
}

/**
 * The three upload commands: check all files, plan, upload customer and invoice files, then items under their invoice batch,
 * finalize and wait as asked.
 * @param parent for `upload items`: the invoice batch named, both `null` when it is to be found
 */
export async function runUpload(
  app: App,
  options: UploadOptions,
  given: GivenFiles,
  parent: ParentRef | null,
): Promise<CommandResult> {
  const work = () => withSession(app, (session) => upload(session, options, given, parent));
  return options.wait ? withNotification(app, options.watch, work) : work();
}

async function upload(
  session: Session,
  options: UploadOptions,
  given: GivenFiles,
  parent: ParentRef | null,
): Promise<CommandResult> {
  const { app, connection, emit } = session;
  // Before the files are read: a missing base URL or load should not cost the reading of gigabytes.
  const kind = parent !== null ? 'items' : (given.invoice ?? []).length > 0 ? 'invoice' : 'customer';
  const chosen = await chosenLoad(session, options.job);
  const job = chosen?.job ?? options.jobId;
  if (job === null) throw noLoad();
  app.soFar(() => ({ job }));
  const { download } = options.watch;
  if (download !== null) {
    const { assertFolder } = await import('./results-folder.ts');
    await assertFolder(resolve(app.context.cwd, download), '--download');
  }
  const all = await givenFiles(app, given);
  const { files, numbers } = shardOf(all, options.shard);
  const columns = await columnsFor(app, options.columns);
  const strict = strictnessOf(options, null, connection);
  const checked = await checkedFiles(app, files, { validate: options.validate, columns, strict }, emit);
  const what: Upload = {
    files: checked,
    options,
    parent,
    numbers,
    given: all.map(({ path }) => path),
    names: connection.statusNames,
    terminal: app.context,
  };

  // Asked before the lock is taken: no other command waits for an answer.
  if (options.adopt) await adoptDamaged(session, job);
  const known = await readLoad(session, job);
  if (chosen?.lastStarted === true && known !== null && mayHaveWork(known, what))
    await assertOpen(session, known, kind);
  if (known === null || hasWork(known, what)) {
    const finalize = options.finalize ? ', and submit them for processing' : '';
    await confirmProduction(
      app,
      connection,
      `upload ${counted(files.length, 'file', 'files')} to ${job}${finalize}`,
      {
        files: UPLOAD_KINDS.flatMap((one) => checked[one].map((file) => ({ kind: one, file }))),
        compare: async () => {
          const { compareUpload } = await import('./comparison.ts');
          const added = addedFiles(known, what);
          if (added !== null) await compareUpload(session, job, known, added, checked.customersBilled);
        },
      },
    );
  }
  const { recognised } = checked;
  return withLoad(session, job, async (run) => ({
    ...(await (app.globals.dryRun ? dryRun(session, run, what) : perform(session, run, what))),
    recognised,
  }));
}

/** This machine's share of the files; every machine numbers the whole list alike. */
function shardOf(
  files: readonly FileToCheck[],
  shard: Shard | null,
): { readonly files: readonly FileToCheck[]; readonly numbers: ReadonlyMap<string, number> | undefined } {
  if (shard === null) return { files, numbers: undefined };
  const numbers = new Map(files.map(({ path }, index) => [path, index + 1]));
  return { files: files.filter((_file, index) => index % shard.n === shard.k - 1), numbers };
}

const UPLOAD_KINDS: readonly FileKind[] = ['customer', 'invoice', 'items'];

/** The files that an upload adds to the load; `null` where it replaces others: what it then comes to is not known yet. */
function addedFiles(
  known: LoadState | null,
  upload: Upload,
): readonly (SourceFile & { readonly kind: FileKind })[] | null {
  if (known === null)
    return UPLOAD_KINDS.flatMap((kind) => upload.files[kind].map((file) => ({ ...file, kind })));
  const { heads, items } = planUpload(known, upload);
  const all = [...heads, ...items];
  if (upload.options.restartInvoice || all.some(({ replaces }) => replaces.length > 0)) return null;
  return all
    .filter(({ action }) => action !== 'done' && action !== 'duplicate')
    .map(({ file, kind }) => ({ ...file, kind }));
}

function hasWork(state: LoadState, upload: Upload): boolean {
  if (upload.options.restartInvoice) return true;
  const { heads, items } = planUpload(state, upload);
  return uploadSends(state, [...heads, ...items], upload.options.finalize);
}

/** Files that the load cannot take are work for another one. */
function mayHaveWork(state: LoadState, upload: Upload): boolean {
  try {
    return hasWork(state, upload);
  } catch (error) {
    if (error instanceof EbillError) return true;
    throw error;
  }
}

interface Planned {
  /** Customer and invoice files. */
  readonly heads: readonly Assignment[];
  /** The files under the invoice batch. */
  readonly items: readonly Assignment[];
  /** The job id of the invoice batch; `null`: there is none, or it has to be asked for. */
  readonly invoice: string | null;
}

/**
 * Which batches the files go into, all decided before the first request, so that a conflict in the last file stops the first.
 * @param invoice the invoice batch of `upload items`, once it is known
 * @throws EbillError CONFLICT
 */
function planUpload(
  state: LoadState,
  { files, options, parent, numbers, names, terminal }: Upload,
  invoice: string | null = null,
): Planned {
  const { again, next, jobId } = options;
  const restart = new Set(
    options.restartInvoice ? restartTargets(state, files.invoice).map((batch) => batch.jobId) : [],
  );
  const all = { again, next, restart, names, terminal };
  assertOneKind(UPLOAD_KINDS.flatMap((kind) => files[kind].map((file) => ({ kind, file }))));
  const heads = (['customer', 'invoice'] as const).flatMap((kind) =>
    assign(state, kind, files[kind], { ...all, jobId }),
  );
  const under =
    parent === null
      ? (heads.find(({ kind }) => kind === 'invoice')?.jobId ?? null)
      : (invoice ?? invoiceOnRecord(state, parent)?.jobId ?? parent.jobId);
  const items = assign(state, 'items', files.items, {
    ...all,
    jobId: parent === null ? null : jobId,
    parent: under,
    ...(numbers === undefined ? {} : { numbers }),
  });
  return { heads, items, invoice: under };
}

/** The plan, after the server was asked what the journal cannot know. */
async function confirmedPlan(run: Run, upload: Upload): Promise<Planned> {
  const { parent, files, options } = upload;
  if (parent !== null) {
    const plan = planUpload(run.journal.state, upload);
    if (plan.items.every(hasArrived)) return plan;
    const invoice = await openInvoice(run, parent, options.adopt);
    return planUpload(run.journal.state, upload, invoice);
  }
  if (options.restartInvoice) await assertRestartable(run, restartTargets(run.journal.state, files.invoice));
  return confirmPlan(
    run,
    () => planUpload(run.journal.state, upload),
    ({ heads, items, invoice }) => ({ heads, invoices: [{ jobId: invoice ?? '', items }] }),
  );
}

/** The command with all of its files, as it is put on record. */
function callOf({ app }: Session, { options, given, files }: Upload, plan: Planned, run: Run): PlannedCall {
  const { invoice } = plan;
  const parent = invoice === null ? null : parentRef(run, invoice);
  const named = app.command === 'upload items' && invoice !== null ? ['--parent-job-id', invoice] : [];
  return {
    billed: files.customersBilled,
    command: app.command,
    options: [...named, ...recordedOptions(options)],
    ...(options.shard === null ? {} : { paths: given }),
    files: [...plan.heads.map((to) => ({ to, parent: null })), ...plan.items.map((to) => ({ to, parent }))],
  };
}

/** @throws EbillError CONFLICT when an invoice batch would be replaced without all of its item files */
function assertWhole(session: Session, run: Run, upload: Upload, plan: Planned): void {
  const { context } = run;
  const { cwd } = context;
  const typed = { cwd, terminal: context, shown: (path: string) => shownPath(cwd, path) };
  assertNoneDropped(run.journal.state, callOf(session, upload, plan, run), upload.options.leaveOut, typed);
}

/** The requests in their order, from the journals alone: nothing is sent. */
async function dryRun(session: Session, run: Run, upload: Upload): Promise<CommandResult> {
  const { app, client } = session;
  const { options, parent } = upload;
  const { state } = run.journal;
  const { header } = state;
  const { heads, items, invoice: under } = planUpload(state, upload);
  const invoiceJobId =
    under ?? (parent !== null && parent.id === null ? batchJobId(header.job, 'invoice', 1) : null);
  const invoice: ParentRef = {
    id: parent?.id ?? (invoiceJobId === null ? null : idOrPlaceholder(state, invoiceJobId)),
    jobId: invoiceJobId,
  };
  const files = [...heads, ...items];
  assertWhole(session, run, upload, { heads, items, invoice: under });
  await assertNew(run, files, options.again);
  const requests: Call[] = files.flatMap((file) => uploadRequests(client.calls, file, invoice));
  if (options.finalize) {
    for (const jobId of parent === null ? heads.map((head) => head.jobId) : [invoice.jobId ?? ''])
      if (state.batches.get(jobId)?.finalized !== 'yes')
        requests.push(client.calls.finalize({ id: idOrPlaceholder(state, jobId), jobId }));
  }
  const lines = files
    .filter(({ action }) => action === 'done')
    .map(({ file, jobId }) => app.ui.clean(`${file.name} is already uploaded as ${jobId}.`));
  lines.push(requests.length === 0 ? 'Nothing would be sent.' : requestsText(requests, app.ui));
  return { ...EMPTY_RESULT, profile: run.profile, job: header.job, requests, text: lines.join('\n') };
}

async function perform(session: Session, run: Run, upload: Upload): Promise<CommandResult> {
  const { app, owner } = session;
  const { options, parent } = upload;
  await setCurrentJob(app.context.paths.state, owner, run.journal.state.header.job);
  let touched: readonly string[] = [];
  app.soFar(() => ({ batches: viewsOf(run, touched) }));
  await recordBeforeWait(session, run, upload);
  const plan = await confirmedPlan(run, upload);
  assertWhole(session, run, upload, plan);
  await assertNew(run, [...plan.heads, ...plan.items], options.again);
  await assertLost(run, [...plan.heads, ...plan.items]);
  await recordCall(run, callOf(session, upload, plan, run));
  await leaveOut(run, options.leaveOut);
  const expected = ({ jobId }: Assignment): boolean => run.journal.state.batches.get(jobId)?.leftOut !== true;
  const [heads, items] = [plan.heads.filter(expected), plan.items.filter(expected)];
  touched = heads.map(({ jobId }) => jobId);
  const uploaded = await uploadAll(run, heads, null, options);
  const invoice = parent === null ? uploaded[0] : (plan.invoice ?? undefined);
  touched = [...new Set(parent === null || invoice === undefined ? uploaded : [...uploaded, invoice])];
  const isLost = (jobId: string | undefined): boolean =>
    run.journal.state.batches.get(jobId ?? '')?.missing === true;
  // The server creates no items under an invoice batch that it does not know.
  if (items.length > 0 && invoice !== undefined && !isLost(invoice))
    await uploadAll(run, items, invoice, options);

  let ended: Waited = { error: null };
  if (options.finalize) await finalizeAll(run, touched);
  if (options.wait) {
    // Waiting changes nothing: other commands may work on the load meanwhile.
    await run.lock?.release();
    ended = await waitFor(app, run, touched, options.watch);
    return resultOf(app, run, touched, ended, true);
  }
  const lost = flatten(viewsOf(run, touched)).filter(({ phase }) => phase === 'missing');
  if (lost.length > 0) {
    const error = new EbillError('UNACCOUNTED', missingText(lost), { hint: missingHint(lost) });
    return resultOf(app, run, touched, { error });
  }
  return resultOf(app, run, touched, { ...ended, next: `Next: ${nextCommand(run, touched)}` });
}

/**
 * Records item files before the wait for a finalize in doubt of their invoice batch: killed meanwhile, it must not be submitted
 * without them (api rule 28). A command that replaces batches is recorded once they are known to be drafts.
 */
async function recordBeforeWait(session: Session, run: Run, upload: Upload): Promise<void> {
  const { state } = run.journal;
  const plan = planUpload(state, upload);
  const all = [...plan.heads, ...plan.items];
  if (state.batches.get(plan.invoice ?? '')?.finalized !== 'unknown') return;
  if (plan.items.every(hasArrived) || all.some(({ replaces }) => replaces.length > 0)) return;
  assertWhole(session, run, upload, plan);
  await assertNew(run, all, upload.options.again);
  await recordCall(run, callOf(session, upload, plan, run));
}

/** The next command for the load; for these batches, while the load has nothing unfinished. */
function nextCommand(run: Run, touched: readonly string[]): string {
  const { state } = run.journal;
  const job = quoted(state.header.job, run.context);
  const step = nextStepOf(run);
  if (step.startsWith('ebill upload') || step.startsWith('ebill run')) return step;
  if (touched.some((jobId) => state.batches.get(jobId)?.finalized !== 'yes'))
    return `ebill finalize --job ${job}`;
  return viewsOf(run, touched).every(isSettled) ? step : `ebill watch --job ${job}`;
}
