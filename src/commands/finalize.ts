import type { BatchRef } from '../api/request.ts';
import type { Batch } from '../batch/types.ts';
import { verdictOf } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import type { Run } from '../load/run.ts';
import type { BatchState, LoadState } from '../load/state.ts';
import { requestsText } from '../output/print-result.ts';
import { quoted } from '../system/escaping.ts';
import type { CommandModule, CommandResult } from './shared/command.ts';
import { listFlag } from './shared/options.ts';
import {
  declareSelection,
  isBatch,
  type Selection,
  type SelectionOptions,
  select,
  selectionOptions,
} from './shared/selection.ts';
import type { Session } from './shared/session.ts';
import { declareLeaveOut } from './shared/upload-options.ts';

export interface FinalizeOptions extends SelectionOptions {
  /** Files or job ids on record that will not come. */
  readonly leaveOut: readonly string[];
}

export const command: CommandModule<FinalizeOptions> = {
  help: {
    examples: [
      ['ebill finalize --job AUG_2020', 'finalize every uploaded batch of the load'],
      ['ebill finalize --job-id AUG_2020_INV', 'finalize one batch with its items'],
      ['ebill finalize --job AUG_2020 --dry-run', 'show what would be finalized'],
      ['ebill finalize --job AUG_2020 --leave-out itm_7.csv', 'finalize without a file that will not come'],
    ],
    exitCodes: [4, 5, 6, 8, 9, 10],
    seeAlso: ['watch', 'status'],
  },

  configure(cmd) {
    cmd.description(
      'Submit uploaded batches for processing: customers before invoices, each batch once. Items are finalized with their invoice batch. Refused while a recorded file has not been uploaded.',
    );
    declareSelection(cmd);
    declareLeaveOut(cmd);
  },

  options: (_args, flags) => ({ ...selectionOptions(flags), leaveOut: listFlag(flags, 'leaveOut') }),

  async run(app, options) {
    const [{ readLoad, withLoad, withSession }, { confirmProduction }, { finalizable }, { submissionLines }] =
      await Promise.all([
        import('./shared/session.ts'),
        import('./shared/confirm.ts'),
        import('../load/finalize.ts'),
        import('./shared/load-steps.ts'),
      ]);
    return withSession(app, async (session) => {
      const selection = await select(session, options);
      const chosen: Chosen =
        selection.type === 'load'
          ? { job: selection.job, known: true }
          : await loadOf(session, selection.refs);
      const { job, known: hasLoad } = chosen;
      if (hasLoad) app.soFar(() => ({ job }));
      const listed = new Set<string>();
      /** Lists what would be submitted, and asks; nothing is listed twice. */
      const ask = async (state: LoadState | null, targets: readonly BatchState[]): Promise<void> => {
        const left = await leftOut(state, options.leaveOut, app.context.cwd);
        const lines = state === null ? [] : submissionLines(left ?? state, targets);
        const fresh = lines.filter((line) => !listed.has(line));
        if (fresh.length === 0) return;
        await confirmProduction(app, session.connection, `submit batches of ${job} for processing`, {
          list: () => {
            for (const message of fresh) {
              listed.add(message);
              session.emit({ event: 'step', jobId: null, message, ahead: true });
            }
          },
        });
      };
      // Asked before the lock is taken: no other command waits for an answer.
      const known = await readLoad(session, job);
      const recorded = known === null ? [] : batchesOf(selection, known.batches, finalizable(known));
      await ask(
        known,
        recorded.filter((batch) => batch !== undefined),
      );
      const result = await withLoad(session, job, (run) =>
        finalize(session, run, selection, chosen, options, ask),
      );
      return hasLoad ? result : { ...result, job: null };
    });
  },
};

/** The load that is finalized, or a part of it. */
interface Chosen {
  readonly job: string;
  /** Whether `job` is the name of a load. */
  readonly known: boolean;
  /** The answer that named it. */
  readonly found?: { readonly ref: BatchRef; readonly batch: Batch };
}

/** The load as if the files of `--leave-out` were left out. */
async function leftOut(
  state: LoadState | null,
  names: readonly string[],
  cwd: string,
): Promise<LoadState | null> {
  if (state === null || names.length === 0) return state;
  const [{ leftOutBy }, { apply }] = await Promise.all([
    import('../load/leave-out.ts'),
    import('../load/apply-entry.ts'),
  ]);
  const at = state.updatedAt;
  return leftOutBy(state, names, cwd).reduce(
    (all, { jobId }) => apply(all, { at, type: 'left-out', jobId }),
    state,
  );
}

async function finalize(
  session: Session,
  run: Run,
  selection: Selection,
  chosen: Chosen,
  { leaveOut: names }: FinalizeOptions,
  ask: (state: LoadState, targets: readonly BatchState[]) => Promise<void>,
): Promise<CommandResult> {
  const { app, client } = session;
  const [{ nextStepOf, resultOf, viewsOf }, { assertArrived, finalizeAll }, { assertMeant }, { leaveOut }] =
    await Promise.all([
      import('./shared/batch-result.ts'),
      import('./shared/load-steps.ts'),
      import('../load/finalize.ts'),
      import('../load/leave-out.ts'),
    ]);
  await lookUp(session, run, selection, chosen);
  const { dryRun } = app.globals;
  if (!dryRun) await leaveOut(run, names);
  const state = (await leftOut(run.journal.state, dryRun ? names : [], app.context.cwd)) ?? run.journal.state;
  const targets = await targetsOf(state, selection);
  const jobIds = targets.map(({ jobId }) => jobId);
  app.soFar(() => ({ batches: viewsOf(run, jobIds) }));
  const { job } = state.header;
  const pending = targets.filter(({ finalized }) => finalized !== 'yes');
  await assertArrived(run, targets, state);
  if (selection.type === 'load') assertMeant(state, targets, run.statusNames);
  if (dryRun) {
    const requests = pending.map(({ id, jobId }) => client.calls.finalize({ id, jobId }));
    const text =
      requests.length === 0
        ? 'Everything is finalized already: nothing would be sent.'
        : requestsText(requests, app.ui);
    return { ...(await resultOf(app, run, jobIds, { error: null })), requests, text };
  }
  if (targets.length === 0)
    throw new EbillError('USAGE', `The load ${job} has no customer or invoice batch to finalize.`, {
      hint: `Upload first: ebill upload customer FILE… --job ${quoted(job, app.context)}`,
    });
  await ask(state, targets);
  await finalizeAll(run, jobIds, false);
  // The exit code is about the batches of this call; earlier ones had theirs.
  const submitted = viewsOf(
    run,
    pending.map(({ jobId }) => jobId),
  );
  return resultOf(app, run, jobIds, {
    error: verdictOf(submitted, job, app.context),
    next: `Next: ${nextStepOf(run)}`,
  });
}

/** Looks up on the server what this machine has no record of, and names what it finds (api rule 29). */
async function lookUp(session: Session, run: Run, selection: Selection, { found }: Chosen): Promise<void> {
  const { app, client } = session;
  const [{ discover }, { finalizable }, { unknownBatch }, { unknownLoad }] = await Promise.all([
    import('../load/discover.ts'),
    import('../load/finalize.ts'),
    import('../load/watch.ts'),
    import('./shared/targets.ts'),
  ]);
  const note = (found: string): void => app.ui.note(`Found on the server, started elsewhere: ${found}`);
  if (selection.type === 'load') {
    if (finalizable(run.journal.state).length > 0) return;
    const found = await discover(run);
    if (run.journal.state.batches.size === 0) throw await unknownLoad(session, selection.job);
    if (found.length > 0) note(found.map(({ jobId }) => jobId).join(', '));
    return;
  }
  const others = await run.otherLoads();
  for (const ref of selection.refs) {
    if ([...run.journal.state.batches.values()].some((batch) => isBatch(batch, ref))) continue;
    const batch = found?.ref === ref ? found.batch : await client.status(ref, { pageIsAbsence: true });
    const jobId = batch?.jobId ?? ('jobId' in ref ? ref.jobId : null);
    if (batch === null || jobId === null)
      throw unknownBatch(['id' in ref ? `with the id ${ref.id}` : ref.jobId]);
    // Its own journal may know of files that have not arrived.
    const owner = others.find((load) => load.batches.get(jobId)?.file);
    if (owner !== undefined)
      throw new EbillError('USAGE', `${jobId} is a batch of the load ${owner.header.job}.`, {
        hint: `Finalize it by its name: ebill finalize --job-id ${quoted(jobId, app.context)}`,
      });
    const { parentOnServer } = await import('../load/discover.ts');
    const parent = await parentOnServer(run, jobId, batch);
    if (parent !== null)
      throw new EbillError(
        'USAGE',
        `${jobId} is an items batch: it is finalized with its invoice batch${parent === '' ? '' : `, ${parent}`}.`,
        {
          hint: 'Finalize the invoice batch, on the machine that uploaded both: its journal knows whether every file has arrived.',
        },
      );
    const kind = batch.children.length > 0 || /_INV(?:_\d+)?$/.test(jobId) ? 'invoice' : 'customer';
    await run.journal.append({ type: 'found', jobId, kind, parent: null, batch });
    note(jobId);
  }
}

/** The batches to finalize, customers before invoices. @throws EbillError USAGE for a kind that is not finalized by itself */
async function targetsOf(state: LoadState, selection: Selection): Promise<readonly BatchState[]> {
  const { finalizable } = await import('../load/finalize.ts');
  const all = batchesOf(selection, state.batches, finalizable(state));
  const targets = all.filter((batch) => batch !== undefined);
  const wrong = targets.find(({ kind }) => kind === 'items' || kind === 'init');
  if (wrong !== undefined)
    throw new EbillError(
      'USAGE',
      wrong.kind === 'items'
        ? `${wrong.jobId} is an items batch: it is finalized with its invoice batch.`
        : `${wrong.jobId} is an init: there is nothing to finalize.`,
      { hint: wrong.parent?.jobId ? `Finalize ${wrong.parent.jobId} instead.` : 'Leave it out.' },
    );
  return ['customer', 'invoice'].flatMap((kind) => targets.filter((batch) => batch.kind === kind));
}

/** What the selection names in a load's record; `undefined` for a batch that is not in it. */
function batchesOf(
  selection: Selection,
  batches: ReadonlyMap<string, BatchState>,
  all: readonly BatchState[],
): readonly (BatchState | undefined)[] {
  if (selection.type === 'load') return all;
  return selection.refs.map((ref) => [...batches.values()].find((batch) => isBatch(batch, ref)));
}

/**
 * The load that single batches belong to. For batches without a record here the journal has the name of one of them; then
 * their load is not known.
 */
async function loadOf(
  { app, owner, client }: Session,
  refs: Extract<Selection, { type: 'batches' }>['refs'],
): Promise<Chosen> {
  const [{ readLoads }, { unknownBatch }] = await Promise.all([
    import('../load/loads.ts'),
    import('../load/watch.ts'),
  ]);
  const { context } = app;
  const holders = (await readLoads(context.paths.state, owner)).flatMap(({ header: { job }, batches }) => {
    const found = [...batches.values()].filter((batch) => refs.some((ref) => isBatch(batch, ref)));
    return found.length === 0 ? [] : [{ job, found, sent: found.some(({ file }) => file !== null) }];
  });
  // The load that sent it knows whether all of its files have arrived; others may only have found it.
  const senders = holders.filter(({ sent }) => sent);
  const own = senders.length > 0 ? senders : holders;
  const [holder, second] = own;
  if (second !== undefined)
    throw new EbillError(
      'USAGE',
      `These batches belong to several loads: ${own.map(({ job }) => job).join(', ')}.`,
      { hint: 'Finalize one load at a time.' },
    );
  if (holder !== undefined)
    return { job: holder.job, known: holder.sent || holder.found.every(({ jobId }) => jobId !== holder.job) };
  const named = context.env['EBILL_JOB'];
  if (named) return { job: named, known: true };
  const ref = refs.find((one) => 'jobId' in one) ?? refs[0] ?? { jobId: '' };
  if ('jobId' in ref) return { job: ref.jobId, known: false };
  const batch = await client.status(ref, { pageIsAbsence: true });
  if (!batch?.jobId) throw unknownBatch([`with the id ${ref.id}`]);
  return { job: batch.jobId, known: false, found: { ref, batch } };
}
