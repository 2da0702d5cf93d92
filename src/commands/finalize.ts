import { endpointOf } from '../api/connection.ts';
import { callsAt } from '../api/request.ts';
import { verdictOf } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import { discover } from '../load/discover.ts';
import { assertComplete, finalizable } from '../load/finalize.ts';
import { readJournal } from '../load/journal.ts';
import { journalPath, readLoads } from '../load/loads.ts';
import type { Run } from '../load/run.ts';
import type { BatchState } from '../load/state.ts';
import { unknownBatch } from '../load/watch.ts';
import { requestsText } from '../output/requests-text.ts';
import { quoted, type Terminal } from '../system/quoting.ts';
import type { CommandModule, CommandResult } from './shared/command.ts';
import { confirmProduction } from './shared/confirm.ts';
import {
  declareSelection,
  type Selection,
  type SelectionOptions,
  select,
  selectionOptions,
} from './shared/selection.ts';
import { closeLoad, openForReading, openForWriting, type Session, withSession } from './shared/session.ts';
import { unknownLoad } from './shared/targets.ts';
import { finalizeAll, resultOf } from './shared/upload-flow.ts';
import { viewsOf } from './shared/views.ts';

export const command: CommandModule<SelectionOptions> = {
  help: {
    examples: [
      ['ebill finalize --job AUG_2020', 'finalize every uploaded batch of the load'],
      ['ebill finalize --job-id AUG_2020_INV', 'finalize one batch with its items'],
      ['ebill finalize --job AUG_2020 --dry-run', 'show what would be finalized'],
    ],
    exitCodes: [4, 5, 6, 8, 9],
    seeAlso: ['watch', 'status'],
  },
  configure: (cmd) => {
    cmd.description(
      'Submit uploaded batches for processing: customers before invoices, each batch once. Items are finalized with their invoice batch.',
    );
    declareSelection(cmd);
  },
  options: (_args, flags) => selectionOptions(flags),
  run: (app, options) =>
    withSession(app, async (session) => {
      const selection = await select(app, session.owner, options);
      const job = selection.type === 'load' ? selection.job : await loadOf(session, selection);
      app.soFar(() => ({ job }));
      if (await hasPending(session, job, selection))
        await confirmProduction(app, session.connection, `hand batches of ${job} to processing`);
      const run = app.globals.dryRun
        ? await openForReading(session, job)
        : await openForWriting(session, job);
      try {
        return await finalize(session, run, selection);
      } finally {
        await closeLoad(run);
      }
    }),
};

/** May there be something to hand over? A load or batch that is not on record here is looked up. */
async function hasPending({ app, owner }: Session, job: string, selection: Selection): Promise<boolean> {
  const state = await readJournal(journalPath(app.context.paths.state, owner, job));
  if (state === null) return true;
  if (selection.type === 'load') {
    const all = finalizable(state);
    return all.length === 0 || all.some(({ finalized }) => finalized !== 'yes');
  }
  const own = [...state.batches.values()];
  return [
    ...selection.ids.map((id) => own.find((batch) => batch.id === id)),
    ...selection.jobIds.map((jobId) => state.batches.get(jobId)),
  ].some((batch) => batch?.finalized !== 'yes');
}

async function finalize(session: Session, run: Run, selection: Selection): Promise<CommandResult> {
  const { app } = session;
  const { job } = run.journal.state.header;
  await lookUp(session, run, selection);
  const targets = chosen(run, selection);
  const jobIds = targets.map((batch) => batch.jobId);
  app.soFar(() => ({ batches: viewsOf(run, jobIds) }));
  const pending = targets.filter((batch) => batch.finalized !== 'yes');
  const next = `Next: ebill watch --job ${quoted(job, app.context)}`;
  if (app.globals.dryRun) {
    assertComplete(run.journal.state, targets);
    const calls = callsAt(endpointOf(session.connection.baseUrl), session.connection.query);
    const requests = pending.map(({ id, jobId }) => calls.finalize({ id, jobId }));
    const text =
      requests.length === 0
        ? 'Everything is finalized already: nothing would be sent.'
        : requestsText(requests, app.ui);
    return { ...(await resultOf(app, run, jobIds, { error: null })), requests, text };
  }
  if (targets.length === 0) throw nothingToFinalize(job, app.context);
  await finalizeAll(run, jobIds);
  // Only what this call handed over is judged here; what was final before was told of then.
  const error = verdictOf(
    viewsOf(
      run,
      pending.map(({ jobId }) => jobId),
    ),
    job,
    app.context,
  );
  return resultOf(app, run, jobIds, { error, next });
}

/** A load begun elsewhere is looked up by its names; what is found is named (batch-api.md, "Batches this machine has no record of"). */
async function lookUp(session: Session, run: Run, selection: Selection): Promise<void> {
  const { ui } = session.app;
  if (selection.type === 'load') {
    if (finalizable(run.journal.state).length > 0) return;
    const found = await discover(run);
    if (run.journal.state.batches.size === 0) throw unknownLoad(selection.job, session.app.context);
    if (found.length > 0) ui.note(`Found on the server, begun elsewhere: ${found.join(', ')}`);
    return;
  }
  const refs = [...selection.ids.map((id) => ({ id })), ...selection.jobIds.map((jobId) => ({ jobId }))];
  for (const ref of refs) {
    if (matching(run, ref) !== undefined) continue;
    const batch = await session.client.status(ref);
    const jobId = batch?.jobId ?? ('jobId' in ref ? ref.jobId : null);
    if (batch === null || jobId === null) throw unknownBatch(['id' in ref ? ref.id : ref.jobId]);
    await run.journal.append({
      type: 'found',
      jobId,
      kind: batch.children.length > 0 ? 'invoice' : 'customer',
      parent: null,
      batch,
    });
    ui.note(`Found on the server, begun elsewhere: ${jobId}`);
  }
}

const matching = (run: Run, ref: { id: string } | { jobId: string }): BatchState | undefined =>
  [...run.journal.state.batches.values()].find((batch) =>
    'id' in ref ? batch.id === ref.id : batch.jobId === ref.jobId,
  );

function chosen(run: Run, selection: Selection): readonly BatchState[] {
  if (selection.type === 'load') return finalizable(run.journal.state);
  const named = [
    ...selection.ids.map((id) => ({ id })),
    ...selection.jobIds.map((jobId) => ({ jobId })),
  ].flatMap((ref) => matching(run, ref) ?? []);
  const item = named.find((batch) => batch.kind === 'items' || batch.kind === 'init');
  if (item === undefined)
    return [
      ...named.filter((batch) => batch.kind === 'customer'),
      ...named.filter((batch) => batch.kind === 'invoice'),
    ];
  throw new EbillError(
    'USAGE',
    `${item.jobId} is ${item.kind === 'items' ? 'an item batch: it is finalized with its invoice batch' : 'an init: there is nothing to finalize'}.`,
    {
      hint: item.parent?.jobId ? `Finalize ${item.parent.jobId} instead.` : 'Leave it out.',
    },
  );
}

function nothingToFinalize(job: string, terminal: Terminal): EbillError {
  return new EbillError('USAGE', `The load ${job} has no customer or invoice batch to finalize.`, {
    hint: `Upload first: ebill upload customer FILE… --job ${quoted(job, terminal)}`,
  });
}

/** The load single batches are on record in; a batch on record nowhere gets a journal of its own name. */
async function loadOf(session: Session, selection: Extract<Selection, { type: 'batches' }>): Promise<string> {
  const { context } = session.app;
  const loads = await readLoads(context.paths.state, session.owner);
  const homes = new Set<string>();
  for (const load of loads) {
    for (const batch of load.batches.values()) {
      if (selection.jobIds.includes(batch.jobId) || (batch.id !== null && selection.ids.includes(batch.id)))
        homes.add(load.header.job);
    }
  }
  if (homes.size > 1) {
    throw new EbillError('USAGE', `These batches belong to several loads: ${[...homes].join(', ')}.`, {
      hint: 'Finalize one load at a time.',
    });
  }
  return [...homes][0] ?? (context.env['EBILL_JOB'] || (selection.jobIds[0] ?? `batch ${selection.ids[0]}`));
}
