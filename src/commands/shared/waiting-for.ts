import type { Run } from '../../load/run.ts';

/** Tells whoever looks on what is waited for, and that it is over, however it ended. */
export async function waitingFor<T>(
  { emit }: Pick<Run, 'emit'>,
  message: string,
  work: () => Promise<T>,
): Promise<T> {
  emit({ event: 'wait.start', message });
  try {
    return await work();
  } finally {
    emit({ event: 'wait.end' });
  }
}
