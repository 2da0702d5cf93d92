import { join } from 'node:path';
import { usualKeyColumn } from '../../batch/column-names.ts';
import type { Columns } from '../../batch/columns.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { displayValue } from '../../files/findings.ts';
import { recordFields, withRecords } from '../../files/record-reader.ts';
import { writeRejects } from '../../files/rejects.ts';
import { messagesName, rejectsName } from '../../load/file-names.ts';
import type { BatchState } from '../../load/state.ts';
import { visible } from '../../system/escaping.ts';
import type { FetchedResult } from '../shared/results-flow.ts';

/** A record of a file by the key it is compared by: of items that of their invoice. */
export interface Keyed {
  /** The line it begins on, from 1. */
  readonly line: number;
  readonly key: string;
}

export interface KeyedFile {
  readonly header: readonly string[];
  readonly records: readonly Keyed[];
}

/** The rejected records of a batch, in the order they were sent. */
export interface RejectedRecords extends KeyedFile {
  readonly batch: BatchState;
  /** Of the rejects file as it is written: a file with this hash is not corrected. */
  readonly sha256: string;
  /** Lines of it that were waived. */
  readonly waived: ReadonlySet<number>;
}

/**
 * The rejected records of a batch, from the file sent and its result file: the rejects file may be corrected since.
 * @param temporary a folder to write to
 * @throws EbillError CONFLICT when the file sent is gone or changed
 */
export async function rejectedRecords(
  batch: BatchState,
  { jobId, kind, source, tally, problem, path: resultPath }: FetchedResult,
  columns: Columns,
  temporary: string,
): Promise<RejectedRecords> {
  const cause = problem ?? source.problem;
  if (cause !== null) throw cause;
  if (source.file === null || source.header === null || tally === null)
    throw new EbillError('CONFLICT', `This machine did not upload the file of ${jobId}.`, {
      hint: 'Run the command on the machine that uploaded it: its journal names the file.',
    });
  const path = join(temporary, rejectsName(jobId));
  const { sha256 } = await writeRejects({
    kind,
    sent: source.file,
    header: source.header,
    resultPath,
    result: tally,
    keyColumns: [],
    path,
    messagesPath: join(temporary, messagesName(jobId)),
    force: true,
  });
  const waived = new Set((batch.waived ?? []).flatMap(({ line }) => (line === null ? [] : [line])));
  return { batch, sha256, waived, ...(await readKeyed(path, kind, columns)) };
}

/** The records of a file with their keys. @throws EbillError USAGE, INVALID_FILE */
export async function readKeyed(path: string, kind: FileKind, columns: Columns): Promise<KeyedFile> {
  let column = -1;
  let header: readonly string[] = [];
  const records: Keyed[] = [];
  await eachRecord(path, (fields, line) => {
    if (line !== null) return void records.push({ line, key: fields[column] ?? '' });
    header = fields;
    column = keyColumn(path, kind, header, columns);
  });
  return { header, records };
}

/** Calls `use` with the header (its line is `null`), then with each record. */
export async function eachRecord(
  path: string,
  use: (fields: readonly string[], line: number | null) => void,
): Promise<void> {
  await withRecords(path, async (reader) => {
    use((await reader.readHeader()) ?? [], null);
    for (;;) {
      const record = reader.take() ?? (await reader.read());
      if (record === null) return;
      use(recordFields(record), record.line);
    }
  });
}

/** The index of the column that records are compared by. @throws EbillError INVALID_FILE when it is not known */
export function keyColumn(path: string, kind: FileKind, header: readonly string[], columns: Columns): number {
  const named = kind === 'items' ? columns.items?.invoice : columns[kind]?.key;
  const found =
    named === undefined
      ? usualKeyColumn(kind === 'items' ? 'invoice' : kind, header)
      : header.findIndex((name) => name.trim() === named.trim());
  if (found >= 0) return found;
  const role = kind === 'items' ? 'items.invoice' : `${kind}.key`;
  throw new EbillError(
    'INVALID_FILE',
    `It is not known which column of ${visible(path)} tells its records apart.`,
    {
      hint: `Name it with --column ${role}=NAME. Its columns: ${header.slice(0, 50).map(displayValue).join(', ')}.`,
    },
  );
}
