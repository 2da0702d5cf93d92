import { dirname, join, relative, resolve } from 'node:path';
import { initJobId } from '../../batch/job-ids.ts';
import { type PlannedCall, recordApproval, recordCall } from '../../load/calls.ts';
import { APPROVED, type SourceFile } from '../../load/entries.ts';
import type { LoadEvent, PlanEntry } from '../../load/events.ts';
import { resultsFolder } from '../../load/file-names.ts';
import { assertSameInit } from '../../load/init.ts';
import { otherLoadsReader, setCurrentJob } from '../../load/loads.ts';
import { assertRestartable, confirmPlan, restartTargets } from '../../load/open-invoice.ts';
import { assertNotProcessed } from '../../load/other-loads.ts';
import { assignMonth, type Month, type MonthFiles } from '../../load/plan.ts';
import type { Run } from '../../load/run.ts';
import { type BatchState, initOnRecord, itemsOf, type LoadState } from '../../load/state.ts';
import { viewLoad } from '../../load/view.ts';
import { counted } from '../../output/format.ts';
import { type ResolvedPlanFiles, resolvePlanFiles } from '../../plan/plan-files.ts';
import { type PlanFile, readPlan } from '../../plan/read-plan.ts';
import type { App, CommandResult } from '../shared/command.ts';
import { assertInitAllowed, confirmInit, confirmProduction } from '../shared/confirm.ts';
import { type CheckedFiles, checkedFiles, columnsFor } from '../shared/file-checks.ts';
import { assertNew, monthSends, parentRef } from '../shared/load-steps.ts';
import { fetchResults } from '../shared/results-flow.ts';
import { assertFolder, assertOwnFolder, assertReplaceable } from '../shared/results-folder.ts';
import { adoptDamaged, readLoad, type Session, withLoad, withSession } from '../shared/session.ts';
import { type StrictOptions, strictnessOf, typedStrict } from '../shared/strict.ts';
import { batchTimes } from '../shared/wait.ts';
import {
  type ApprovalFile,
  type Asked,
  assertApproved,
  assertNothingElse,
  freezePlan,
  frozen,
  readApproval,
  withoutChoices,
} from './approval.ts';
import { collectResults } from './collect-results.ts';
import { dryRunMonth } from './dry-run.ts';
import { holdAgainstLast } from './expectations.ts';
import { type PlannedMonth, runMonth, type StepOptions } from './month.ts';

export interface RunPlanOptions extends StepOptions, StrictOptions {
  /** The folder for results, rejects and report; `null`: named like the load. */
  readonly out: string | null;
  readonly restartInvoice: boolean;
  /** The load to compare with, `last` or `none`; `null`: as the plan says. */
  readonly against: string | null;
  /** The file to write what would be sent to, instead of sending it. */
  readonly freeze: string | null;
  /** The file that says what may be sent, and who approved it. */
  readonly approved: string | null;
  readonly approvedBy: string | null;
}

/** A plan that was read, and where its results go. */
interface PlanRun {
  readonly options: RunPlanOptions;
  readonly file: PlanFile;
  /** Absolute path of the plan. */
  readonly path: string;
  /** Absolute. */
  readonly folder: string;
  /** The approval that it is checked against; `null`: nothing. */
  readonly approval: ApprovalFile | null;
}

/** Runs or resumes the plan at `name`, or shows with `--dry-run` what that would do, or freezes it with `--freeze`. */
export async function runPlan(app: App, name: string, options: RunPlanOptions): Promise<CommandResult> {
  const { cwd } = app.context;
  const path = resolve(cwd, name);
  const file = await readPlan(path, name);
  const { plan } = file;
  app.soFar(() => ({ job: plan.job }));
  const found = await resolvePlanFiles(plan, dirname(path), file.name, app.context);
  const folder = resolve(cwd, options.out ?? resultsFolder(plan.job));
  await assertFolder(folder, '--out');
  await assertReplaceable(join(folder, 'report.html'));
  const { approved, approvedBy } = options;
  const approval = approved === null ? null : await readApproval(app, approved, approvedBy);
  const what = { options, file, path, folder, approval };
  const result = withSession(app, (session) => prepare(session, what, found));
  return approval === null ? result : result.catch(withoutChoices);
}

/** Checks the files, asks for confirmation, and opens the load. */
async function prepare(session: Session, what: PlanRun, found: ResolvedPlanFiles): Promise<CommandResult> {
  const { app, connection, owner } = session;
  const { options, folder, file, path, approval } = what;
  const dryRun = app.globals.dryRun || options.freeze !== null;
  const { plan } = file;
  session.emit({ event: 'run.start', job: plan.job });
  await assertOwnFolder(folder, owner, plan.job);
  if (options.adopt && !dryRun) await adoptDamaged(session, plan.job);
  const known = await readLoad(session, plan.job);
  const init =
    plan.init === null ? null : { ...plan.init, jobId: initOnRecord(known)?.jobId ?? initJobId(plan.job) };
  const starts = init !== null && known?.batches.get(init.jobId)?.created !== 'yes';
  if (init !== null) assertSameInit(known, init);
  // Refused before gigabytes are read, and asked after, when the files are known to be good.
  if (starts && !dryRun) assertInitAllowed(app, init);
  const checked = await checkPlanFiles(session, file, found, options);
  const { files, recognised, customersBilled, columns, strict } = checked;
  const now = frozen(app, { plan, folder: dirname(path), options, connection, files, columns, strict });
  if (approval !== null) assertApproved(app, approval, now);
  const { job, expect } = plan;
  const comparison = await holdAgainstLast(session, {
    job,
    expect,
    against: options.against ?? expect.against,
    files,
    customersBilled,
    known,
  });
  const assigned = (state: LoadState): Month =>
    assignMonth(state, files, {
      next: options.next,
      restart: new Set(
        options.restartInvoice ? incompleteInvoices(state, files).map(({ jobId }) => jobId) : [],
      ),
      names: connection.statusNames,
      terminal: app.context,
    });
  const sends =
    !dryRun &&
    (known === null || options.restartInvoice || monthSends(known, init?.jobId ?? null, assigned(known)));
  // Before anybody is asked; and once more below, when the load is locked.
  if (known === null && !dryRun && !options.adopt)
    assertNotProcessed(
      await otherLoadsReader(app.context.paths.state, owner, plan.job)(),
      [...files.customers, ...files.invoices.flatMap(({ file: one, items }) => [one, ...items])].map(
        (one) => ({ file: one, action: 'new' as const }),
      ),
      null,
      connection.statusNames,
    );
  if (sends)
    await confirmProduction(app, connection, `run the plan of ${plan.job}`, {
      files: [
        ...files.customers.map((one) => ({ kind: 'customer' as const, file: one })),
        ...files.invoices.flatMap(({ file: one, items }) => [
          { kind: 'invoice' as const, file: one },
          ...items.map((item) => ({ kind: 'items' as const, file: item })),
        ]),
      ],
      asksLater: starts,
    });
  if (starts && !dryRun) await confirmInit(app, plan.job, init, connection.baseUrl);
  const work = async (run: Run): Promise<CommandResult> => {
    const { state } = run.journal;
    const restarted = options.restartInvoice ? incompleteInvoices(state, files) : [];
    const planned = dryRun ? assigned(state) : await confirmedMonth(run, assigned, restarted);
    const { customers, invoices } = planned;
    await assertNew(
      run,
      [...customers, ...invoices.flatMap(({ invoice, items }) => [invoice, ...items])],
      null,
    );
    if (approval !== null) assertNothingElse(approval, run.journal.state, planned);
    if (options.freeze !== null)
      return freezePlan(session, [path, ...typedOptions(options)], options.freeze, now);
    const month: PlannedMonth = { init, ...planned, accepted: plan.accept.failedRecords };
    session.emit(await planEvent(session, month, run));
    const result = await (dryRun
      ? dryRunMonth(session, run, month, comparison)
      : perform(session, run, { ...month, customersBilled }, what));
    return { ...result, recognised, comparison };
  };
  return withLoad(session, plan.job, work, dryRun);
}

/** @throws EbillError INVALID_FILE */
async function checkPlanFiles(
  { app, emit, connection }: Session,
  { plan }: PlanFile,
  found: ResolvedPlanFiles,
  options: StrictOptions,
): Promise<
  Pick<CheckedFiles, 'recognised' | 'customersBilled'> & Pick<Asked, 'files' | 'columns' | 'strict'>
> {
  emit({ event: 'stage.start', stage: 'check' });
  const columns = await columnsFor(app, [], plan.columns);
  const strict = strictnessOf(options, plan, connection);
  const checked = await checkedFiles(
    app,
    [
      ...found.customers.map((path) => ({ path, kind: 'customer' as const })),
      ...found.invoices.map(({ file }) => ({ path: file, kind: 'invoice' as const })),
      ...found.invoices.flatMap(({ file, items }) =>
        items.map((path) => ({ path, kind: 'items' as const, of: file })),
      ),
    ],
    { validate: true, columns, strict },
    emit,
  );
  const all = [...checked.customer, ...checked.invoice, ...checked.items];
  const records = all.reduce((sum, file) => sum + (file.records ?? 0), 0);
  const message = `${counted(all.length, 'file', 'files')}, ${counted(records, 'record', 'records')}`;
  emit({ event: 'stage.end', stage: 'check', outcome: 'done', message });
  const byPath = new Map(all.map((file) => [file.path, file]));
  const at = (paths: readonly string[]): SourceFile[] => paths.flatMap((path) => byPath.get(path) ?? []);
  const invoices = found.invoices.flatMap(({ file, items }) =>
    at([file]).map((invoice) => ({ file: invoice, items: at(items) })),
  );
  const files = { customers: at(found.customers), invoices };
  const { recognised, customersBilled } = checked;
  return { files, recognised, customersBilled, columns: columns.declared, strict };
}

/** The invoice batches to start over: those with items that were not uploaded completely. */
const incompleteInvoices = (state: LoadState, { invoices }: MonthFiles): readonly BatchState[] =>
  restartTargets(
    state,
    invoices.map(({ file }) => file),
  ).filter(
    (batch) => batch.finalized !== 'yes' && itemsOf(state, batch).some(({ uploaded }) => uploaded !== 'yes'),
  );

/** The plan, after the server was asked what the journal cannot know. @throws EbillError CONFLICT */
async function confirmedMonth(
  run: Run,
  assigned: (state: LoadState) => Month,
  restarted: readonly BatchState[],
): Promise<Month> {
  await assertRestartable(run, restarted);
  return confirmPlan(
    run,
    () => assigned(run.journal.state),
    ({ customers, invoices }) => ({
      heads: [...customers, ...invoices.map(({ invoice }) => invoice)],
      invoices: invoices.map(({ invoice, items }) => ({ jobId: invoice.jobId, items })),
    }),
  );
}

/** The options of a command line that decide what is sent, as they are typed. */
function typedOptions(options: RunPlanOptions): readonly string[] {
  const { out, adopt, next, restartInvoice, against, watch } = options;
  return [
    ...(out === null ? [] : ['--out', out]),
    ...(adopt ? ['--adopt'] : []),
    ...(next ? ['--next'] : []),
    ...(restartInvoice ? ['--restart-invoice'] : []),
    ...typedStrict(options),
    ...(against === null ? [] : ['--against', against]),
    ...Object.entries(watch.recordStatus).flatMap(([value, is]) => ['--record-status', `${value}=${is}`]),
  ];
}

/** The run with all of its files, as it is put on record. */
function callOf(
  run: Run,
  { customers, invoices, customersBilled }: Month & Pick<CheckedFiles, 'customersBilled'>,
  { path, options }: PlanRun,
): PlannedCall {
  const { approved, approvedBy } = options;
  return {
    command: 'run',
    billed: customersBilled,
    options: [
      ...typedOptions(options),
      ...(approved === null ? [] : [APPROVED, resolve(run.context.cwd, approved)]),
      ...(approvedBy === null ? [] : ['--approved-by', approvedBy]),
    ],
    paths: [path],
    files: [
      ...[...customers, ...invoices.map(({ invoice }) => invoice)].map((to) => ({ to, parent: null })),
      ...invoices.flatMap(({ invoice, items }) =>
        items.map((to) => ({ to, parent: parentRef(run, invoice.jobId) })),
      ),
    ],
  };
}

async function perform(
  session: Session,
  run: Run,
  month: PlannedMonth & Pick<CheckedFiles, 'customersBilled'>,
  what: PlanRun,
): Promise<CommandResult> {
  const { app, owner } = session;
  const { options, file, path, folder, approval } = what;
  const { state } = run.journal;
  const recordStatus = { ...file.plan.recordStatus, ...options.watch.recordStatus };
  await setCurrentJob(app.context.paths.state, owner, state.header.job);
  if (approval !== null) await recordApproval(run, approval.approved);
  await recordCall(run, callOf(run, month, what));
  const end = await runMonth(
    {
      app,
      run,
      options,
      folder: relative(app.context.cwd, folder),
      fetchTo: folder,
      readCounts: async (jobIds) => (await fetchResults(app, run, jobIds, { folder, recordStatus })).batches,
    },
    month,
  );
  return collectResults(session, run, end, {
    folder,
    recordStatus,
    plan: { path, sha256: file.sha256 },
    approval: approval?.approved ?? null,
  });
}

/** What the plan comes to, before anything is sent. */
async function planEvent(
  { connection }: Session,
  { init, customers, invoices }: PlannedMonth,
  run: Run,
): Promise<LoadEvent> {
  const entries: PlanEntry[] =
    init === null ? [] : [{ stage: 'init', jobId: init.jobId, file: null, parent: null }];
  for (const { jobId, file } of customers) entries.push({ stage: 'customers', jobId, file, parent: null });
  for (const { invoice, items } of invoices) {
    entries.push({ stage: 'invoices', jobId: invoice.jobId, file: invoice.file, parent: null });
    for (const { jobId, file } of items)
      entries.push({ stage: 'invoices', jobId, file, parent: invoice.jobId });
  }
  return {
    event: 'plan',
    server: connection.baseUrl,
    profile: connection.profile,
    entries,
    recorded: viewLoad(run.journal.state, run.statusNames),
    times: await batchTimes(run),
  };
}
