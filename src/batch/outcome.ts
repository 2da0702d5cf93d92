import { type BatchView, PHASES, type Phase } from './types.ts';

/** The worst of some phases; `null` when there are none (order: `PHASES`). */
export function worst(phases: Iterable<Phase>): Phase | null {
  let rank: number = PHASES.length;
  for (const phase of phases) rank = Math.min(rank, PHASES.indexOf(phase));
  return PHASES[rank] ?? null;
}

/** Nothing more will happen to it. A missing batch may be seen again, and one that has not run may still run. */
export function isFinal(phase: Phase): boolean {
  return phase === 'succeeded' || phase === 'partial' || phase === 'failed' || phase === 'not-run';
}

/** The outcome of a batch and its children: the worst of all. An init has no status of its own: its own is `not-run`. */
export const outcomeOf = (own: Phase, children: readonly Phase[]): Phase => worst([own, ...children]) ?? own;

interface Family {
  readonly phase: Phase;
  readonly children: readonly Family[];
}

/** Whether it and all of its children are final (api rule 7). */
export const isSettled = (batch: Family): boolean => waitsFor(batch) === 'nothing';

/** What is left to wait for: nothing, only batches that the server does not know any more, or an end. */
export function waitsFor({ phase, children }: Family): 'nothing' | 'missing' | 'end' {
  const own = isFinal(phase) ? 'nothing' : phase === 'missing' ? 'missing' : 'end';
  const all = [own, ...children.map(waitsFor)];
  return all.includes('end') ? 'end' : all.includes('missing') ? 'missing' : 'nothing';
}

/** The outcome of many batches; `null` when there are none. */
export const outcomeOfAll = (batches: readonly BatchView[]): Phase | null =>
  worst(batches.map((batch) => batch.outcome));

/**
 * The `outcome` of a document (commands rule 24): the worst of its batches, also when the command failed. A command that
 * changes something and failed has not succeeded, whatever its batches say.
 */
export function documentOutcome(
  { outcome, batches, error }: DocumentFacts,
  changing: boolean,
): DocumentFacts['outcome'] {
  const said = error === null ? outcome : (outcome ?? outcomeOfAll(batches));
  return error !== null && changing && said === 'succeeded' ? null : said;
}

interface DocumentFacts {
  readonly outcome: Phase | null;
  readonly batches: readonly BatchView[];
  readonly error: unknown;
}
