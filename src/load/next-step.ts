import type { BatchView, Phase } from '../batch/types.ts';
import { quoted } from '../shell.ts';

/** The next thing to do with a load, as it is typed, and why. */
export interface NextStep {
  readonly command: string;
  readonly why: string;
}

/** From where a load's batches stood when last heard of: the one command that brings it on. Pure. */
export function nextStep(batches: readonly BatchView[], job: string): NextStep {
  const all = flat(batches).filter(
    ({ kind }) => kind === 'customer' || kind === 'invoice' || kind === 'items',
  );
  const has = (...phases: readonly Phase[]): boolean => all.some(({ phase }) => phases.includes(phase));
  const load = ` --job ${quoted(job)}`;
  if (all.length === 0)
    return {
      command: `ebill upload customer FILE…${load}`,
      why: 'the load is started, and nothing is uploaded',
    };
  if (has('draft'))
    return { command: `ebill status${load}`, why: 'an upload was broken off: run its command again' };
  if (has('uploaded'))
    return { command: `ebill finalize${load}`, why: 'what is uploaded waits to be handed to processing' };
  if (has('queued', 'running')) return { command: `ebill watch${load}`, why: 'batches are being processed' };
  if (has('failed', 'partial'))
    return {
      command: `ebill results${load} --rejects`,
      why: 'records were rejected: see why, and get them back',
    };
  return { command: `ebill report${load}`, why: 'all of it is loaded: write the page to show for it' };
}

const flat = (batches: readonly BatchView[]): BatchView[] =>
  batches.flatMap((batch) => [batch, ...flat(batch.children)]);
