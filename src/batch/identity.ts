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

/** Where each batch of a list is, first ones only. */
interface Places {
  /** Of batches with an id, by that id. */
  readonly ids: ReadonlyMap<string, number>;
  /** Of batches without an id. */
  readonly unnumbered: ReadonlyMap<string, number>;
  readonly jobIds: ReadonlyMap<string, number>;
}

const placesOf = new WeakMap<readonly Ids[], Places>();
/** A shorter list is searched. */
const LONG = 16;

/** The first batch of a list that is the one that is known (`isSameBatch`). @param list not changed any more */
export function findSame<T extends Ids>(list: readonly T[], known: Ids): T | undefined {
  if (list.length < LONG) return list.find((one) => isSameBatch(known, one));
  const places = placesOf.get(list) ?? indexOf(list);
  placesOf.set(list, places);
  const { id, jobId } = known;
  const byJobId = (map: ReadonlyMap<string, number>): number | undefined =>
    jobId === null ? undefined : map.get(jobId);
  if (id === null) return list[byJobId(places.jobIds) ?? -1];
  const found = [places.ids.get(canonicalId(id)), byJobId(places.unnumbered)];
  return list[Math.min(...found.map((place) => place ?? list.length))];
}

function indexOf(list: readonly Ids[]): Places {
  const [ids, unnumbered, jobIds] = [1, 2, 3].map(() => new Map<string, number>()) as [
    Map<string, number>,
    Map<string, number>,
    Map<string, number>,
  ];
  const note = (map: Map<string, number>, key: string | null, place: number): void => {
    if (key !== null && !map.has(key)) map.set(key, place);
  };
  for (const [place, { id, jobId }] of list.entries()) {
    if (id === null) note(unnumbered, jobId, place);
    else note(ids, canonicalId(id), place);
    note(jobIds, jobId, place);
  }
  return { ids, unnumbered, jobIds };
}

/** A batch in a sentence: `AUG_2020_CUS (batch 3)`. */
export function idsText({ id, jobId }: Ids): string {
  if (jobId === null) return `batch ${id ?? 'without an id'}`;
  return id === null ? jobId : `${jobId} (batch ${id})`;
}
