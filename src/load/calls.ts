import type { ParentRef } from '../api/request.ts';
import { having, parentJobId, parentOf } from '../batch/tree.ts';
import type { FileKind } from '../batch/types.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import { APPROVED, type Approved, type Call } from './entries.ts';
import { type Assignment, droppedItems } from './plan.ts';
import type { Run } from './run.ts';
import { type BatchState, bySha256, itemsOf, type LoadState } from './state.ts';

/** A command with the batch of each of its files. */
export interface PlannedCall extends Pick<Call, 'command' | 'options' | 'paths' | 'billed'> {
  readonly files: readonly {
    readonly to: Assignment;
    readonly parent: ParentRef | null;
    readonly corrects?: NonNullable<BatchState['corrects']>;
  }[];
}

/**
 * Records a whole command before its first request, so that no file of it is forgotten wherever it is broken off
 * (api rule 28). In the same entry the batches it replaces are left behind.
 */
export async function recordCall(run: Run, planned: PlannedCall): Promise<void> {
  const call = entryOf(planned);
  const before = run.journal.state;
  if (isRecorded(before, call, planned)) return;
  await run.journal.append(call);
  const given = planned.files.map(({ to }) => to);
  for (const { to, parent } of planned.files) warnOfSecondParent(run, to, parent);
  for (const to of given) {
    for (const { jobId } of to.replaces)
      run.emit({
        event: 'step',
        jobId,
        message: `${jobId} is replaced by ${to.jobId} and left behind: never finalize it`,
      });
    const dropped = droppedItems(before, to, given);
    if (dropped.length > 0)
      run.emit({
        event: 'warning',
        jobId: to.jobId,
        message: `item files of the batch that ${to.jobId} replaces are not given again, and are not loaded: ${dropped.map(({ file }) => file?.name).join(', ')}`,
      });
  }
}

/** Records which approval the run is checked against, once for each. */
export async function recordApproval({ journal }: Run, { sha256, by }: Approved): Promise<void> {
  const last = journal.state.approvals?.at(-1);
  if (last?.sha256 !== sha256 || last.by !== by) await journal.append({ type: 'approved', sha256, by });
}

/** The same items under two invoice batches are two batches (api rule 28): it may be meant, but their records load twice. */
function warnOfSecondParent(
  run: Run,
  { kind, jobId, file, action }: Assignment,
  parent: ParentRef | null,
): void {
  if (kind !== 'items' || action === 'done' || action === 'duplicate' || parent === null) return;
  const { batches } = run.journal.state;
  for (const other of having(batches, bySha256, file.sha256)) {
    if (other.kind !== 'items' || other.jobId === jobId) continue;
    const invoice = parentOf(batches, other);
    const isDropped = [other, invoice].some((one) => one?.abandoned || one?.leftOut || one?.missing);
    if (invoice === null || invoice.jobId === parent.jobId || isDropped) continue;
    const also = `${file.name} is under ${invoice.jobId} (${invoice.file?.name ?? 'uploaded elsewhere'}) too`;
    const advice =
      invoice.finalized === 'no'
        ? `finalizing both loads its records twice. If ${parent.jobId} replaces ${invoice.jobId}, finalize with --leave-out ${quoted(invoice.jobId, run.context)}`
        : `${invoice.jobId} is submitted, so finalizing ${parent.jobId} loads its records twice`;
    run.emit({ event: 'warning', jobId, message: `${also}: ${advice}` });
  }
}

type NewCall = Omit<Call, 'at'>;

function entryOf({ command, options, paths, files, billed }: PlannedCall): NewCall {
  const own = files.filter(({ to }) => to.action !== 'duplicate');
  return {
    type: 'call',
    command,
    options,
    ...(paths === undefined ? {} : { paths }),
    ...(billed == null ? {} : { billed }),
    files: own.map(({ to: { jobId, kind, file }, parent, corrects }) => ({
      jobId,
      kind,
      parent,
      file,
      ...(corrects === undefined ? {} : { corrects }),
    })),
    replaces: [...new Set(own.flatMap(({ to }) => to.replaces.map(({ jobId }) => jobId)))],
  };
}

/** The same command is on record, or all of its files have arrived. */
function isRecorded(state: LoadState, call: NewCall, { files }: PlannedCall): boolean {
  if (call.replaces.length > 0) return false;
  const batches = call.files.map(({ jobId }) => state.batches.get(jobId));
  if (batches.some((batch) => batch === undefined || batch.leftOut)) return false;
  if (files.every(({ to }) => to.action === 'done' || to.action === 'duplicate')) return true;
  const known = batches[0]?.call ?? null;
  return (
    known !== null &&
    batches.every((batch) => batch?.call === known) &&
    known.files.length === call.files.length &&
    JSON.stringify([known.command, known.options, known.paths]) ===
      JSON.stringify([call.command, call.options, call.paths])
  );
}

/**
 * A recorded command as it is typed again, with all of its files. Pure.
 * @param shown a file's path as it is typed there
 */
export function commandLine(
  { command, options, paths, files }: Pick<Call, 'command' | 'options' | 'paths' | 'files'>,
  job: string,
  terminal: Terminal,
  shown: (path: string) => string,
): string {
  const word = (text: string): string => quoted(text, terminal);
  const file = (path: string): string => word(shown(path).replace(/^-/, './-'));
  const of = (items: boolean): string[] =>
    files.filter(({ kind }) => (kind === 'items') === items).map((one) => file(one.file.path));
  const underInvoice = command === 'upload invoice' && of(true).length > 0;
  const given =
    paths !== undefined
      ? paths.map(file)
      : underInvoice
        ? [...of(false), '--items', ...of(true)]
        : [...of(false), ...of(true)];
  // A plan names the load.
  const load = command === 'run' ? [] : ['--job', word(job)];
  const option = (text: string, i: number): string => (options[i - 1] === APPROVED ? file(text) : word(text));
  return ['ebill', command, ...given, ...load, ...options.map(option)].join(' ');
}

/**
 * The command that goes on with the upload of a batch: the whole one that gave its file, where it is on record; with
 * `--restart-invoice` where only that helps.
 */
export function commandFor(
  load: LoadState,
  batch: BatchState,
  terminal: Terminal,
  shown: (path: string) => string,
): string {
  const { header, batches } = load;
  const restart = restartOf(load, batch);
  if (restart !== null) return commandLine(restart, header.job, terminal, shown);
  if (batch.call !== null) return commandLine(batch.call, header.job, terminal, shown);
  const parent = parentJobId(batches, batch);
  return commandLine(
    {
      command: `upload ${batch.kind}`,
      options: parent === null ? [] : ['--parent-job-id', parent],
      paths: [batch.file?.path ?? 'FILE…'],
      files: [],
    },
    header.job,
    terminal,
    shown,
  );
}

/**
 * Whether the command that gave a batch its file gave all files of its invoice batch: with `--restart-invoice` it starts
 * that over.
 */
export function givesWholeInvoice(load: LoadState, batch: BatchState): boolean {
  const invoice = batch.kind === 'items' ? parentOf(load.batches, batch) : batch;
  if (invoice?.kind !== 'invoice' || batch.call === null) return false;
  const all = [invoice, ...itemsOf(load, invoice)].filter(({ leftOut }) => !leftOut);
  return all.every(({ call }) => call === batch.call);
}

/** Options of a recorded command that the command which starts its invoice batch over needs too. */
const KEPT: ReadonlySet<string> = new Set(['--no-validate', '--finalize', '--wait']);

/**
 * The command that starts an invoice batch over with all of its items, where the upload of one of them cannot go on
 * (api rule 18); `null`: none is blocked.
 */
function restartOf(
  load: LoadState,
  batch: BatchState,
): Pick<Call, 'command' | 'options' | 'paths' | 'files'> | null {
  const invoice = batch.kind === 'items' ? parentOf(load.batches, batch) : batch;
  if (invoice?.kind !== 'invoice') return null;
  const all = [invoice, ...itemsOf(load, invoice)].filter(({ leftOut }) => !leftOut);
  if (!all.some(({ blocked }) => blocked)) return null;
  const { call } = batch;
  if (call?.command === 'run' && all.every((one) => one.call?.command === 'run'))
    return { ...call, options: [...new Set([...call.options, '--restart-invoice'])] };
  const options = (call?.options ?? []).flatMap((option, i, given) => {
    if (option === '--column') return [option, given[i + 1] ?? ''];
    return KEPT.has(option) ? [option] : [];
  });
  const files = all.flatMap(({ jobId, kind, parent, file }) =>
    file === null || kind === 'init' ? [] : [{ jobId, kind: kind as FileKind, parent, file }],
  );
  return { command: 'upload invoice', options: ['--restart-invoice', ...options], files };
}
