import { createHash } from 'node:crypto';
import { fieldsOf, ownCopy, type RawRecord, type RecordReader, withRecords } from './record-reader.ts';
import { type ResultTally, recordResult, type SentFile, sentFileChanged } from './result-file.ts';

/** The file sent, its header, and the result file that answers for it. */
export interface Pair {
  readonly sent: SentFile;
  readonly header: readonly string[];
  readonly resultPath: string;
  readonly result: Pick<ResultTally, 'columns' | 'header'>;
}

/** Gets the failed records, in the order of the file sent. Their bytes are valid until it resolves. */
export interface FailedRecords {
  header(record: RawRecord, hasBom: boolean): Promise<void> | undefined;
  record(record: RawRecord, message: string): Promise<void> | undefined;
}

/** Why records and result rows cannot be brought together; a sentence without its full stop. */
export interface Mismatch {
  readonly why: string;
  /** In the file sent, from 1; `null`: of the file as a whole. */
  readonly line: number | null;
  readonly column: string | null;
}

/**
 * Row by row: every row of the result must agree with the record sent in its place, in every column that both have.
 * Memory is flat. What was handed out before a mismatch was found is to be thrown away.
 * @throws EbillError CONFLICT when the file sent has changed
 */
export async function byPosition(pair: Pair, out: FailedRecords): Promise<Mismatch | null> {
  const { columns } = pair.result;
  const shared = (columns.sent ?? []).flatMap((place, column) => (place < 0 ? [] : [{ place, column }]));
  if (shared.length === 0)
    return { why: 'the result file has none of the columns sent', line: null, column: null };
  return withSent(pair, async (sent) =>
    withRecords(pair.resultPath, async (result) => {
      const header = await sent.read();
      if (header !== null) await out.header(header, sent.hasBom);
      await result.read();
      for (let n = 0; ; n += 1) {
        const record = sent.take() ?? (await sent.read());
        const row = result.take() ?? (await result.read());
        if (record === null || row === null) {
          if (record === row) return null;
          const [few, many] = record === null ? ['file sent', 'result file'] : ['result file', 'file sent'];
          return { why: `the ${few} has ${n} records, the ${many} has more`, line: null, column: null };
        }
        const [was, is] = [fieldsOf(record), fieldsOf(row)];
        const wrong = shared.find(({ place, column }) => !agree(was[column] ?? '', is[place] ?? ''));
        if (wrong !== undefined) {
          const column = pair.header[wrong.column] ?? '';
          const why = `line ${record.line}, column "${column}": "${short(was[wrong.column])}" was sent, "${short(is[wrong.place])}" is on line ${row.line} of the result file`;
          return { why, line: record.line, column };
        }
        const { ok, message } = recordResult(is, columns);
        if (!ok) await out.record(record, message);
      }
    }),
  );
}

/**
 * By a column that is unique in both files. Memory grows with the failures, and by 8 bytes a record.
 * @param column its place in the header sent
 * @throws EbillError CONFLICT when the file sent has changed
 */
export async function byKey(pair: Pair, column: number, out: FailedRecords): Promise<Mismatch | null> {
  const { columns } = pair.result;
  const name = pair.header[column] ?? '';
  const place = columns.sent?.[column] ?? -1;
  if (place < 0) return { why: `the result file has no column "${name}"`, line: null, column: name };
  const failed = new Map<string, string>();
  const told = new KeyCensus();
  await withRecords(pair.resultPath, async (result) => {
    await result.read();
    for (let row = await result.read(); row !== null; row = result.take() ?? (await result.read())) {
      const fields = fieldsOf(row);
      const key = (fields[place] ?? '').trim();
      told.add(key);
      const { ok, message } = recordResult(fields, columns);
      if (!ok) failed.set(ownCopy(key), ownCopy(message));
    }
  });
  if (!told.isUnique()) return repeated(name, 'the result file');
  return withSent(pair, async (sent) => {
    const known = new KeyCensus();
    const header = await sent.read();
    if (header !== null) await out.header(header, sent.hasBom);
    for (let record = await sent.read(); record !== null; record = sent.take() ?? (await sent.read())) {
      const key = (fieldsOf(record)[column] ?? '').trim();
      known.add(key);
      const message = failed.get(key);
      if (message === undefined) continue;
      await out.record(record, message);
      failed.delete(key);
    }
    if (!known.isUnique()) return repeated(name, 'the file sent');
    const [missing] = failed.keys();
    return missing === undefined
      ? null
      : {
          why: `"${short(missing)}" failed by the result file, and is in no record sent (column "${name}")`,
          line: null,
          column: name,
        };
  });
}

const repeated = (name: string, where: string): Mismatch => ({
  why: `column "${name}" is not unique in ${where}`,
  line: null,
  column: name,
});

/** Reads the file sent, all of it, and holds it against what is on record. */
async function withSent(
  { sent }: Pair,
  work: (reader: RecordReader) => Promise<Mismatch | null>,
): Promise<Mismatch | null> {
  const hash = createHash('sha256');
  const mismatch = await withRecords(sent.path, work, (block) => hash.update(block));
  // A mismatch ends the reading early; then the file was checked before.
  if (mismatch === null && hash.digest('hex') !== sent.sha256) throw sentFileChanged(sent);
  return mismatch;
}

/** A server may cut blanks around a value and write line breaks its own way; anything else is another value. */
const agree = (was: string, is: string): boolean =>
  was === is || was.replace(/\r\n?/g, '\n').trim() === is.replace(/\r\n?/g, '\n').trim();

const short = (text: string | undefined): string => {
  const characters = [...(text ?? '')];
  return characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : characters.join('');
};

/** Are keys unique? Counts them by a 53-bit hash, 8 bytes a key: two million invoices take 16 MB. */
class KeyCensus {
  #hashes = new Float64Array(1024);
  #count = 0;

  add(key: string): void {
    if (this.#count === this.#hashes.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#count] = hash53(key);
    this.#count += 1;
  }

  /** Sorts; nothing is added after. Two keys of one hash (at two million about once in 5,000 files) count as the same: that errs to the safe side. */
  isUnique(): boolean {
    const sorted = this.#hashes.subarray(0, this.#count).sort();
    for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return false;
    return true;
  }
}

/** cyrb53, a public-domain string hash: 53 bits, so that it fits a double. */
function hash53(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
