/** The ids by which a batch is known; `null`: unknown. */
export interface Ids {
  readonly id: string | null;
  readonly jobId: string | null;
}

/** Ids without the zeros in front, which servers pad them with: `0000000001` is `1`. For comparing, never for sending. */
export const canonicalId = (id: string): string => id.replace(/^0+(?=\d)/, '');

export const sameId = (a: string, b: string): boolean => canonicalId(a) === canonicalId(b);

/** `padded`: the same, but one id has more zeros in front. */
export type Identity = 'same' | 'padded' | 'other';

/** Whether an answer is about the batch that it was asked about: by what both know of it (api rule 14). */
export function identityOf(asked: Ids, answer: Ids): Identity {
  if (asked.jobId !== null && answer.jobId !== null && asked.jobId !== answer.jobId) return 'other';
  if (asked.id === null || answer.id === null || asked.id === answer.id) return 'same';
  return sameId(asked.id, answer.id) ? 'padded' : 'other';
}

/** Whether a batch in a list is the one that is known: by its id, else by its job id. */
export function isSameBatch(known: Ids, listed: Ids): boolean {
  if (known.id !== null && listed.id !== null) return sameId(known.id, listed.id);
  return known.jobId !== null && known.jobId === listed.jobId;
}

/** A batch in a sentence: `AUG_2020_CUS (batch 3)`. */
export function idsText({ id, jobId }: Ids): string {
  if (jobId === null) return `batch ${id ?? 'without an id'}`;
  return id === null ? jobId : `${jobId} (batch ${id})`;
}
