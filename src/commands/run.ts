import { dirname, join, relative, resolve } from 'node:path';
import { withColumns } from '../batch/columns.ts';
import { initJobId } from '../batch/job-ids.ts';
import type { SourceFile } from '../load/entries.ts';
import type { LoadEvent, PlanEntry } from '../load/events.ts';
import { resultsFolder } from '../load/file-names.ts';
import { readJournal } from '../load/journal.ts';
import { journalPath, setCurrentJob } from '../load/loads.ts';
import { assignMonth, type MonthFiles } from '../load/plan.ts';
import type { Run } from '../load/run.ts';
import { itemsOf, startedHere } from '../load/state.ts';
import { restartInvoice } from '../load/upload.ts';
import { viewLoad } from '../load/view.ts';
import { counted } from '../output/format.ts';
import { type ResolvedPlanFiles, resolvePlanFiles } from '../plan/plan-files.ts';
import { planSchemaText } from '../plan/plan-schema.ts';
import { type PlanFile, readPlan } from '../plan/read-plan.ts';
import { dryRunMonth } from './run-dry.ts';
import { bringHome } from './run-home.ts';
import { assertOwnFolder } from './run-manifest.ts';
import { type MonthToRun, runMonth } from './run-month.ts';
import { declareRunOptions, type RunOptions, runOptions } from './run-options.ts';
import { writeStarter } from './run-starter.ts';
import { columnsFor } from './shared/column-options.ts';
import type { App, CommandModule, CommandResult } from './shared/command.ts';
import { assertInitAllowed, confirmInit, confirmProduction } from './shared/confirm.ts';
import { assertFolder, checkedSources } from './shared/file-checks.ts';
import { GITHUB_NOTE, NOTIFY_NOTE, withNotification } from './shared/notify.ts';
import { assertReplaceable } from './shared/report-file.ts';
import { closeLoad, openForReading, openForWriting, type Session, withSession } from './shared/session.ts';
import { monthSends } from './shared/to-send.ts';
import { batchTimes } from './shared/wait.ts';

/** `ebill run`: the month in one command, resumable (cli.md, "Plan file"). */
export const command: CommandModule<RunOptions> = {
  help: {
    notes: [
      'Order: check everything, init, customers, invoices with their items, results, report. Each upload is finalized and waited for. The next step starts when the previous one has no more failed records than the plan accepts (accept.failedRecords, 0 by default). A failed batch or unaccounted records always stop the run.',
      'After an interruption the same command resumes where it stopped; completed steps are skipped. On a machine without the journal of the load, add --adopt.',
      'Results, rejects, the report and a manifest are written to ./JOB (--out). --dry-run shows each step, whether it is done, and what would be sent; with --verbose also the requests.',
      NOTIFY_NOTE,
      GITHUB_NOTE,
    ],
    examples: [
      ['ebill run --init-plan --job AUG_2020', 'write plan.yaml for the CSV files in this folder'],
      ['ebill run plan.yaml --dry-run', 'check everything and show what would be sent'],
      ['ebill run plan.yaml', 'run the month, or resume it'],
      ['ebill run plan.yaml --max-wait 6h --json', 'stop waiting after 6 hours, with exit code 7'],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9],
    seeAlso: ['help plan', 'validate', 'watch', 'report'],
  },
  configure: (cmd) => {
    cmd.description('Run a whole month from a plan file. Run it again to resume after any interruption.');
    declareRunOptions(cmd);
  },
  options: (args, flags) => runOptions(args, flags),
  run: async (app, options) => {
    if (options.planSchema) return said(planSchemaText().trimEnd());
    if (options.initPlan) return writeStarter(app, options);
    return withNotification(app, options.watch.notify, () => runPlan(app, options, options.plan ?? ''));
  },
};

const said = (text: string): CommandResult => ({
  profile: null,
  job: null,
  outcome: null,
  batches: [],
  error: null,
  text,
});

async function runPlan(app: App, options: RunOptions, name: string): Promise<CommandResult> {
  const { cwd } = app.context;
  const path = resolve(cwd, name);
  const file = await readPlan(path, name);
  const { plan } = file;
  app.soFar(() => ({ job: plan.job }));
  const found = await resolvePlanFiles(plan, dirname(path), file.name, app.context);
  const folder = resolve(cwd, options.out ?? resultsFolder(plan.job));
  await assertFolder(folder, '--out');
  await assertReplaceable(join(folder, 'report.html'));
  return withSession(app, async (session) => {
    session.emit({ event: 'run.start', job: plan.job });
    await assertOwnFolder(folder, session.owner, plan.job);
    const known = await readJournal(journalPath(app.context.paths.state, session.owner, plan.job));
    const initiated = known?.batches.get(initJobId(plan.job))?.created === 'yes';
    const init = plan.init === null ? null : { ...plan.init, jobId: initJobId(plan.job) };
    // Refused before gigabytes are read; asked after, when there is something to look at.
    if (init !== null && !initiated && !app.globals.dryRun) assertInitAllowed(app, init);
    const files = await checked(session, file, found);
    const asks = init !== null && !initiated;
    const sends =
      known === null ||
      options.restartInvoice ||
      monthSends(known, init?.jobId ?? null, assignMonth(known, files, options.next));
    if (sends) await confirmProduction(app, session.connection, `run the plan of ${plan.job}`, asks);
    if (asks && !app.globals.dryRun) await confirmInit(app, plan.job, init, session.connection.baseUrl);
    const run = app.globals.dryRun
      ? await openForReading(session, plan.job)
      : await openForWriting(session, plan.job);
    try {
      if (options.restartInvoice && !app.globals.dryRun) await restartStuck(run, files);
      const month = assignMonth(run.journal.state, files, options.next);
      const what: MonthToRun = { init, month, accepted: plan.accept.failedRecords };
      session.emit(await planEvent(session, what, run));
      if (app.globals.dryRun) return await dryRunMonth(session, run, what);
      return await perform(session, run, what, { options, folder, file, path });
    } finally {
      await closeLoad(run);
    }
  });
}

/** Every file of the plan, checked and held against the others. @throws EbillError INVALID_FILE */
async function checked(session: Session, { plan }: PlanFile, found: ResolvedPlanFiles): Promise<MonthFiles> {
  const { app, emit } = session;
  emit({ event: 'stage.start', stage: 'check' });
  const columns = withColumns(await columnsFor(app, []), plan.columns);
  const sources = await checkedSources(
    app,
    [
      ...found.customers.map((path) => ({ path, kind: 'customer' as const })),
      ...found.invoices.map(({ file }) => ({ path: file, kind: 'invoice' as const })),
      ...found.invoices.flatMap(({ file, items }) =>
        items.map((path) => ({ path, kind: 'items' as const, of: file })),
      ),
    ],
    { validate: true, columns },
    emit,
  );
  const byPath = new Map(
    [...sources.customer, ...sources.invoice, ...sources.items].map((source) => [source.path, source]),
  );
  const of = (paths: readonly string[]): SourceFile[] => paths.flatMap((path) => byPath.get(path) ?? []);
  const all = [...byPath.values()];
  const records = all.reduce((sum, source) => sum + (source.records ?? 0), 0);
  const message = `${counted(all.length, 'file', 'files')}, ${counted(records, 'record', 'records')}`;
  emit({ event: 'stage.end', stage: 'check', outcome: 'done', message });
  return {
    customers: of(found.customers),
    invoices: found.invoices.flatMap(({ file, items }) =>
      of([file]).map((invoice) => ({ file: invoice, items: of(items) })),
    ),
  };
}

/** Starts the invoice batches over whose items were begun and are not all there (batch-api.md, row Create upload). */
async function restartStuck(run: Run, { invoices }: MonthFiles): Promise<void> {
  for (const { file } of invoices) {
    const { state } = run.journal;
    const batch = [...state.batches.values()].find(
      (one) => one.kind === 'invoice' && !one.abandoned && one.file?.sha256 === file.sha256,
    );
    if (batch === undefined || batch.finalized === 'yes') continue;
    if (itemsOf(state, batch).some(({ uploaded }) => uploaded !== 'yes')) await restartInvoice(run, file);
  }
}

interface Doing {
  readonly options: RunOptions;
  /** Where all that comes home goes, absolute. */
  readonly folder: string;
  readonly file: PlanFile;
  /** The plan's, absolute. */
  readonly path: string;
}

async function perform(
  session: Session,
  run: Run,
  what: MonthToRun,
  { options, folder, file, path }: Doing,
): Promise<CommandResult> {
  const { app } = session;
  const { job } = run.journal.state.header;
  await setCurrentJob(app.context.paths.state, session.owner, job);
  if (what.init === null && !startedHere(run.journal.state)) {
    app.ui.note('This load was not started on this machine: each name is looked up on the server first.');
  }
  const settle = async (jobIds: readonly string[]) =>
    (
      await (
        await import('./shared/results-flow.ts')
      ).fetchResults(app, run, jobIds, {
        folder,
        force: false,
        columns: { status: null, message: null },
      })
    ).batches;
  const shown = relative(app.context.cwd, folder);
  const end = await runMonth({ app, run, options, folder: shown, settle }, what);
  return bringHome(session, run, end, {
    folder,
    plan: { path, sha256: file.sha256 },
  });
}

/** What the plan comes to, before anything is sent. */
async function planEvent({ connection }: Session, { init, month }: MonthToRun, run: Run): Promise<LoadEvent> {
  const entries: PlanEntry[] =
    init === null ? [] : [{ stage: 'init', jobId: init.jobId, file: null, parent: null }];
  for (const { jobId, file } of month.customers)
    entries.push({ stage: 'customers', jobId, file, parent: null });
  for (const { invoice, items } of month.invoices) {
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
