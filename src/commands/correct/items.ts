import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { type Columns, ROLE_NAMES } from '../../batch/columns.ts';
import { parentOf } from '../../batch/tree.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { withRecords } from '../../files/record-reader.ts';
import type { SourceFile } from '../../load/entries.ts';
import type { Run } from '../../load/run.ts';
import type { BatchState } from '../../load/state.ts';
import { visible } from '../../system/escaping.ts';
import { sha256OfFile } from '../../system/file-hash.ts';
import { checkedFiles } from '../shared/file-checks.ts';
import type { Session } from '../shared/session.ts';
import { NOT_STRICT } from '../shared/strict.ts';
import { type Candidate, gone, onRecord, type What } from './candidates.ts';
import { assertSameColumns, replacedCount } from './compare.ts';
import { type Keyed, readKeyed } from './rejected.ts';

/** A file of corrected records and the batch that it corrects. */
export interface Correction {
  readonly kind: FileKind;
  /** The batch whose rejected records it corrects. */
  readonly corrects: BatchState;
  /** The rejects file that the operator corrected, and the file with what is sent of it. */
  readonly given: string;
  readonly file: SourceFile;
  /** Records that replace a rejected one. */
  readonly replaces: number;
  /** The correction on record with these bytes. */
  readonly known: BatchState | null;
}

/** As any file that is sent. @throws EbillError INVALID_FILE */
export async function checked(
  session: Session,
  path: string,
  kind: FileKind,
  columns: Columns,
): Promise<SourceFile> {
  const { app, emit } = session;
  // The columns of a correction were recognised, if at all, when the file that it corrects was checked.
  const choice = { declared: columns, without: new Set(ROLE_NAMES) };
  const files = await checkedFiles(
    app,
    [{ path, kind }],
    { validate: true, columns: choice, strict: NOT_STRICT },
    emit,
  );
  return files[kind][0] as SourceFile;
}

interface Items {
  /** `null`: no invoice that is corrected has one. */
  readonly correction: Correction | null;
  /** The other records of the file. */
  readonly records: readonly Keyed[];
}

/** The items of the invoices that are corrected. @param line job ids of the invoice batch and of those that it corrects */
export async function itemsOf(
  session: Session,
  run: Run,
  { batch, path, rejected, sha256 }: Candidate,
  invoice: Correction,
  line: readonly string[],
  keys: ReadonlySet<string>,
  { columns, temporary }: What,
): Promise<Items> {
  if (sha256 === null) {
    if (rejected.records.some(({ key }) => keys.has(key))) throw gone(run, path, batch);
    return { correction: null, records: [] };
  }
  const keyed = await readKeyed(path, 'items', columns);
  assertSameColumns(path, keyed, rejected);
  const mine = keyed.records.filter(({ key }) => keys.has(key));
  const sent = mine.length === 0 ? new Set() : await keysSent(run, batch, line, columns);
  const wanted = mine.filter(({ key }) => !sent.has(key));
  // What was sent with an earlier correction, and rejected with it, is in the rejects file of that one.
  const records = keyed.records.filter(({ key }) => !keys.has(key));
  if (wanted.length === 0) return { correction: null, records };
  const part = join(temporary, `${invoice.corrects.jobId}_${basename(path)}`);
  await copyRecords(path, part, new Set(wanted.map(({ line }) => line)));
  const known = onRecord(run, batch, await sha256OfFile(part), invoice.known?.jobId ?? null);
  if (known === null && invoice.known !== null && invoice.known.finalized !== 'no')
    return { correction: null, records: keyed.records };
  const file = await checked(session, part, 'items', columns);
  const open = rejected.records.filter(({ line }) => !rejected.waived.has(line));
  const replaces =
    known?.corrects?.replaces ??
    replacedCount(
      open.filter(({ key }) => keys.has(key)),
      wanted,
    );
  return { correction: { kind: 'items', corrects: batch, given: path, file, replaces, known }, records };
}

/** The invoices whose items were sent with a correction of one of these invoice batches. @throws EbillError CONFLICT */
async function keysSent(
  run: Run,
  batch: BatchState,
  line: readonly string[],
  columns: Columns,
): Promise<ReadonlySet<string>> {
  const { batches } = run.journal.state;
  const keys = new Set<string>();
  for (const jobId of batch.corrections ?? []) {
    const one = batches.get(jobId);
    if (!one?.file || one.abandoned || one.leftOut) continue;
    if (!line.includes(parentOf(batches, one)?.jobId ?? '')) continue;
    const { path, sha256 } = one.file;
    if ((await sha256OfFile(path).catch(() => null)) !== sha256)
      throw new EbillError('CONFLICT', `${visible(path)} is gone or was changed since it was sent.`, {
        hint: `Nothing was sent. Put it back (SHA-256 ${sha256}): it says which items were sent before.`,
      });
    for (const { key } of (await readKeyed(path, 'items', columns)).records) keys.add(key);
  }
  return keys;
}

/** Copies the header and the records that begin on these lines, byte for byte. */
async function copyRecords(from: string, to: string, lines: ReadonlySet<number>): Promise<void> {
  const out = createWriteStream(to, { mode: 0o600 });
  const done = new Promise<void>((end, fail) => out.on('close', end).on('error', fail));
  await withRecords(from, async (reader) => {
    for (let n = 0; ; n += 1) {
      const record = reader.take() ?? (await reader.read());
      if (record === null) break;
      if (n === 0 && reader.hasBom) out.write(Buffer.from([0xef, 0xbb, 0xbf]));
      if (n === 0 || lines.has(record.line)) out.write(Buffer.from(record.bytes));
    }
  });
  out.end();
  await done;
}
