import type { FileKind } from './types.ts';

/** `AUG_2020` → `AUG_2020_INIT` (api rule 24). */
export const initJobId = (job: string): string => `${job}_INIT`;

const STEM: Readonly<Record<FileKind, string>> = { customer: 'CUS', invoice: 'INV', items: 'ITM' };

/** The nth batch (from 1) of a kind: `AUG_2020_CUS`, `AUG_2020_CUS_2` …; items are numbered from the first. */
export function batchJobId(job: string, kind: FileKind, n: number): string {
  const stem = `${job}_${STEM[kind]}`;
  return n === 1 && kind !== 'items' ? stem : `${stem}_${n}`;
}

/** The first job id of a kind that is not taken, counted through the whole load. */
export const nextJobId = (
  job: string,
  kind: FileKind,
  taken: { readonly has: (jobId: string) => boolean },
): string => freeJobIds(job, kind, (jobId) => taken.has(jobId))();

/**
 * Gives the first job id of a kind that is not taken, then the next. It never looks back, so that many files do not take the
 * square of the time of one.
 * @param isTaken a job id that was given may be taken or not, but none becomes free
 */
export function freeJobIds(job: string, kind: FileKind, isTaken: (jobId: string) => boolean): () => string {
  let n = 1;
  return () => {
    while (isTaken(batchJobId(job, kind, n))) n += 1;
    return batchJobId(job, kind, n);
  };
}

/** Stands for a load's name in the commands that hints show: pasted as it is, it must not start a load. */
export const NAME_PLACEHOLDER = 'NAME';

/** What is wrong with a job id, or `null`. Any printable text is allowed; it is sent unchanged (api rule 1). */
export function jobIdProblem(jobId: string): string | null {
  if (jobId === '') return 'it is empty';
  if (jobId.trim() === '') return 'it is only spaces';
  if (jobId === NAME_PLACEHOLDER) return 'it stands for the name of the load';
  if (jobId.length > 200) return `it has ${jobId.length} characters, more than 200`;
  if (/\p{C}/u.test(jobId.replace(/\p{Cf}/gu, '')))
    return 'it has control characters or characters that are not text';
  return null;
}
