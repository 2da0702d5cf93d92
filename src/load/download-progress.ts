import type { Run } from './run.ts';

/** ms between two words on how far it is. */
const PAUSE_MS = 100;

/**
 * Tells how far several downloads are, over all of them; of how much only once every one has begun.
 * @returns for one download, what to tell its bytes and their total to
 */
export function downloadProgress(
  run: Pick<Run, 'context' | 'emit'>,
  files: number,
): (jobId: string) => (bytes: number, total: number | null) => void {
  const known = new Map<string, { readonly bytes: number; readonly total: number | null }>();
  let told = run.context.now();
  return (jobId) => (bytes, total) => {
    known.set(jobId, { bytes, total });
    const now = run.context.now();
    if (now - told < PAUSE_MS) return;
    told = now;
    const all = [...known.values()];
    const sum = all.reduce<number | null>(
      (so, one) => (so === null || one.total === null ? null : so + one.total),
      0,
    );
    run.emit({
      event: 'wait.progress',
      bytes: all.reduce((so, one) => so + one.bytes, 0),
      total: all.length < files ? null : sum,
    });
  };
}
