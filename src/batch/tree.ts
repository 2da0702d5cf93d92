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

/** The invoice batch of an items batch: by its job id, else by its id. `null` when it has none, or none on record. */
export function parentOf<T extends Recorded>(batches: ReadonlyMap<string, T>, batch: Recorded): T | null {
  if (batch.kind !== 'items' || batch.parent === null) return null;
  const { id, jobId } = batch.parent;
  const named = jobId === null ? undefined : batches.get(jobId);
  if (named !== undefined || id === null) return named ?? null;
  for (const other of batches.values()) if (other.kind !== 'items' && other.id === id) return other;
  return null;
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
  return [...batches.values()].filter((batch) => parentOf(batches, batch)?.jobId === invoice.jobId);
}
