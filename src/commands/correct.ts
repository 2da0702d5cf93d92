import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { outcomeOfAll } from '../batch/outcome.ts';
import type { BatchView } from '../batch/types.ts';
import { verdictOf } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import type { Run } from '../load/run.ts';
import type { BatchState } from '../load/state.ts';
import { counted } from '../output/format.ts';
import type { ColumnChange } from '../profile/pairs.ts';
import { quoted } from '../system/escaping.ts';
import type { App, CommandModule, CommandResult } from './shared/command.ts';
import { METRICS_NOTE, NOTIFY_NOTE, NOTIFY_URL_NOTE, withNotification } from './shared/notify.ts';
import { listFlag, textFlag } from './shared/options.ts';
import {
  declareSelection,
  isBatch,
  type Selection,
  type SelectionOptions,
  select,
  selectionOptions,
} from './shared/selection.ts';
import type { Session } from './shared/session.ts';
import {
  columnOptions,
  declareColumnOption,
  declareWatchOptions,
  type WaitOptions,
  watchOptions,
} from './shared/upload-options.ts';

export interface CorrectOptions extends SelectionOptions {
  /** A folder or rejects files; none: the rejects on record. */
  readonly paths: readonly string[];
  readonly columns: readonly ColumnChange[];
  readonly watch: WaitOptions;
  /** Rejected records that will not be loaded: FILE or JOBID, or :LINE of it. */
  readonly waive: readonly string[];
  readonly reason: string | null;
}

export const command: CommandModule<CorrectOptions> = {
  help: {
    notes: [
      'Finds the rejects files that "ebill results --rejects" or "ebill run" wrote, checks them like any file and against the records that they replace, and loads each as a correction of the batch it came from. A record that is loaded already is refused. A copy of what is sent is kept beside the results.',
      'Records that are rejected again are written as the next round, JOBID_rejects.csv of the correction: correct them and run the command again. A load with nothing open is closed: it has succeeded.',
      'Items go with the corrected invoices they belong to. Items of invoices that are loaded cannot be added through this API: they stay open until --waive settles them. --waive records when, by whom and why, and sends nothing.',
      NOTIFY_NOTE,
      NOTIFY_URL_NOTE,
      METRICS_NOTE,
    ],
    examples: [
      ['ebill correct', 'load the corrected rejects of the load last started here'],
      ['ebill correct AUG_2020/AUG_2020_CUS_rejects.csv --job AUG_2020', 'load one file'],
      ['ebill correct --job AUG_2020 --dry-run', 'check them, and show what would be sent'],
      [
        'ebill correct --job AUG_2020 --waive AUG_2020_ITM_1:7 --reason "credited by hand"',
        'settle one record that will not be loaded',
      ],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9, 10],
    seeAlso: ['results', 'run', 'report'],
  },
  configure(cmd) {
    cmd
      .description(
        'Load corrected rejects, each as a correction of the batch it came from, and close the load.',
      )
      .argument('[files...]', 'a folder, or rejects files (default: those on record)');
    declareSelection(cmd);
    cmd
      .option(
        '--waive <file|jobid[:line]>',
        'settle rejected records that will not be loaded (repeatable)',
        (one: string, all: string[] = []) => [...all, one],
      )
      .option('--reason <text>', 'with --waive: why they will not be loaded');
    declareColumnOption(cmd);
    declareWatchOptions(cmd);
  },
  options(args, flags) {
    const waive = listFlag(flags, 'waive');
    const reason = textFlag(flags, 'reason');
    const paths = (Array.isArray(args[0]) ? args[0] : args).filter((one) => typeof one === 'string');
    // `TEXT` is what hints have in its place: copied as it is, it is no reason.
    if (waive.length > 0 && ['', 'TEXT'].includes(reason?.trim() ?? ''))
      throw new EbillError('USAGE', '--waive needs --reason.', {
        hint: 'Say why these records will not be loaded: --reason TEXT. The report shows it.',
      });
    if (waive.length === 0 && reason !== null)
      throw new EbillError('USAGE', '--reason can be used only with --waive.', {
        hint: 'Name the records that will not be loaded with --waive, or leave --reason out.',
      });
    if (waive.length > 0 && paths.length > 0)
      throw new EbillError('USAGE', '--waive loads nothing, so it takes no files to load.', {
        hint: 'Run the command twice: with the files, and with --waive.',
      });
    return {
      ...selectionOptions(flags),
      paths,
      columns: columnOptions(flags),
      watch: watchOptions(flags),
      waive,
      reason,
    };
  },
  async run(app, options) {
    const { withSession } = await import('./shared/session.ts');
    return withNotification(app, options.watch, () =>
      withSession(app, async (session) => {
        const selection = await select(session, options);
        const { job, selected } = await chosen(session, selection);
        app.soFar(() => ({ job }));
        if (options.waive.length > 0) {
          const { waive } = await import('./correct/waive.ts');
          return waive(session, job, options);
        }
        return correct(session, job, selected, options, selection.type === 'load' && selection.lastStarted);
      }),
    );
  },
};

interface Chosen {
  readonly job: string;
  readonly selected: (batch: BatchState) => boolean;
}

/** The load on record, and which of its batches may be corrected. @throws EbillError CONFLICT, USAGE */
async function chosen({ app, owner }: Session, selection: Selection): Promise<Chosen> {
  const { readLoads } = await import('../load/loads.ts');
  const loads = await readLoads(app.context.paths.state, owner);
  if (selection.type === 'load') {
    const { job } = selection;
    if (loads.some(({ header }) => header.job === job)) return { job, selected: () => true };
    throw new EbillError('CONFLICT', `This machine has no journal of ${job}.`, {
      hint: 'Run the command on the machine that loaded it: its journal says which records were rejected.',
    });
  }
  const { refs } = selection;
  const isMeant = (batch: BatchState): boolean => refs.some((ref) => isBatch(batch, ref));
  const load = loads.find(({ batches }) => [...batches.values()].some(isMeant));
  if (load === undefined)
    throw new EbillError('CONFLICT', 'This machine has no journal with these batches.', {
      hint: 'Run the command on the machine that loaded them.',
    });
  // Items are loaded with the invoices that they belong to.
  return { job: load.header.job, selected: (batch) => batch.kind === 'items' || isMeant(batch) };
}

async function correct(
  session: Session,
  job: string,
  selected: Chosen['selected'],
  options: CorrectOptions,
  lastStarted: boolean,
): Promise<CommandResult> {
  const { app, connection, emit } = session;
  const { context } = app;
  const [
    { closeLoad, openForReading, withLoad },
    { closedLoad, standingOfLoad },
    { columnsFor },
    { confirmProduction },
    { notFetched },
    prepares,
    performs,
    { resultsPlace },
  ] = await Promise.all([
    import('./shared/session.ts'),
    import('../load/closed.ts'),
    import('./shared/file-checks.ts'),
    import('./shared/confirm.ts'),
    import('./shared/not-fetched.ts'),
    import('./correct/prepare.ts'),
    import('./correct/perform.ts'),
    import('./correct/candidates.ts'),
  ]);
  const { folder, named } = await placesOf(options.paths, context.cwd);
  const { declared: columns } = await columnsFor(app, options.columns);
  const temporary = await mkdtemp(join(tmpdir(), 'ebill-correct-'));
  try {
    // Checked and asked before the lock is taken: no other command waits for an answer.
    const reading = await openForReading(session, job);
    const results = folder ?? resultsPlace(reading, [...named.values()]);
    const prepared = await (async () => {
      try {
        const fetched = await fetch(app, reading, results, options);
        // A record is compared with every result: without one it could be loaded twice.
        const missing = notFetched([...fetched.failed, ...fetched.gone]);
        if (missing !== null) throw missing;
        return await prepares.prepare(session, reading, fetched, {
          named,
          folder,
          columns,
          selected,
          temporary,
        });
      } finally {
        await closeLoad(reading);
      }
    })();
    const lines = performs.correctionLines(prepared.groups);
    const { state } = reading.journal;
    if (lastStarted && lines.length > 0 && standingOfLoad(state, connection.statusNames) === 'closed')
      throw closedLoad(state, context);
    if (lines.length > 0)
      await confirmProduction(
        app,
        connection,
        `load ${counted(lines.length, 'correction', 'corrections')} of ${job}, and submit ${lines.length === 1 ? 'it' : 'them'} for processing`,
        {
          list: () => {
            for (const message of lines) emit({ event: 'step', jobId: null, message, ahead: true });
          },
        },
      );
    return await withLoad(session, job, async (run) => {
      if (app.globals.dryRun) return dryRun(session, run, prepared, results);
      const call = {
        options: options.columns.flatMap(([role, column]) => ['--column', `${role}=${column ?? ''}`]),
        paths: options.paths.map((path) => resolve(context.cwd, path)),
        folder: results,
        watch: options.watch,
      };
      const early =
        prepared.groups.length === 0 ? null : await performs.perform(session, run, prepared, call);
      return ended(app, run, results, options, prepared.notes, early);
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The results of the whole load: a record may be anywhere in it. */
async function fetch(app: App, run: Run, folder: string, { watch: { recordStatus } }: CorrectOptions) {
  const [{ fetchResults }, { topLevelBatches }] = await Promise.all([
    import('./shared/results-flow.ts'),
    import('./shared/targets.ts'),
  ]);
  return fetchResults(app, run, topLevelBatches(run.journal.state), { folder, recordStatus });
}

/** A folder with rejects files, or rejects files. @throws EbillError USAGE */
async function placesOf(
  paths: readonly string[],
  cwd: string,
): Promise<{ readonly folder: string | null; readonly named: ReadonlyMap<string, string> }> {
  const { namedFiles } = await import('./correct/candidates.ts');
  const [first = '', ...others] = paths.map((path) => resolve(cwd, path));
  const isFolder = await stat(first).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (paths.length === 0 || !isFolder) return { folder: null, named: namedFiles(paths, cwd) };
  if (others.length === 0) return { folder: first, named: new Map() };
  throw new EbillError('USAGE', `${first} is a folder.`, {
    hint: 'Give one folder, or rejects files.',
  });
}

/** Nets: fetches the results of the corrections, and writes what was rejected again as the next round. */
async function ended(
  app: App,
  run: Run,
  folder: string,
  options: CorrectOptions,
  notes: readonly string[],
  early: EbillError | null,
): Promise<CommandResult> {
  const [
    { correctAdvice, writeAllRejects },
    { goneWarnings, withFailures },
    { resultOf, viewsOf },
    { topLevelBatches },
  ] = await Promise.all([
    import('./shared/rejects-flow.ts'),
    import('./shared/not-fetched.ts'),
    import('./shared/batch-result.ts'),
    import('./shared/targets.ts'),
  ]);
  const { state } = run.journal;
  const { job } = state.header;
  const jobIds = topLevelBatches(state);
  for (const note of notes) app.ui.warn(note);
  if (early !== null) return resultOf(app, run, jobIds, { error: early, batches: viewsOf(run, jobIds) });
  const { files, batches, gone, failed } = await fetch(app, run, folder, options);
  for (const warning of goneWarnings(gone)) app.ui.warn(warning);
  const again = files.filter(({ jobId }) => run.journal.state.batches.get(jobId)?.corrects !== undefined);
  const rejects = await writeAllRejects(app, run, again, batches, {
    force: false,
    keyColumns: [],
    onKept: () => undefined,
  });
  for (const { message, hint } of rejects.problems) app.ui.warn(message, hint);
  const error = withFailures(app, verdictOf(batches, job, app.context, true), failed);
  const next = correctAdvice(rejects.files, batches, job, app.context);
  return resultOf(app, run, jobIds, {
    error,
    batches,
    outcome: outcomeOfAll(batches),
    ...(next === '' ? nothingLeft(batches, error, job, app) : { next }),
  });
}

const nothingLeft = (
  batches: readonly BatchView[],
  error: EbillError | null,
  job: string,
  app: App,
): Pick<CommandResult, 'next'> =>
  error === null && outcomeOfAll(batches) === 'succeeded'
    ? { next: `Nothing of ${job} is open. Next: ebill report --job ${quoted(job, app.context)}` }
    : {};

async function dryRun(
  session: Session,
  run: Run,
  { groups, notes }: Parameters<typeof import('./correct/perform.ts').perform>[2],
  folder: string,
): Promise<CommandResult> {
  const [{ assignCorrections }, { idOrPlaceholder, uploadRequests }, { requestsText }, { EMPTY_RESULT }] =
    await Promise.all([
      import('./correct/perform.ts'),
      import('./shared/load-steps.ts'),
      import('../output/print-result.ts'),
      import('./shared/command.ts'),
    ]);
  const { app, client } = session;
  const { state } = run.journal;
  for (const note of notes) app.ui.warn(note);
  const requests = assignCorrections(run, groups, folder).flatMap(({ head, items }) => {
    const { jobId } = head.to;
    const ref = { id: idOrPlaceholder(state, jobId), jobId };
    return [
      ...[head, ...items].flatMap(({ to }) => uploadRequests(client.calls, to, ref)),
      ...(state.batches.get(jobId)?.finalized === 'yes' ? [] : [client.calls.finalize(ref)]),
    ];
  });
  const text = requests.length === 0 ? 'Nothing would be sent.' : requestsText(requests, app.ui);
  return { ...EMPTY_RESULT, profile: run.profile, job: state.header.job, requests, text };
}
