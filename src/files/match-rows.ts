import { KeyHash64 } from './keys.ts';
import { detached, type RawRecord, type RecordReader, recordFields } from './record-reader.ts';
import { type ResultTally, type SentFile, withResultRecords, withSentFile } from './result-file.ts';

/** A file that was sent, its header, and its result file. */
export interface SentAndResult {
  readonly sent: SentFile;
  readonly header: readonly string[];
  readonly resultPath: string;
  readonly result: Pick<ResultTally, 'columns' | 'header' | 'resultOf'>;
}

/** Receives the rejected records in the order of the file sent. Their bytes are valid until the promise resolves. */
export interface RejectedRecords {
  header(record: RawRecord, hasBom: boolean): Promise<void> | undefined;
  record(record: RawRecord, message: string): Promise<void> | undefined;
}

/** A column of both files: its index in the header sent and in the result. */
export interface SharedColumn {
  readonly column: number;
  readonly place: number;
}

export const sharedColumns = ({ result }: SentAndResult): readonly SharedColumn[] =>
  (result.columns.sent ?? []).flatMap((place, column) => (place < 0 ? [] : [{ place, column }]));

/**
 * Matches by position: every row of the result must be equal to the record at the same position in all columns that both
 * have. Values that only look alike are not enough: two such records in another order would be taken for one another. Memory is flat. After a mismatch the records passed to `out` are not to be used.
 * @returns why they do not match, without a full stop; `null` when they do
 * @throws EbillError CONFLICT when the file sent has changed
 */
export async function matchByPosition(files: SentAndResult, out: RejectedRecords): Promise<string | null> {
  const shared = sharedColumns(files);
  if (shared.length === 0) return 'the result file has none of the columns sent';
  return withSentFile<string | null>(
    files.sent,
    async (sent) =>
      withResultRecords(files.resultPath, async (result) => {
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
            ({ place, column }) => (sentFields[column] ?? '') !== (resultFields[place] ?? ''),
          );
          if (different !== undefined) {
            const name = files.header[different.column] ?? '';
            const [was, is] = [sentFields[different.column], resultFields[different.place]];
            return `line ${record.line}, column "${name}": "${short(was)}" was sent, but line ${row.line} of the result file has "${short(is)}"`;
          }
          const { result: said, message } = files.result.resultOf(resultFields);
          if (said === 'rejected') await out.record(record, message);
        }
      }),
    isMatch,
  );
}

const isMatch = (mismatch: string | null): boolean => mismatch === null;

/**
 * The shared columns that have the same values in both files, as often, in whatever order; `null` when the numbers of records differ.
 * @throws EbillError CONFLICT when the file sent has changed
 */
export async function agreeingColumns(files: SentAndResult): Promise<readonly SharedColumn[] | null> {
  const shared = sharedColumns(files);
  const sums = (): ValueSum[] => shared.map(() => new ValueSum());
  const [ofSent, ofResult] = [sums(), sums()];
  const count = async (
    reader: RecordReader,
    into: readonly ValueSum[],
    at: 'column' | 'place',
  ): Promise<number> => {
    let rows = 0;
    await eachRecord(reader, (fields) => {
      rows += 1;
      shared.forEach((one, i) => {
        into[i]?.add(comparable(fields[one[at]] ?? ''));
      });
    });
    return rows;
  };
  const sent = await withSentFile(files.sent, (reader) => count(reader, ofSent, 'column'));
  const result = await withResultRecords(files.resultPath, (reader) => count(reader, ofResult, 'place'));
  return sent === result ? shared.filter((_, i) => ofSent[i]?.equals(ofResult[i])) : null;
}

/** Rejected rows with the same values in the columns compared, and the records sent that have these values. */
interface Group {
  /** Of the rejected rows, in their order. */
  readonly messages: string[];
  /** Line of the first one in the result file. */
  readonly line: number;
  /** Rows that are not rejected. */
  others: number;
  sent: number;
  /** Records met while writing. */
  written: number;
  /** The first record sent with these values, in all its columns; whether others differ from it. */
  first: string | null;
  differ: boolean;
}

/** What is compared. */
export interface Comparison {
  readonly columns: readonly SharedColumn[];
  /** As the bytes are, without allowing for what servers change. */
  readonly exact: boolean;
}

/** How rows of a result were matched with records sent, by their values. */
export interface ValueMatch extends Comparison {
  readonly groups: ReadonlyMap<string, Group>;
  /** Rejected rows of which it is not certain which record they are. */
  readonly unplaced: number;
  /** The line of the first of these in the result file. */
  readonly unplacedLine: number | null;
}

/**
 * Matches rejected rows with records sent by the values of some columns, in any order. Records with the same values are
 * distinguished only when all of them are rejected, or are equal in every column. Memory grows with the rejected rows.
 * @returns why they do not match, without a full stop
 * @throws EbillError CONFLICT when the file sent has changed
 */
export async function matchByValues(
  files: SentAndResult,
  { columns, exact }: Comparison,
): Promise<ValueMatch | string> {
  const names = columns.map(({ column }) => `"${files.header[column] ?? ''}"`).join(', ');
  const groups = new Map<string, Group>();
  const [ofSent, ofResult] = [new ValueSum(), new ValueSum()];
  const resultKey = (fields: readonly string[]): string =>
    keyOf(
      columns.map(({ place }) => fields[place] ?? ''),
      exact,
    );
  let [sentRows, resultRows] = [0, 0];
  await withResultRecords(files.resultPath, (reader) =>
    eachRecord(reader, (fields, line) => {
      const key = resultKey(fields);
      resultRows += 1;
      ofResult.add(key);
      const { result, message } = files.result.resultOf(fields);
      if (result !== 'rejected') return;
      const known = groups.get(key);
      if (known !== undefined) known.messages.push(detached(message));
      else
        groups.set(detached(key), {
          messages: [detached(message)],
          line,
          others: 0,
          sent: 0,
          written: 0,
          first: null,
          differ: false,
        });
    }),
  );
  await withResultRecords(files.resultPath, (reader) =>
    eachRecord(reader, (fields) => {
      const group = groups.get(resultKey(fields));
      if (group !== undefined && files.result.resultOf(fields).result !== 'rejected') group.others += 1;
    }),
  );
  await withSentFile(files.sent, (reader) =>
    eachRecord(reader, (fields) => {
      const key = sentKey({ columns, exact }, fields);
      sentRows += 1;
      ofSent.add(key);
      const group = groups.get(key);
      if (group === undefined) return;
      group.sent += 1;
      // As sent: what is equal only without its blanks may be another record.
      const all = fields.join('\0');
      group.first ??= detached(all);
      group.differ ||= group.first !== all;
    }),
  );
  // Fewer rows are a result of rejections only, or one that lacks rows. What the other rows would show is not known then: equal values
  // are no evidence of the same record.
  const rejected = [...groups.values()].reduce((sum, { messages }) => sum + messages.length, 0);
  if (resultRows > sentRows || (resultRows < sentRows && (exact || resultRows > rejected)))
    return `the file sent has ${sentRows} records, the result file has ${resultRows}`;
  if (resultRows === sentRows && !ofSent.equals(ofResult))
    return `the two files do not have the same values in ${names}`;
  for (const [key, { sent, messages, others, line }] of groups)
    if (sent < messages.length + others)
      return `the result file has a rejected record "${short(key.replaceAll('\0', ','))}" (line ${line}) that is not in the file sent (${names})`;
  const unclear = [...groups.values()].filter((group) => !isCertain(group));
  return {
    columns,
    exact,
    groups,
    unplaced: unclear.reduce((sum, { messages }) => sum + messages.length, 0),
    unplacedLine: unclear[0]?.line ?? null,
  };
}

/** All records with these values are rejected, or it does not matter which of them. */
const isCertain = ({ sent, messages, differ }: Group): boolean => sent === messages.length || !differ;

/** Writes the rejected records that are certain. @throws EbillError CONFLICT when the file sent has changed */
export async function writeMatched(
  files: SentAndResult,
  { groups, ...comparison }: ValueMatch,
  out: RejectedRecords,
): Promise<void> {
  await withSentFile(files.sent, async (sent) => {
    const header = await sent.read();
    if (header !== null) await out.header(header, sent.hasBom);
    for (let record = await sent.read(); record !== null; record = sent.take() ?? (await sent.read())) {
      const group = groups.get(sentKey(comparison, recordFields(record)));
      if (group === undefined || !isCertain(group)) continue;
      group.written += 1;
      // Of equal records the last ones: a server that refuses repeats accepts the first.
      const message = group.messages[group.written - 1 - (group.sent - group.messages.length)];
      if (message !== undefined) await out.record(record, message);
    }
  });
}

const sentKey = ({ columns, exact }: Comparison, fields: readonly string[]): string =>
  keyOf(
    columns.map(({ column }) => fields[column] ?? ''),
    exact,
  );

/** One text for several values; NUL is in no file that was sent. */
const keyOf = (values: readonly string[], exact: boolean): string =>
  (exact ? values : values.map(comparable)).join('\0');

/** Calls `work` for every record after the header. */
async function eachRecord(
  reader: RecordReader,
  work: (fields: readonly string[], line: number) => void,
): Promise<void> {
  await reader.read();
  for (let record = await reader.read(); record !== null; record = reader.take() ?? (await reader.read()))
    work(recordFields(record), record.line);
}

/** A sum over values that does not depend on their order: 64 bits. */
class ValueSum {
  #low = 0;
  #high = 0;
  readonly #hash = new KeyHash64();

  add(value: string): void {
    const bytes = Buffer.from(value);
    this.#hash.update(bytes, 0, bytes.length);
    this.#low = (this.#low + this.#hash.low) | 0;
    this.#high = (this.#high + this.#hash.high) | 0;
  }

  equals(other: ValueSum | undefined): boolean {
    return other !== undefined && this.#low === other.#low && this.#high === other.#high;
  }
}

/** Servers trim spaces, change case and line breaks, and write an amount of `1.00` as `1`; any other difference is another value. */
function comparable(value: string): string {
  const text = value.replace(/\r\n?/g, '\n').trim().toLowerCase();
  return /^-?\d+\.\d*$/.test(text) ? text.replace(/\.?0*$/, '') : text;
}

const short = (text: string | undefined): string => {
  const characters = [...(text ?? '')];
  return characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : characters.join('');
};
