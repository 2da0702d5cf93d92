import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Columns, columnList } from '../batch/columns.ts';
import { visible } from '../system/escaping.ts';
import { BLOCKS_KEPT, BlockPool, readBlocks } from './blocks.ts';
import type { CrossCheck } from './cross-check.ts';
import type { CrossCheckedFile } from './cross-verify.ts';
import { foreignContent, notUtf8, Utf8Checker } from './encoding.ts';
import type { FieldSink } from './field-values.ts';
import { type FileReport, type FileToCheck, FindingList, finding, notAFile, unreadable } from './findings.ts';
import { Hashing } from './hashing.ts';
import type { KeyHash } from './keys.ts';
import { CsvScanner } from './scanner.ts';
import { SpreadsheetDamage } from './spreadsheet-damage.ts';

/** Bytes. What a storage takes in one PUT (api rule 19). */
export const MAX_FILE_BYTES = 5 * 1024 ** 3;

/** Progress of the check of one file; reported at least once, at its end. */
export interface CheckProgress extends Pick<FileToCheck, 'path' | 'kind'> {
  /** Bytes checked. */
  readonly bytes: number;
  /** The file's size in bytes when it was opened. */
  readonly total: number;
}

export interface CheckOptions {
  readonly onProgress?: (progress: CheckProgress) => void;
  /** When aborted, the check throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Turns on the checks across files, each when its columns are named (commands rule 33). */
  readonly columns?: Columns;
  /** Tests use a weak hash. */
  readonly hash?: KeyHash;
}

/**
 * Checks files one after the other, and with `columns` against each other: customers, then invoices, then items, whatever
 * their order. Returns a report for each file, in the given order: every bad file is named, not only the first (commands
 * rule 16). Throws only the reason of an aborted signal.
 */
export async function checkFiles(
  files: readonly FileToCheck[],
  options: CheckOptions = {},
): Promise<FileReport[]> {
  const { columns = {}, hash, signal } = options;
  const across = columnList(columns).length === 0 ? null : await crossChecks(columns, files, hash);
  const checked: CheckedFile[] = [];
  const [hashing, pool] = [new Hashing(), new BlockPool()];
  try {
    for (const kind of ['customer', 'invoice', 'items'] as const) {
      for (const file of files)
        if (file.kind === kind) checked.push(await checkOne(file, { ...options, hashing, pool }, across));
    }
  } finally {
    await hashing.close();
  }
  await across?.verify(checked, signal);
  return files.flatMap((file) => checked.find(({ given }) => given === file) ?? []).map(toReport);
}

/** The checks across the files of a call. */
interface CrossChecks {
  begin(file: FileToCheck, findings: FindingList): CrossCheck;
  verify(files: readonly CrossCheckedFile[], signal: AbortSignal | undefined): Promise<void>;
}

/** Their code is loaded only when columns are named. */
async function crossChecks(
  columns: Columns,
  files: readonly FileToCheck[],
  hash: KeyHash | undefined,
): Promise<CrossChecks> {
  const [{ CrossState }, { CrossCheck }, { verifyCandidates }] = await Promise.all([
    import('./cross-state.ts'),
    import('./cross-check.ts'),
    import('./cross-verify.ts'),
  ]);
  const state = new CrossState(columns, new Set(files.map(({ kind }) => kind)), hash);
  return {
    begin: (file, findings) => new CrossCheck(state, file, findings),
    verify: (checked, signal) => verifyCandidates(state, checked, signal),
  };
}

/** What the checks of one call share. */
interface SharedOptions extends CheckOptions {
  readonly hashing: Hashing;
  /** Its blocks may be reused once a file's hashes are complete, or the file was given up. */
  readonly pool: BlockPool;
}

/** A file after the first pass. */
interface CheckedFile extends CrossCheckedFile {
  readonly given: FileToCheck;
  readonly content: Content | undefined;
  readonly cross: CrossCheck | undefined;
}

/** What is known of the content of a file that could be read. */
type Content = Pick<FileReport, 'bytes' | 'records' | 'header' | 'sha256' | 'md5'>;

/** Reads a file once, with flat memory. Whatever is wrong with it is a finding, not an exception. */
async function checkOne(
  given: FileToCheck,
  options: SharedOptions,
  across: CrossChecks | null,
): Promise<CheckedFile> {
  options.signal?.throwIfAborted();
  const file = basename(given.path);
  const findings = new FindingList();
  // The name becomes part of a request and of the object's key.
  if (/[\p{Cc}\u2028\u2029]/u.test(file))
    findings.cause(
      finding(
        'file-name',
        {},
        `the file name contains control characters: ${visible(file)}`,
        'Rename the file: its name is sent to the server and shown in reports.',
      ),
    );
  const cross = across?.begin(given, findings);
  const content = await readContent(given, findings, cross, options);
  cross?.end();
  return { ...given, given, file, findings, content, cross };
}

function toReport({ path, file, kind, content, cross, findings }: CheckedFile): FileReport {
  return {
    path,
    file,
    kind,
    records: content?.records ?? null,
    bytes: content?.bytes ?? null,
    sha256: content?.sha256 ?? null,
    md5: content?.md5 ?? null,
    header: content?.header ?? [],
    amount: cross?.total ?? null,
    findings: findings.shown(),
    findingsTotal: findings.total,
  };
}

async function readContent(
  file: FileToCheck,
  findings: FindingList,
  cross: CrossCheck | undefined,
  options: SharedOptions,
): Promise<Content | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Before opening: opening a named pipe blocks until there is a writer.
    const info = await stat(file.path);
    if (!info.isFile()) {
      findings.cause(notAFile(info.isDirectory()));
      return undefined;
    }
    if (info.size > MAX_FILE_BYTES) {
      findings.cause(
        finding(
          'too-large',
          {},
          `the file has ${info.size} bytes; an upload takes at most ${MAX_FILE_BYTES} (5 GiB)`,
          'Split it into several files, each with the header line.',
        ),
      );
      return undefined;
    }
    handle = await open(file.path, 'r');
    return await readOpened(handle, file, findings, cross, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    findings.cause(unreadable(error));
    return undefined;
  } finally {
    await handle?.close();
  }
}

async function readOpened(
  handle: FileHandle,
  { path, kind }: FileToCheck,
  findings: FindingList,
  cross: CrossCheck | undefined,
  { onProgress, signal, hashing, pool }: SharedOptions,
): Promise<Content> {
  const before = await handle.stat({ bigint: true });
  const total = Number(before.size);
  const check = new ContentCheck(findings, cross);
  const hashes = await hashing.start(total);
  for await (const block of readBlocks(handle, total, pool)) {
    signal?.throwIfAborted();
    hashes.update(block);
    check.write(block);
    onProgress?.({ path, kind, bytes: check.bytes, total });
    await hashes.settled(BLOCKS_KEPT);
  }
  check.end();
  if (check.bytes === 0) onProgress?.({ path, kind, bytes: 0, total });
  const digests = await hashes.digest();
  // The bytes hashed must be the bytes in the file (commands rule 2).
  const after = await handle.stat({ bigint: true });
  if (after.mtimeNs !== before.mtimeNs || after.size !== before.size || check.bytes !== total) {
    findings.cause(
      finding(
        'changed',
        {},
        'the file changed while it was read',
        'Wait until the export has finished, then run the command again.',
      ),
    );
  }
  return { bytes: check.bytes, records: check.records, header: check.header, ...digests };
}

/**
 * Checks the encoding and structure of a file, in blocks of any size, and adds findings. The first block must hold the
 * first 4 KiB of the file (or all of it), which show whether it is text at all.
 */
export class ContentCheck {
  readonly #findings: FindingList;
  readonly #utf8 = new Utf8Checker();
  readonly #scanner: CsvScanner;
  readonly #damage = new SpreadsheetDamage();
  readonly #cross: CrossCheck | undefined;
  #bytes = 0;
  /** The file is not text. */
  #foreign = false;

  /** @param cross the file's checks against other files */
  constructor(findings: FindingList, cross?: CrossCheck) {
    this.#findings = findings;
    this.#cross = cross;
    this.#scanner = new CsvScanner(findings, new CheckSink(this.#damage, cross));
  }

  /** Bytes checked so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records without the header; `null` when the file is not CSV text. */
  get records(): number | null {
    return this.#foreign ? null : this.#scanner.records;
  }

  /** Column names. */
  get header(): readonly string[] {
    return this.#scanner.header;
  }

  /** Checks the next bytes; they are not kept. */
  write(block: Uint8Array): void {
    if (this.#bytes === 0) {
      const foreign = foreignContent(block);
      if (foreign !== undefined) {
        this.#foreign = true;
        this.#findings.cause(foreign);
      }
    }
    this.#bytes += block.length;
    // One cause is reported, not its hundred consequences (commands rule 16).
    if (this.#foreign) return;
    const bad = this.#utf8.write(block);
    if (bad === undefined) {
      this.#scanner.write(block);
      return;
    }
    // Scan up to the bad byte: the scanner knows its line and field.
    const offset = Math.max(bad.offset, 0);
    this.#scanner.write(block.subarray(0, offset));
    this.#findings.cause(notUtf8(this.#scanner.position, bad));
    this.#scanner.write(block.subarray(offset));
  }

  /** Call at the end of the file. */
  end(): void {
    if (this.#foreign) return;
    if (this.#utf8.isCutOff)
      this.#findings.cause(
        finding(
          'not-utf8',
          this.#scanner.position,
          'the file ends in the middle of a character: it is incomplete',
          'Copy or export the file again.',
        ),
      );
    this.#scanner.end();
    const { header, shape, records } = this.#scanner;
    this.#damage.report(header, shape, records, this.#cross?.keys ?? new Set(), this.#findings);
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

  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined {
    if (whole && this.#crossColumns.length > 0) this.#cross?.record(line, bytes, bounds);
    if (!this.#checksDamage) return undefined;
    const columns = this.#damage.record(line, whole, bytes, bounds);
    return columns === undefined ? undefined : this.#select(columns);
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
