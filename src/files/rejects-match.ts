import { KeyHash64 } from './key-set.ts';
import { KeyTable } from './key-table.ts';
import { detached, type RawRecord, recordFields, withRecords } from './record-reader.ts';
import { type ResultTally, recordResult, type SentFile, withSentFile } from './result-file.ts';

/** A file that was sent, its header, and its result file. */
export interface SentAndResult {
  readonly sent: SentFile;
  readonly header: readonly string[];
  readonly resultPath: string;
  readonly result: Pick<ResultTally, 'columns' | 'header'>;
}

/** Receives the failed records in the order of the file sent. Their bytes are valid until the promise resolves. */
export interface FailedRecords {
  header(record: RawRecord, hasBom: boolean): Promise<void> | undefined;
  record(record: RawRecord, message: string): Promise<void> | undefined;
}

/**
 * Matches by position: every row of the result must agree with the record at the same position in all columns that both
 * have. Memory is flat. After a mismatch the records passed to `out` are not to be used.
 * @returns why they do not match, without a full stop; `null` when they do
 * @throws EbillError CONFLICT when the file sent has changed
 */
export async function matchByPosition(files: SentAndResult, out: FailedRecords): Promise<string | null> {
  const { columns } = files.result;
  const shared = (columns.sent ?? []).flatMap((place, column) => (place < 0 ? [] : [{ place, column }]));
  if (shared.length === 0) return 'the result file has none of the columns sent';
  return withSentFile<string | null>(
    files.sent,
    async (sent) =>
      withRecords(files.resultPath, async (result) => {
        const header = await sent.read();
        if (header !== null) await out.header(header, sent.hasBom);
        await result.read();
        for (let n = 0; ; n += 1) {
          const record = sent.take() ?? (await sent.read());
          const row = result.take() ?? (await result.read());
          if (record === null || row === null) {
            if (record === row) return null;
            const [less, more] =
              record === null ? ['file sent', 'result file'] : ['result file', 'file sent'];
            return `the ${less} has ${n} records, the ${more} has more`;
          }
          const [sentFields, resultFields] = [recordFields(record), recordFields(row)];
          const different = shared.find(
            ({ place, column }) => !sameValue(sentFields[column] ?? '', resultFields[place] ?? ''),
          );
          if (different !== undefined) {
            const name = files.header[different.column] ?? '';
            const [was, is] = [sentFields[different.column], resultFields[different.place]];
            return `line ${record.line}, column "${name}": "${short(was)}" was sent, but line ${row.line} of the result file has "${short(is)}"`;
          }
          const { ok, message } = recordResult(resultFields, columns);
          if (!ok) await out.record(record, message);
        }
      }),
    isMatch,
  );
}

/**
 * Matches by a column that is unique in both files. Memory grows with the failures, and by 8 bytes for each record.
 * @param column index in the header sent
 * @returns as `matchByPosition`
 * @throws EbillError CONFLICT when the file sent has changed
 */
export async function matchByKey(
  files: SentAndResult,
  column: number,
  out: FailedRecords,
): Promise<string | null> {
  const { columns } = files.result;
  const name = files.header[column] ?? '';
  const place = columns.sent?.[column] ?? -1;
  if (place < 0) return `the result file has no column "${name}"`;
  const failed = new Map<string, string>();
  const resultKeys = new UniqueKeys();
  await withRecords(files.resultPath, async (result) => {
    await result.read();
    for (let row = await result.read(); row !== null; row = result.take() ?? (await result.read())) {
      const fields = recordFields(row);
      const key = (fields[place] ?? '').trim();
      resultKeys.add(key);
      const { ok, message } = recordResult(fields, columns);
      if (!ok) failed.set(detached(key), detached(message));
    }
  });
  if (!resultKeys.areUnique()) return `column "${name}" is not unique in the result file`;
  return withSentFile<string | null>(
    files.sent,
    async (sent) => {
      const sentKeys = new UniqueKeys();
      const header = await sent.read();
      if (header !== null) await out.header(header, sent.hasBom);
      for (let record = await sent.read(); record !== null; record = sent.take() ?? (await sent.read())) {
        const key = (recordFields(record)[column] ?? '').trim();
        sentKeys.add(key);
        const message = failed.get(key);
        if (message === undefined) continue;
        await out.record(record, message);
        failed.delete(key);
      }
      if (!sentKeys.areUnique()) return `column "${name}" is not unique in the file sent`;
      const [missing] = failed.keys();
      if (missing === undefined) return null;
      return `the result file has a failed record "${short(missing)}" that is not in the file sent (column "${name}")`;
    },
    isMatch,
  );
}

const isMatch = (mismatch: string | null): boolean => mismatch === null;

/** Servers may trim spaces and change line breaks; any other difference is another value. */
const sameValue = (sent: string, result: string): boolean =>
  sent === result || normalized(sent) === normalized(result);

const normalized = (value: string): string => value.replace(/\r\n?/g, '\n').trim();

const short = (text: string | undefined): string => {
  const characters = [...(text ?? '')];
  return characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : characters.join('');
};

/**
 * Checks that keys are unique, by 64-bit hashes: 16 MB for two million. Two keys with the same hash count as a repeat,
 * which is the safe side.
 */
class UniqueKeys {
  readonly #hash = new KeyHash64();
  #unique = true;
  readonly #table = new KeyTable(() => {
    this.#unique = false;
  });

  add(key: string): void {
    const bytes = Buffer.from(key);
    this.#hash.update(bytes, 0, bytes.length);
    this.#table.add(this.#hash.low, this.#hash.high);
  }

  areUnique(): boolean {
    this.#table.findRepeats();
    return this.#unique;
  }
}
