import type { Columns } from '../../batch/columns.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { displayValue } from '../../files/findings.ts';
import type { BatchState, LoadState } from '../../load/state.ts';
import { visible } from '../../system/escaping.ts';
import { sha256OfFile } from '../../system/file-hash.ts';
import { eachRecord, type Keyed, type KeyedFile, keyColumn, type RejectedRecords } from './rejected.ts';

/** It has no key, which may be why it was rejected. */
const isKeyless = ({ key }: Keyed): boolean => key.trim() === '';

/** How many of the corrected records replace a rejected one; the others are new. Pure. */
export function replacedCount(rejected: readonly Keyed[], corrected: readonly Keyed[]): number {
  const left = new Map<string, number>();
  for (const { key } of rejected) left.set(key, (left.get(key) ?? 0) + 1);
  const isNew = corrected.map((record) => {
    const { key } = record;
    const more = isKeyless(record) ? 0 : (left.get(key) ?? 0);
    if (more > 0) left.set(key, more - 1);
    return more === 0;
  });
  const matched = isNew.filter((one) => !one).length;
  // Corrected in its place: the key was what was wrong. Only a file that still has all of its records shows that.
  if (rejected.length !== corrected.length) return matched;
  const rekeyed = rejected.filter(({ key }, i) => {
    const more = left.get(key) ?? 0;
    if (more === 0 || !isNew[i]) return false;
    left.set(key, more - 1);
    return true;
  });
  return matched + rekeyed.length;
}

/** @throws EbillError INVALID_FILE unless both have the same columns in the same order */
export function assertSameColumns(
  path: string,
  corrected: KeyedFile,
  { batch, header }: RejectedRecords,
): void {
  const differs = header.findIndex((name, i) => name !== corrected.header[i]);
  if (differs < 0 && header.length === corrected.header.length) return;
  const [was, is] = [header, corrected.header].map((names) =>
    names.slice(0, 50).map(displayValue).join(', '),
  );
  throw new EbillError(
    'INVALID_FILE',
    `${visible(path)} has other columns than the records of ${batch.jobId} that it corrects: ${is}.`,
    { hint: `Nothing was sent. Restore the header as it was sent: ${was}.` },
  );
}

/** A batch whose records must not be loaded again. */
interface Other {
  readonly batch: BatchState;
  /** Its rejected records; `null` where none of its records may be given: they are corrected in another file. */
  readonly rejected: RejectedRecords | null;
}

/**
 * Checks that each corrected record is a rejected one, or plainly new: no record that is loaded, or that was sent in
 * another correction, is loaded again (commands rule 1).
 * @param others the batches of this kind; the batch corrected, and those that it corrects, with their rejected records
 * @returns the batches whose file is gone or changed, so that nothing was compared with it
 * @throws EbillError INVALID_FILE that names the line
 */
export async function assertNotLoaded(
  path: string,
  kind: FileKind,
  columns: Columns,
  corrected: KeyedFile,
  others: readonly Other[],
): Promise<readonly BatchState[]> {
  const unread: BatchState[] = [];
  const given = new Map<string, Keyed[]>();
  for (const record of corrected.records)
    if (!isKeyless(record)) given.set(record.key, [...(given.get(record.key) ?? []), record]);
  const most = new Map<string, number>();
  for (const { batch, rejected } of others) {
    const found = await occurrences(batch, kind, columns, new Set(given.keys()));
    if (found === null) {
      unread.push(batch);
      continue;
    }
    for (const { key, line } of rejected?.records ?? []) {
      if (rejected?.waived.has(line) || !found.has(key)) continue;
      found.set(key, (found.get(key) ?? 0) - 1);
      most.set(key, (most.get(key) ?? 0) + 1);
    }
    for (const [key, times] of found) {
      const first = given.get(key)?.[0];
      if (times > 0 && first !== undefined) throw loadedBefore(path, first, batch, rejected !== null);
    }
  }
  for (const [key, records] of given) {
    const second = records[Math.max(1, most.get(key) ?? 1)];
    if (second !== undefined)
      throw new EbillError(
        'INVALID_FILE',
        `${visible(path)}:${second.line}: ${displayValue(key)} is given more often than it was rejected.`,
        { hint: 'Nothing was sent. Give each record once.' },
      );
  }
  return unread;
}

function loadedBefore(path: string, { line, key }: Keyed, { jobId }: BatchState, own: boolean): EbillError {
  const why = own ? 'is loaded, or waived, and was not rejected' : 'was sent in another file';
  return new EbillError(
    'INVALID_FILE',
    `${visible(path)}:${line}: ${displayValue(key)} ${why} (${jobId}): it would be loaded twice.`,
    {
      hint: own
        ? 'Nothing was sent. Remove the record, or give it its own key if it is another one.'
        : `Nothing was sent. Remove the record here. If it is rejected there, correct it in the rejects file of ${jobId}.`,
    },
  );
}

/** How often the file of a batch has each of the keys; `null` when it is gone or was changed. */
async function occurrences(
  { file }: BatchState,
  kind: FileKind,
  columns: Columns,
  keys: ReadonlySet<string>,
): Promise<Map<string, number> | null> {
  if (file === null || (await sha256OfFile(file.path).catch(() => null)) !== file.sha256) return null;
  const found = new Map<string, number>();
  let column = -1;
  await eachRecord(file.path, (fields, line) => {
    if (line === null) column = keyColumn(file.path, kind, fields, columns);
    const key = fields[column] ?? '';
    if (line !== null && keys.has(key)) found.set(key, (found.get(key) ?? 0) + 1);
  });
  return found;
}

/** The batches that a batch corrects, the nearest first. Pure. */
export function correctedBy({ batches }: LoadState, batch: BatchState): readonly BatchState[] {
  const found: BatchState[] = [];
  let next = batches.get(batch.corrects?.jobId ?? '');
  while (next !== undefined && !found.includes(next)) {
    found.push(next);
    next = batches.get(next.corrects?.jobId ?? '');
  }
  return found;
}
