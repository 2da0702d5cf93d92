import type { ParentRef } from '../api/request.ts';
import { parentJobId } from '../batch/tree.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import type { Call } from './entries.ts';
import type { Assignment } from './plan.ts';
import type { Run } from './run.ts';
import type { BatchState, LoadState } from './state.ts';

/** A command with the batch of each of its files. */
export interface PlannedCall extends Pick<Call, 'command' | 'options' | 'paths'> {
  readonly files: readonly { readonly to: Assignment; readonly parent: ParentRef | null }[];
}

/**
 * Records a whole command before its first request, so that no file of it is forgotten wherever it is broken off
 * (api rule 28). In the same entry the batches it replaces are left behind.
 */
export async function recordCall(run: Run, planned: PlannedCall): Promise<void> {
  const call = entryOf(planned);
  if (isRecorded(run.journal.state, call, planned)) return;
  await run.journal.append(call);
  for (const { to } of planned.files)
    for (const { jobId } of to.replaces)
      run.emit({
        event: 'step',
        jobId,
        message: `${jobId} is replaced by ${to.jobId} and left behind: never finalize it`,
      });
}

type NewCall = Omit<Call, 'at'>;

function entryOf({ command, options, paths, files }: PlannedCall): NewCall {
  const own = files.filter(({ to }) => to.action !== 'duplicate');
  return {
    type: 'call',
    command,
    options,
    ...(paths === undefined ? {} : { paths }),
    files: own.map(({ to: { jobId, kind, file }, parent }) => ({ jobId, kind, parent, file })),
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
  return ['ebill', command, ...given, ...load, ...options.map(word)].join(' ');
}

/** The command that goes on with the upload of a batch: the whole one that gave its file, where it is on record. */
export function commandFor(
  { header, batches }: LoadState,
  batch: BatchState,
  terminal: Terminal,
  shown: (path: string) => string,
): string {
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
