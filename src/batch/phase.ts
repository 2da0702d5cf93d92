import type { Batch, Phase } from './types.ts';

/** What a status name means, counts aside. */
type Meaning = 'draft' | 'queued' | 'running' | 'success' | 'partial' | 'failure' | 'final';

const NAMES: Readonly<Record<Meaning, readonly string[]>> = {
  draft: ['draft', 'created', 'new'],
  queued: ['queued', 'pending', 'submitted', '1'],
  running: ['inprogress', 'processing', 'running', 'started', '2'],
  success: ['success', 'succeeded', 'completed', 'complete', 'done', 'finished'],
  partial: ['partial', 'partialsuccess', 'partiallysuccessful', 'completedwitherrors', 'successwitherrors'],
  failure: ['failed', 'failure', 'fail', 'error', 'aborted', 'cancelled', 'canceled', 'rejected'],
  final: ['3', '4', '5'],
};

const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  (Object.keys(NAMES) as Meaning[]).flatMap((meaning) =>
    NAMES[meaning].map((name) => [name, meaning] as const),
  ),
);

const OF_PHASE: Partial<Record<Phase, Meaning>> = {
  draft: 'draft',
  queued: 'queued',
  running: 'running',
  succeeded: 'success',
  partial: 'partial',
  failed: 'failure',
};

/** Names of an end that say why; worth showing next to our word for it. */
const TELLING: ReadonlySet<string> = new Set(['aborted', 'cancelled', 'canceled', 'rejected']);

/** Whether the server's name of a status says more than the phase: `Success` for partial, `Aborted` for failed, `3`. */
export function addsToPhase(status: string, phase: Phase): boolean {
  const name = normalised(status);
  if (name === '' || name === normalised(phase)) return false;
  const meaning = phase === 'uploaded' ? 'draft' : OF_PHASE[phase];
  return MEANINGS.get(name) !== meaning || TELLING.has(name);
}

/** Do two names mean the same status? They are compared without case, spaces, `-` and `_` (api rule 6). */
export const sameStatusName = (a: string, b: string): boolean => normalised(a) === normalised(b);
const normalised = (name: string): string => name.toLowerCase().replace(/[\s_-]+/gu, '');

/** A profile's own names, prepared once. Phases a name cannot mean (`uploaded`, `not-run`) are ignored. */
export type StatusNames = Readonly<Record<string, Phase>>;

function meaningOf(status: string, own: StatusNames, draftName: string | null): Meaning | undefined {
  const name = normalised(status);
  for (const [key, phase] of Object.entries(own)) {
    const meaning = OF_PHASE[phase];
    if (meaning !== undefined && normalised(key) === name) return meaning;
  }
  if (draftName !== null && normalised(draftName) === name) return 'draft';
  return MEANINGS.get(name);
}

/** Whether it is a part of an init that has not run: every field is empty (api rule 3). */
function isBlank(batch: Batch): boolean {
  return (
    batch.id === null &&
    batch.jobId === null &&
    batch.status === null &&
    batch.successCount === null &&
    batch.failCount === null &&
    // An error must never pass for "there was nothing to do".
    batch.errorMessage === null
  );
}

/**
 * The phase of a batch by its own status name and counts, children aside (api rule 6).
 * `recognised` is false for an unknown name: the caller warns once and shows it as the server spelled it.
 * @param draftName what the server calls a draft of this batch (`draftNameOf`); a profile's own names come first
 */
export function phaseOf(
  batch: Batch,
  own: StatusNames = {},
  draftName: string | null = null,
): { readonly phase: Phase; readonly recognised: boolean } {
  if (batch.element.startsWith('carryForward') && isBlank(batch))
    return { phase: 'not-run', recognised: true };
  const known = batch.status === null ? undefined : meaningOf(batch.status, own, draftName);
  const meaning = known ?? (batch.downloadUrl === null ? 'running' : 'final');
  const recognised = known !== undefined;
  if (meaning === 'draft' || meaning === 'queued' || meaning === 'running')
    return { phase: meaning, recognised };
  return { phase: finalPhase(meaning, batch.successCount ?? 0, batch.failCount ?? 0), recognised };
}

function finalPhase(meaning: Meaning, succeeded: number, failed: number): Phase {
  if (meaning === 'failure') return 'failed';
  if (failed > 0) return succeeded > 0 ? 'partial' : 'failed';
  return meaning === 'partial' ? 'partial' : 'succeeded';
}
