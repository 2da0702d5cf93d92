import { stat } from 'node:fs/promises';
import type { CheckProgress, FileToCheck } from '../../files/preflight.ts';
import type { Listener } from '../../load/events.ts';
import type { Context } from '../../system/context.ts';

/** ms between two words on how far it is. */
const PAUSE_MS = 100;

/** Tells how far the check of several files is, over all of them: hand the result to it as `onProgress`. */
export async function checkProgress(
  context: Context,
  files: readonly FileToCheck[],
  emit: Listener,
): Promise<(progress: CheckProgress) => void> {
  const sizes = await Promise.all(
    files.map(({ path }) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const read = new Map<string, number>();
  let told = context.now();
  return ({ path, bytes }) => {
    read.set(path, bytes);
    const now = context.now();
    if (now - told < PAUSE_MS) return;
    told = now;
    const all = [...read.values()].reduce((sum, size) => sum + size, 0);
    emit({ event: 'check.progress', bytes: Math.min(all, total), total });
  };
}
