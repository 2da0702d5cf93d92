import { FIRST_BLOCK_BYTES } from './blocks.ts';
import type { CrossCheck } from './cross-check.ts';
import { ConversionSearch, fieldAround } from './damaged-values.ts';
import { EncodingSample, foreignContent, Utf8Checker } from './encoding.ts';
import type { FieldSink } from './field-values.ts';
import { FindingList, finding } from './findings.ts';
import { reportLikeNames } from './lookalikes.ts';
import type { RecordBatch } from './scan-kernel.ts';
import { CsvScanner } from './scanner.ts';
import { SpreadsheetDamage } from './spreadsheet-damage.ts';
import { HEAD_BYTES, type TableStart, tableProblem, tableStart } from './table-check.ts';

/**
 * Checks the encoding and structure of a file, in blocks of any size, and adds findings. The beginning of the file shows
 * whether it is a table; if not, that is the only finding about its structure (commands rule 15).
 */
export class ContentCheck {
  readonly #findings: FindingList;
  readonly #utf8 = new Utf8Checker();
  /** Once there is a byte that is not UTF-8. */
  #sample: EncodingSample | undefined;
  #scanner: CsvScanner | undefined;
  readonly #damage = new SpreadsheetDamage();
  readonly #conversions = new ConversionSearch();
  readonly #cross: CrossCheck | undefined;
  #bytes = 0;
  /** The first bytes until there are enough of them, in the pieces they came in. */
  #head: Uint8Array[] | undefined = [];
  #start: TableStart | undefined;

  /** @param cross the file's checks against other files */
  constructor(findings: FindingList, cross?: CrossCheck) {
    this.#findings = findings;
    this.#cross = cross;
  }

  /** Bytes checked so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records without the header; `null` when the file is not CSV text. */
  get records(): number | null {
    return this.#scanner?.records ?? null;
  }

  /** Column names. */
  get header(): readonly string[] {
    return this.#scanner?.header ?? [];
  }

  /** The first records; `undefined` for a file that is no table. */
  get start(): TableStart | undefined {
    return this.#start;
  }

  /** Checks the next bytes; they are not kept. */
  write(block: Uint8Array): void {
    const before = this.#bytes;
    this.#bytes += block.length;
    const head = this.#head;
    if (head === undefined) this.#check(block);
    else if (before === 0 && block.length >= HEAD_BYTES) this.#begin([block], false);
    else {
      head.push(Uint8Array.from(block));
      if (this.#bytes >= HEAD_BYTES) this.#begin(head, false);
    }
  }

  /** Decides by its beginning how the file is checked. One cause is reported, not its hundred consequences. */
  #begin(pieces: readonly Uint8Array[], whole: boolean): void {
    this.#head = undefined;
    const [first] = pieces;
    const head = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
    const foreign = foreignContent(head);
    const problem =
      foreign === undefined ? tableProblem(head, whole) : { finding: foreign, hasRecords: false };
    if (problem !== undefined) this.#findings.cause(problem.finding);
    if (problem?.hasRecords === false) return;
    if (problem === undefined) {
      this.#start = tableStart(head, whole);
      this.#scanner = new CsvScanner(this.#findings, new CheckSink(this.#damage, this.#cross));
    } else this.#scanner = new CsvScanner(new FindingList());
    if (!whole && head.length >= FIRST_BLOCK_BYTES) warmUp();
    for (const piece of pieces) this.#check(piece);
  }

  #check(block: Uint8Array): void {
    const scanner = this.#scanner;
    if (scanner === undefined) return;
    const bad = this.#utf8.write(block);
    if (bad === undefined) {
      this.#sample?.add(block);
      this.#scan(scanner, block);
      return;
    }
    // Scan up to the bad byte: the scanner knows its line and field.
    const offset = Math.max(bad.offset, 0);
    scanner.write(block.subarray(0, offset));
    this.#sample = new EncodingSample(scanner.position, bad);
    scanner.write(block.subarray(offset));
  }

  /** Scans up to each damaged character: the scanner knows its line and field. */
  #scan(scanner: CsvScanner, block: Uint8Array): void {
    let from = 0;
    for (const { code, end, text } of this.#conversions.search(block)) {
      scanner.write(block.subarray(from, end));
      from = end;
      const around = fieldAround(block, end - 1);
      scanner.damaged.add(code, scanner.position, around === '' ? text : around);
    }
    scanner.write(block.subarray(from));
  }

  /** Call at the end of the file. */
  end(): void {
    if (this.#head !== undefined) this.#begin(this.#head, true);
    const scanner = this.#scanner;
    if (scanner === undefined) return;
    if (this.#sample !== undefined) this.#findings.cause(this.#sample.end());
    if (this.#utf8.isCutOff)
      this.#findings.cause(
        finding(
          'not-utf8',
          scanner.position,
          'the file ends in the middle of a character: it is incomplete',
          'Copy or export the file again.',
        ),
      );
    scanner.end();
    if (this.#start === undefined) return;
    const { header, shape, damaged, records } = scanner;
    reportLikeNames(header, this.#start.line, this.#findings);
    const { keys, declaredKeys } = this.#cross ?? {
      keys: new Set<number>(),
      declaredKeys: new Set<number>(),
    };
    this.#damage.report({ header, shape, damaged, records, keys, declaredKeys }, this.#findings);
  }
}

/** Passes values to the check for spreadsheet damage and to the checks across files. */
class CheckSink implements FieldSink {
  readonly #damage: SpreadsheetDamage;
  readonly #cross: CrossCheck | undefined;
  #crossColumns: readonly number[] = [];
  #checksDamage = true;

  constructor(damage: SpreadsheetDamage, cross: CrossCheck | undefined) {
    this.#damage = damage;
    this.#cross = cross;
  }

  header(names: readonly string[], line: number): readonly number[] {
    this.#crossColumns = this.#cross?.header(names, line) ?? [];
    return this.#select(this.#damage.header(names));
  }

  needsWhole(column: number): boolean {
    return this.#cross?.keys.has(column) === true;
  }

  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined {
    if (whole && this.#crossColumns.length > 0) this.#cross?.record(line, bytes, bounds);
    if (!this.#checksDamage) return undefined;
    const columns = this.#damage.record(line, whole, bytes, bounds);
    return columns === undefined ? undefined : this.#select(columns);
  }

  batch(records: RecordBatch): boolean {
    if (this.#checksDamage && this.#damage.isSampling) return false;
    if (this.#crossColumns.length > 0 && this.#cross?.batch(records) === false) return false;
    if (this.#checksDamage) this.#damage.batch(records);
    return true;
  }

  /** The columns of both checks, ascending. */
  #select(damageColumns: readonly number[]): readonly number[] {
    this.#checksDamage = damageColumns.length > 0;
    const columns = [...new Set([...damageColumns, ...this.#crossColumns])].sort((a, b) => a - b);
    this.#damage.select(columns);
    this.#cross?.select(columns);
    return columns;
  }
}

let isWarm = false;

/** What large files have, so that the loop of the scanner takes every usual branch. */
const USUAL = `k,b,c
kk,1,"x"\r
k1,"y ""z"" y","a
b"\r
kk,,3.5
k,1E+5,
"k","a\r
b",+1
k-2,#1,"#"
é,b c,"1+1"
`;

/**
 * Scans a few lines before the first large file. V8 compiles the loop of the scanner within milliseconds, for the branches taken
 * so far, and again for each one met later. Compiling it once saves a quarter of the time of a file of 8 MB.
 */
function warmUp(): void {
  if (isWarm) return;
  isWarm = true;
  const scanner = new CsvScanner(new FindingList(), { header: () => [1, 2], record: () => undefined });
  const lines = Buffer.from(USUAL.repeat(20));
  // Blocks that end at any place.
  for (let at = 0; at < lines.length; at += 37) scanner.write(lines.subarray(at, at + 37));
}
