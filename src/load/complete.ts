import { phaseOf } from '../batch/phase.ts';
import { EbillError } from '../errors.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import { commandFor, commandLine, type PlannedCall } from './calls.ts';
import { isNamed } from './leave-out.ts';
import { droppedItems } from './plan.ts';
import type { BatchState, LoadState } from './state.ts';

/** Where the commands of a hint are typed, and a file's path as it is typed there. */
export interface Typed {
  readonly terminal: Terminal;
  readonly shown: (path: string) => string;
}

/** Files listed in a message. */
const MOST = 20;

/**
 * Checks before the first finalize of a call that every file on record has arrived, in whichever load of this server it is
 * on record (api rule 28). Pure.
 * @param loads this load first, then the others of the server
 * @throws EbillError CONFLICT that lists what is missing, with the commands that upload it
 */
export function assertComplete(
  loads: readonly LoadState[],
  targets: readonly BatchState[],
  { terminal, shown }: Typed,
): void {
  const pending = targets.filter((batch) => batch.finalized !== 'yes');
  const recorded = loads.flatMap((load) => recordOf(load, pending).map((batch) => ({ load, batch })));
  const left = recorded.find(({ batch }) => batch.kind !== 'items' && isLeftBehind(batch));
  if (left !== undefined)
    throw new EbillError(
      'CONFLICT',
      `${left.batch.jobId} is left behind by the load ${left.load.header.job}: it is never finalized.`,
      {
        hint: `To see what replaced it: ebill status --job ${quoted(left.load.header.job, terminal)}`,
      },
    );
  const missing = recorded.filter(({ batch }) => !isLeftBehind(batch) && !hasArrived(batch));
  if (missing.length === 0) return;
  const names = missing
    .slice(0, MOST)
    .map(({ batch }) => `${batch.jobId} (${batch.file?.name ?? 'no file'})`);
  const more = missing.length > MOST ? ` and ${missing.length - MOST} more` : '';
  const commands = new Set(missing.map(({ load, batch }) => commandFor(load, batch, terminal, shown)));
  throw new EbillError(
    'CONFLICT',
    `Not finalized: the upload of ${names.join(', ')}${more} is not complete.`,
    {
      hint: `Upload the rest, then finalize:\n${[...commands].join('\n')}\n${leaveOutText(
        missing.map(({ batch }) => batch.jobId),
        terminal,
      )}`,
    },
  );
}

/**
 * Checks that a call which replaces an invoice batch gives all of its item files again: the others would be left behind with
 * it, and nothing would load them (api rules 26 and 28). Pure.
 * @param leaveOut `--leave-out`
 * @throws EbillError CONFLICT that names them, with the command that gives them too
 */
export function assertNoneDropped(
  state: LoadState,
  { command, options, files }: PlannedCall,
  leaveOut: readonly string[],
  { cwd, terminal, shown }: Typed & { readonly cwd: string },
): void {
  const given = files.map(({ to }) => to);
  const items = given.filter(({ kind }) => kind === 'items');
  for (const head of given) {
    const dropped = droppedItems(state, head, items).filter(
      (batch) => !leaveOut.some((name) => isNamed(batch, name, cwd)),
    );
    if (dropped.length === 0) continue;
    const names = dropped.slice(0, MOST).map(({ file }) => file?.name);
    const more = dropped.length > MOST ? ` and ${dropped.length - MOST} more` : '';
    const whole = [
      ...[head, ...items].map(({ jobId, kind, file }) => ({ jobId, kind, parent: null, file })),
      ...dropped.flatMap(({ jobId, file }) =>
        file === null ? [] : [{ jobId, kind: 'items' as const, parent: null, file }],
      ),
    ];
    const line = commandLine({ command, options, files: whole }, state.header.job, terminal, shown);
    throw new EbillError(
      'CONFLICT',
      `${head.file.name} replaces ${head.replaces.map(({ jobId }) => jobId).join(', ')}, but item files of that batch are not given: ${names.join(', ')}${more}. They would not be loaded.`,
      {
        hint: `Give them too: ${line}. Name a file that is not to be loaded with --leave-out.`,
      },
    );
  }
}

/** What to do about files that will not come. An option and no whole command, so that it is typed on purpose. */
export function leaveOutText(jobIds: readonly string[], terminal: Terminal): string {
  const [first = '', ...others] = jobIds.map((jobId) => `--leave-out ${quoted(jobId, terminal)}`);
  return `A file that will not come, or that was split and loaded in parts, can be left out with ${first}${others.length === 0 ? '' : ' (likewise for the others)'}.`;
}

/** Batches, each with its items, as a load records them. */
function recordOf({ batches }: LoadState, targets: readonly BatchState[]): readonly BatchState[] {
  const found = new Map(targets.map((target) => [target, [] as BatchState[]]));
  const jobIds = new Map(targets.map((target) => [target.jobId, target]));
  const ids = new Map(targets.flatMap((target) => (target.id === null ? [] : [[target.id, target]])));
  for (const batch of batches.values()) {
    if (batch.kind === 'init') continue;
    const named = batch.kind === 'items' ? batch.parent : batch;
    for (const target of new Set([jobIds.get(named?.jobId ?? ''), ids.get(named?.id ?? '')]))
      if (target !== undefined) found.get(target)?.push(batch);
  }
  return [...found.values()].flat();
}

const isLeftBehind = ({ abandoned, leftOut }: BatchState): boolean => abandoned || leftOut;

const hasArrived = (batch: BatchState): boolean => batch.uploaded === 'yes' || uploadedElsewhere(batch);

/** Created elsewhere: its file is unknown, or the operator has said that it is this one and it is submitted. */
const uploadedElsewhere = (batch: BatchState): boolean =>
  batch.foundElsewhere &&
  (batch.file === null || (!batch.unclaimed && batch.seen !== null && phaseOf(batch.seen).phase !== 'draft'));
