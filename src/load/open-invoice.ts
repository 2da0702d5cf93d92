import type { ParentRef } from '../api/request.ts';
import { idsText } from '../batch/identity.ts';
import { batchJobId } from '../batch/job-ids.ts';
import { phaseOf } from '../batch/phase.ts';
import type { Batch } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { quoted } from '../system/escaping.ts';
import { askFor, askForEvidence, finalizeDecision, standingOf } from './ask.ts';
import type { SourceFile } from './entries.ts';
import { type Assignment, nameConflict } from './plan.ts';
import type { Asked } from './recover.ts';
import type { Run } from './run.ts';
import { type BatchState, itemsOf, type LoadState } from './state.ts';

// Whether a batch can still be changed: items be added to it, or another batch replace it.

/**
 * Whether it is certain that a batch is not submitted for processing. After a finalize in doubt a draft is evidence only
 * when the settle time is over (api rule 20). That it is submitted is recorded.
 */
export async function isOpen(run: Run, { jobId }: BatchState): Promise<boolean> {
  const recorded = (): BatchState => run.journal.state.batches.get(jobId) as BatchState;
  if (recorded().finalized === 'yes') return false;
  const latest = run.context.now();
  const decide = (asked: Asked) => finalizeDecision(run, recorded(), latest, asked);
  const calls = ['create', 'finalize'] as const;
  const answer = await askForEvidence(run, jobId, { what: `Finalizing ${jobId}`, calls, latest }, decide);
  const step = decide(answer).do;
  if (step === 'done' && answer.batch !== null)
    await run.journal.append({ type: 'settled', jobId, call: 'finalize', batch: answer.batch });
  return step === 'send' || (step === 'missing' && recorded().finalized === 'no');
}

/**
 * The invoice batches that `--restart-invoice` starts over: those of these files. One that such a command began is resumed,
 * unless its upload cannot go on. Pure.
 */
export function restartTargets(state: LoadState, files: readonly SourceFile[]): readonly BatchState[] {
  return [...state.batches.values()].filter(
    (batch) =>
      batch.kind === 'invoice' &&
      !batch.abandoned &&
      files.some(({ sha256, name }) => batch.file?.sha256 === sha256 || batch.file?.name === name) &&
      (!batch.origin.restart || [batch, ...itemsOf(state, batch)].some(({ blocked }) => blocked)),
  );
}

/** @throws EbillError CONFLICT when a batch is submitted already */
export async function assertRestartable(run: Run, batches: readonly BatchState[]): Promise<void> {
  for (const batch of batches) {
    if (batch.created === 'no' || (await isOpen(run, batch))) continue;
    throw new EbillError(
      'CONFLICT',
      `${batch.jobId} is already submitted for processing and cannot be restarted.`,
      { hint: `Watch it: ebill watch --job-id ${quoted(batch.jobId, run.context)}` },
    );
  }
}

/**
 * Checks that the server still does not know the batches that it lost and others are to replace (`--again`).
 * @throws EbillError CONFLICT
 */
export async function assertLost(run: Run, files: readonly Assignment[]): Promise<void> {
  const { state } = run.journal;
  for (const lost of files.flatMap(({ replaces }) => replaces)) {
    if (!lost.missing) continue;
    const { batch } = await askFor(run, lost.jobId);
    if (batch !== null)
      throw new EbillError(
        'CONFLICT',
        `The server knows ${idsText(batch)} again (${batch.status ?? 'no status'}): nothing was sent, because its file would be loaded twice.`,
        {
          hint: `To see the state of the load: ebill status --job ${quoted(state.header.job, run.context)}`,
        },
      );
  }
}

/** The parts of a plan that the server may have to be asked about. */
export interface Doubtful {
  /** Customer and invoice files. */
  readonly heads: readonly Assignment[];
  readonly invoices: readonly { readonly jobId: string; readonly items: readonly Assignment[] }[];
}

/**
 * A plan, after the server was asked what the journal cannot know: whether the batches to be replaced are still drafts,
 * and whether an invoice batch that may be submitted still takes items. A batch that was submitted meanwhile is not replaced:
 * its records would be loaded twice (commands rule 1).
 * @param plan makes the plan from the journal as it is then
 * @throws EbillError CONFLICT
 */
export async function confirmPlan<Plan>(
  run: Run,
  plan: () => Plan,
  parts: (plan: Plan) => Doubtful,
): Promise<Plan> {
  const asked = new Set<string>();
  for (;;) {
    const current = plan();
    const { heads, invoices } = parts(current);
    const { batches } = run.journal.state;
    for (const { jobId, items } of invoices) {
      const head = batches.get(jobId);
      // Nobody has said yet whether this batch is the one of the plan.
      if (head === undefined || head.unclaimed) continue;
      if (head.finalized !== 'no' && !items.every(hasArrived)) await assertOpen(run, head);
    }
    const replaced = heads
      .flatMap(({ file, replaces }) => replaces.map((batch) => ({ file, batch })))
      .filter(({ batch }) => batch.created !== 'no' && !batch.missing && !asked.has(batch.jobId));
    if (replaced.length === 0) return current;
    for (const { file, batch } of replaced) {
      const { jobId } = batch;
      asked.add(jobId);
      if (await isOpen(run, batch)) continue;
      const { state } = run.journal;
      const now = state.batches.get(jobId);
      if (now?.finalized !== 'yes') continue;
      await run.journal.append({ type: 'next-refused', jobId, sha256: file.sha256 });
      throw nameConflict(state, file, now, { names: run.statusNames, terminal: run.context });
    }
  }
}

/** Nothing of it is left to send. */
export const hasArrived = ({ action }: Assignment): boolean => action === 'done' || action === 'duplicate';

/** The invoice batch on record that items are added to: the one named, else the load's only open one. Pure. */
export function invoiceOnRecord(state: LoadState, named: ParentRef): BatchState | undefined {
  const invoices = [...state.batches.values()].filter(
    (batch) => batch.kind === 'invoice' && !batch.abandoned && !batch.leftOut,
  );
  if (named.id !== null || named.jobId !== null) {
    return invoices.find(
      (batch) =>
        (named.id === null || batch.id === named.id) && (named.jobId === null || batch.jobId === named.jobId),
    );
  }
  const open = invoices.filter((batch) => batch.finalized !== 'yes');
  if (open.length > 1) {
    throw new EbillError(
      'USAGE',
      `The load has ${open.length} invoice batches that are not finalized: ${open.map((batch) => batch.jobId).join(', ')}.`,
      {
        hint: 'Name the one the items belong to: --parent-job-id ID',
      },
    );
  }
  return open[0] ?? invoices[0];
}

/**
 * The job id of the invoice batch to add item files to. The server is asked whether it is still open.
 * @param adopt `--adopt`: also one that another load has on record
 * @throws EbillError USAGE when several are open or it is of another load, CONFLICT when it is finalized, REJECTED when there is none
 */
export async function openInvoice(run: Run, named: ParentRef, adopt: boolean): Promise<string> {
  const known = invoiceOnRecord(run.journal.state, named);
  if (known !== undefined && known.created !== 'no') {
    await assertOpen(run, known);
    return known.jobId;
  }
  const jobId =
    named.jobId ?? (named.id === null ? batchJobId(run.journal.state.header.job, 'invoice', 1) : null);
  if (!adopt) await assertNoOtherLoads(run, { id: named.id, jobId });
  const ref = named.id === null ? {} : { ref: { id: named.id } };
  const { batch } = await askFor(run, jobId ?? '', ref);
  if (batch === null) throw noInvoice(named, jobId);
  const name = jobId ?? batch.jobId ?? '';
  if (standingOf(run, name, batch) !== 'draft') throw finalized(run, name, batch);
  await run.journal.append({ type: 'found', jobId: name, kind: 'invoice', parent: null, batch });
  return name;
}

/**
 * The load that has an invoice batch on record expects its items (api rule 28): from another one, it would load them again.
 * @throws EbillError USAGE that names that load
 */
async function assertNoOtherLoads(run: Run, invoice: ParentRef): Promise<void> {
  for (const { header, batches } of await run.otherLoads()) {
    const owned = [...batches.values()].find(
      ({ kind, file, id, jobId }) =>
        kind === 'invoice' &&
        file !== null &&
        (jobId === invoice.jobId || (id !== null && id === invoice.id)),
    );
    if (owned !== undefined)
      throw new EbillError('USAGE', `${owned.jobId} is a batch of the load ${header.job}.`, {
        hint: `Add its items in that load: ebill upload items FILE… --parent-job-id ${quoted(owned.jobId, run.context)} --job ${quoted(header.job, run.context)}`,
      });
  }
}

/** @throws EbillError CONFLICT when nothing can be added to an invoice batch any more */
export async function assertOpen(run: Run, invoice: BatchState): Promise<void> {
  if (await isOpen(run, invoice)) return;
  throw finalized(run, invoice.jobId, run.journal.state.batches.get(invoice.jobId)?.seen ?? null);
}

function noInvoice(named: ParentRef, jobId: string | null): EbillError {
  return new EbillError('REJECTED', `The server has no invoice batch ${jobId ?? named.id ?? ''}.`, {
    hint: 'Name its batch with --parent-id or --parent-job-id, or upload the invoice file first: ebill upload invoice FILE…',
  });
}

function finalized(run: Run, jobId: string, batch: Batch | null): EbillError {
  const phase = batch === null ? 'finalized' : phaseOf(batch, run.statusNames).phase;
  return new EbillError(
    'CONFLICT',
    `${jobId} is ${phase} already: items can only be added before it is finalized.`,
    {
      hint: 'This API cannot add items to it any more. Correct these items in eBill; do not load their invoices again to add them.',
    },
  );
}
