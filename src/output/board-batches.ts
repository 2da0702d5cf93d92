import { isFinal } from '../batch/outcome.ts';
import type { BatchView } from '../batch/types.ts';
import type { Stage } from '../load/events.ts';
import type { BoardModel, PlannedRow, Sending } from './board-model.ts';
import { nameOf } from './status.ts';
import type { Theme } from './theme.ts';
import type { BatchTimes } from './watch-info.ts';

/** One batch of a step, with all that is known of it now. */
export interface BoardBatch {
  /** Fit to show. */
  readonly name: string;
  readonly branch: '' | '├ ' | '└ ';
  readonly file: PlannedRow['file'];
  /** `null` while the server has not told of it. */
  readonly seen: BatchView | null;
  readonly sending: Sending | null;
  readonly state: 'waiting' | 'uploading' | 'uploaded' | 'processing' | 'final';
  /** Since it was handed over, and how long it will take; `null` for what goes with its invoice batch, and what is over. */
  readonly times: BatchTimes | null;
}

/** The batches of a step, items right under their invoice, with those the server lists besides the plan's. */
export function batchesOf(stage: Stage, model: BoardModel, theme: Theme): readonly BoardBatch[] {
  const all = model.facts?.rows.filter((row) => row.stage === stage) ?? [];
  // Files of one content are one batch.
  const rows = all.filter(({ jobId }, i) => all.findIndex((other) => other.jobId === jobId) === i);
  const planned = new Set(rows.flatMap(({ jobId, file }) => [jobId, ...(file === null ? [] : [file.name])]));
  return rows
    .filter(({ parent }) => parent === null)
    .flatMap((row) => {
      const head = plannedBatch(row, model, theme, null);
      const items = rows
        .filter(({ parent }) => parent === row.jobId)
        .map((item) => plannedBatch(item, model, theme, head));
      const others = (head.seen?.children ?? [])
        .filter(({ jobId, file }) => !planned.has(jobId ?? '') && !planned.has(file ?? ''))
        .map((child) => listedBatch(child, theme));
      const under = [...items, ...others];
      return [
        head,
        ...under.map((one, i) => ({
          ...one,
          branch: i === under.length - 1 ? ('└ ' as const) : ('├ ' as const),
        })),
      ];
    });
}

function plannedBatch(row: PlannedRow, model: BoardModel, theme: Theme, head: BoardBatch | null): BoardBatch {
  const known = model.seen(row);
  const seen = known?.batch ?? null;
  const sending = model.sendingOf(row);
  const state = sending !== null ? 'uploading' : stateOf(seen, model.isSent(row));
  // What goes with its invoice batch has the same times; they stand there as long as that one is not over.
  const own = state === 'processing' && head?.state !== 'processing';
  const jobId = seen?.jobId ?? model.jobIdOf(row);
  const told = own ? (model.facts?.times(jobId) ?? null) : null;
  return {
    name: theme.clean(jobId),
    branch: '',
    file: row.file,
    seen,
    sending,
    state,
    times: own ? { since: told?.since ?? known?.since ?? null, estimateMs: told?.estimateMs ?? null } : null,
  };
}

/** One nobody planned: what an init carries forward, or items sent from elsewhere. */
const listedBatch = (seen: BatchView, theme: Theme): BoardBatch => ({
  name: nameOf(seen, theme),
  branch: '',
  file: null,
  seen,
  sending: null,
  state: stateOf(seen, false),
  times: null,
});

function stateOf(seen: BatchView | null, sent: boolean): 'waiting' | 'uploaded' | 'processing' | 'final' {
  if (seen !== null && isFinal(seen.phase)) return 'final';
  if (seen?.phase === 'queued' || seen?.phase === 'running') return 'processing';
  return sent || seen?.phase === 'uploaded' ? 'uploaded' : 'waiting';
}
