import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Columns, columnList } from '../batch/columns.ts';
import { visible } from '../system/escaping.ts';
import type { BilledCustomers } from './billed-customers.ts';
import { BLOCKS_KEPT, BlockPool, readBlocks } from './blocks.ts';
import { ContentCheck } from './content-check.ts';
import type { CrossCheck } from './cross-check.ts';
import type { CrossCheckedFile } from './cross-verify.ts';
import { type FileReport, type FileToCheck, FindingList, finding, notAFile } from './findings.ts';
import { Hashing } from './hashing.ts';
import type { KeyHash } from './keys.ts';
import { unreadableFile } from './lookalikes.ts';
import type { Recognition } from './recognise.ts';
import { type TableStart, unlike } from './table-check.ts';

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
  /** Columns that are declared or recognised, in place of `columns`. What turned out to be another column is given up. */
  readonly recognition?: Recognition;
  /** Counts the customers billed, where their column is named. */
  readonly billed?: BilledCustomers;
  /** Started ahead by the caller. */
  readonly hashing?: Hashing;
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
  const { recognition, signal } = options;
  const columns = recognition?.columns ?? options.columns ?? {};
  const across = columnList(columns).length === 0 ? null : await crossChecks(columns, files, options);
  const checked: CheckedFile[] = [];
  const [hashing, pool] = [options.hashing ?? new Hashing(), new BlockPool()];
  try {
    for (const kind of ['customer', 'invoice', 'items'] as const) {
      for (const file of files)
        if (file.kind === kind) checked.push(await checkOne(file, { ...options, hashing, pool }, across));
    }
  } finally {
    void hashing.close();
  }
  compareStarts(checked);
  await across?.verify(checked, signal);
  return files
    .flatMap((file) => checked.find(({ given }) => given === file) ?? [])
    .map((file) => toReport(file, recognition));
}

/** Starts of files that the others of their kind are compared with: a month has few different headers. */
const MAX_STARTS = 100;

/** Compares the first lines of the files of each kind: a part of a divided file has data there (commands rule 15). */
function compareStarts(files: readonly CheckedFile[]): void {
  for (const kind of ['customer', 'invoice', 'items'] as const) {
    const known = new Map<string, { readonly start: TableStart; readonly file: string }>();
    const starts = files.flatMap(({ given, start, file, findings }) =>
      given.kind === kind && start !== undefined
        ? [{ start, file, findings, key: start.header.join(',') }]
        : [],
    );
    for (const { start, file, key } of starts)
      if (known.size < MAX_STARTS && !known.has(key)) known.set(key, { start, file });
    if (known.size === 1) continue;
    for (const { start, findings, key } of starts) {
      for (const [otherKey, other] of known) {
        const problem = otherKey === key ? undefined : unlike(start, other.start, other.file);
        if (problem === undefined) continue;
        findings.only(problem);
        break;
      }
    }
  }
}

/** The checks across the files of a call. */
interface CrossChecks {
  begin(file: FileToCheck, findings: FindingList): CrossCheck;
  verify(files: readonly CheckedFile[], signal: AbortSignal | undefined): Promise<void>;
}

/** Their code is loaded only when columns are named. */
async function crossChecks(
  columns: Columns,
  files: readonly FileToCheck[],
  { hash, recognition, billed }: CheckOptions,
): Promise<CrossChecks> {
  const [{ CrossState }, { CrossCheck }, { verifyCandidates }, settling] = await Promise.all([
    import('./cross-state.ts'),
    import('./cross-check.ts'),
    import('./cross-verify.ts'),
    recognition === undefined || recognition.found.size === 0 ? null : import('./recognition-check.ts'),
  ]);
  const given = new Set(files.map(({ kind }) => kind));
  const state = new CrossState(columns, given, hash, new Set(recognition?.found.keys()), billed);
  return {
    begin: (file, findings) => new CrossCheck(state, file, findings),
    verify: async (checked, signal) => {
      state.billed.addReferred(state.customers);
      if (recognition !== undefined) settling?.giveUpKeys(state, recognition);
      await verifyCandidates(state, checked, signal);
      if (recognition !== undefined) settling?.settleRecognition(state, recognition, checked);
      if (recognition?.wasGivenUp('invoice.customer')) state.billed.unknown();
    },
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
  readonly start: TableStart | undefined;
  readonly cross: CrossCheck | undefined;
}

/** What is known of the content of a file that could be read. */
type Content = Pick<FileReport, 'bytes' | 'records' | 'header' | 'sha256' | 'md5' | 'crc32'>;

/** A file that could be read. */
interface ReadFile {
  readonly content: Content;
  readonly start: TableStart | undefined;
}

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
  const read = await readContent(given, findings, cross, options);
  cross?.end();
  return { ...given, given, file, findings, content: read?.content, start: read?.start, cross };
}

function toReport(
  { path, file, kind, content, cross, findings }: CheckedFile,
  recognition: Recognition | undefined,
): FileReport {
  const isOther = kind !== 'customer' && recognition?.wasGivenUp(`${kind}.amount`) === true;
  return {
    path,
    file,
    kind,
    records: content?.records ?? null,
    bytes: content?.bytes ?? null,
    sha256: content?.sha256 ?? null,
    md5: content?.md5 ?? null,
    crc32: content?.crc32 ?? null,
    header: content?.header ?? [],
    amount: isOther ? null : (cross?.total ?? null),
    ...findings.report(content?.records ?? null),
  };
}

async function readContent(
  file: FileToCheck,
  findings: FindingList,
  cross: CrossCheck | undefined,
  options: SharedOptions,
): Promise<ReadFile | undefined> {
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
    findings.cause(await unreadableFile(error, file.path));
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
): Promise<ReadFile> {
  const before = await handle.stat({ bigint: true });
  const total = Number(before.size);
  const check = new ContentCheck(findings, cross);
  const hashes = await hashing.start(total, cross === undefined ? 'structure' : 'across');
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
  const { bytes, records, header, start } = check;
  return { content: { bytes, records, header, ...digests }, start };
}
