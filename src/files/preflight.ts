import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Columns } from '../batch/columns.ts';
import { BLOCKS_KEPT, BlockPool, readBlocks } from './blocks.ts';
import { ContentCheck } from './content-check.ts';
import { CrossCheck } from './cross-check.ts';
import { CrossState } from './cross-state.ts';
import { type CrossCheckedFile, verifyCandidates } from './cross-verify.ts';
import {
  controlInName,
  type FileReport,
  type FileToCheck,
  fileChanged,
  MAX_FILE_BYTES,
  notAFile,
  tooLarge,
  unreadable,
} from './file-report.ts';
import { FindingList } from './findings.ts';
import { Hashing } from './hashing.ts';
import type { KeyHash } from './key-set.ts';

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
  const { columns, hash, signal } = options;
  const state =
    columns === undefined ? undefined : new CrossState(columns, new Set(files.map(({ kind }) => kind)), hash);
  const checked: CheckedFile[] = [];
  const [hashing, pool] = [new Hashing(), new BlockPool()];
  try {
    for (const kind of ['customer', 'invoice', 'items'] as const) {
      for (const file of files)
        if (file.kind === kind) checked.push(await checkOne(file, { ...options, hashing, pool }, state));
    }
  } finally {
    await hashing.close();
  }
  if (state !== undefined) await verifyCandidates(state, checked, signal);
  return files.flatMap((file) => checked.find(({ given }) => given === file) ?? []).map(toReport);
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
  state: CrossState | undefined,
): Promise<CheckedFile> {
  options.signal?.throwIfAborted();
  const file = basename(given.path);
  const findings = new FindingList();
  // The name becomes part of a request and of the object's key.
  if (/[\p{Cc}\u2028\u2029]/u.test(file)) findings.cause(controlInName(file));
  const cross = state === undefined ? undefined : new CrossCheck(state, given, findings);
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
    ...(cross === undefined ? {} : { amount: cross.total }),
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
      findings.cause(tooLarge(info.size));
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
    findings.cause(fileChanged());
  }
  return { bytes: check.bytes, records: check.records, header: check.header, ...digests };
}
