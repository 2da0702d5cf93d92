/**
 * The tree of batches. What the server or a view shows carries `children`; what the journal records names its invoice
 * batch instead (`parent`).
 */

interface Node<T> {
  readonly children: readonly T[];
}

/** All batches of some trees, each parent before its children. */
export function flatten<T extends Node<T>>(batches: readonly T[]): T[] {
  return batches.flatMap((batch) => [batch, ...flatten(batch.children)]);
}

/** One batch with its place in the tree. */
export interface Placed<T> {
  readonly batch: T;
  /** `null` at the top. */
  readonly parent: T | null;
  /** 0 at the top. */
  readonly depth: number;
}

/** As `flatten`, with the place of each batch. */
export function flattenPlaced<T extends Node<T>>(
  batches: readonly T[],
  parent: T | null = null,
  depth = 0,
): Placed<T>[] {
  return batches.flatMap((batch) => [
    { batch, parent, depth },
    ...flattenPlaced(batch.children, batch, depth + 1),
  ]);
}

/** A batch as the journal records it. */
interface Recorded {
  readonly jobId: string;
  readonly id: string | null;
  readonly kind: string;
  /** The invoice batch of an items batch: at least one of its names; `null` for any other kind. */
  readonly parent: { readonly id: string | null; readonly jobId: string | null } | null;
}

/** A map that keeps indexes of its values; without one it is searched. */
interface Indexed<T> extends ReadonlyMap<string, T> {
  where?(keysOf: (batch: T) => readonly string[], key: string): readonly T[];
}

/**
 * The batches that are found by a key, in the order of the map.
 * @param keysOf a constant: there is one index for each
 */
export const having = <T>(
  batches: Indexed<T>,
  keysOf: (batch: T) => readonly string[],
  key: string,
): readonly T[] =>
  batches.where?.(keysOf, key) ?? [...batches.values()].filter((batch) => keysOf(batch).includes(key));

const byId = ({ kind, id }: Recorded): readonly string[] => (kind === 'items' || id === null ? [] : [id]);

const byParent = ({ kind, parent }: Recorded): readonly string[] =>
  kind !== 'items' || parent === null
    ? []
    : [
        ...(parent.jobId === null ? [] : [`jobId ${parent.jobId}`]),
        ...(parent.id === null ? [] : [`id ${parent.id}`]),
      ];

/** The invoice batch of an items batch: by its job id, else by its id. `null` when it has none, or none on record. */
export function parentOf<T extends Recorded>(batches: ReadonlyMap<string, T>, batch: Recorded): T | null {
  if (batch.kind !== 'items' || batch.parent === null) return null;
  const { id, jobId } = batch.parent;
  const named = jobId === null ? undefined : batches.get(jobId);
  if (named !== undefined || id === null) return named ?? null;
  return having(batches, byId, id)[0] ?? null;
}

/** The job id of the invoice batch of an items batch, whether that is on record or not; `null` when it is unknown. */
export function parentJobId(batches: ReadonlyMap<string, Recorded>, batch: Recorded): string | null {
  return parentOf(batches, batch)?.jobId ?? batch.parent?.jobId ?? null;
}

/** The items batches on record under an invoice batch, in the order they were recorded. */
export function itemsUnder<T extends Recorded>(
  batches: ReadonlyMap<string, T>,
  invoice: Recorded,
): readonly T[] {
  const isUnder = (batch: T): boolean => parentOf(batches, batch)?.jobId === invoice.jobId;
  const { id, jobId } = invoice;
  const named = having(batches, byParent, `jobId ${jobId}`).filter(isUnder);
  const others =
    id === null
      ? []
      : having(batches, byParent, `id ${id}`).filter((one) => one.parent?.jobId !== jobId && isUnder(one));
  return others.length === 0 ? named : [...batches.values()].filter(isUnder);
}
