import { PHASES, type Phase } from './types.ts';

/** The worst of some phases; `null` when there are none (order: `PHASES`). */
export function worst(phases: Iterable<Phase>): Phase | null {
  let rank: number = PHASES.length;
  for (const phase of phases) rank = Math.min(rank, PHASES.indexOf(phase));
  return PHASES[rank] ?? null;
}

/** Nothing more will happen to it. */
export function isFinal(phase: Phase): boolean {
  return phase === 'succeeded' || phase === 'partial' || phase === 'failed' || phase === 'not-run';
}

/**
 * The outcome of a batch and its children. An invoice batch's is the worst of all, and it is final only when all are.
 * An init has no status of its own: its outcome is the worst of its children that ran.
 */
export function outcomeOf(kind: string, own: Phase, children: readonly Phase[]): Phase {
  const all = kind === 'init' ? children.filter((phase) => phase !== 'not-run') : [own, ...children];
  return worst(all) ?? (kind === 'init' ? 'not-run' : own);
}

/** Whether it and all of its children are final (api rule 7). */
export function isSettled(batch: {
  readonly phase: Phase;
  readonly children: readonly { readonly phase: Phase }[];
}): boolean {
  return isFinal(batch.phase) && batch.children.every((child) => isFinal(child.phase));
}
