import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Columns } from '../batch/columns.ts';
import type { FileKind } from '../batch/types.ts';
import { BLOCKS_KEPT, BlockRing, readBlocks } from './blocks.ts';
import { ContentCheck } from './content-check.ts';
import { CrossCheck } from './cross-check.ts';
import { CrossState } from './cross-state.ts';
import { type CrossChecked, verifyCandidates } from './cross-verify.ts';
import { controlInName, fileChanged, notAFile, unreadable } from './file-report.ts';
import { type FileReport, FindingList } from './findings.ts';
import { Hashing } from './hashing.ts';
import type { KeyHash } from './key-set.ts';

/** A file to be checked: an absolute path and what it is to be loaded as. */
export interface FileToCheck {
  readonly path: string;
  readonly kind: FileKind;
  /** Of items: the path of the invoice file they belong to; without it, any of the invoice files given. */
  readonly of?: string;
}

/** How far the check of one file is, in bytes; at least once at its end. */
export interface CheckProgress extends Pick<FileToCheck, 'path' | 'kind'> {
  readonly bytes: number;
  /** The file's size when it was opened. */
  readonly total: number;
}

export interface CheckOptions {
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Aborted: the check throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Turns on the checks across files, each when its columns are named (cli.md, "Plan file"). */
  readonly columns?: Columns;
  /** For tests: a weaker one. */
  readonly hash?: KeyHash;
}

/**
 * Checks files one after the other, each as `checkFile` does, and with `columns` against each other: customers, then
 * invoices, then items, whatever their order. A report for each, in the order given, bad or not: every bad file is named,
 * not only the first (cli.md, "Files given"). Throws only the reason of an aborted signal.
 */
export async function checkFiles(
  files: readonly FileToCheck[],
  options: CheckOptions = {},
): Promise<FileReport[]> {
  const { columns, hash, signal } = options;
  const state =
    columns === undefined ? undefined : new CrossState(columns, new Set(files.map(({ kind }) => kind)), hash);
  const read: Checked[] = [];
  const [hashing, ring] = [new Hashing(), new BlockRing()];
  try {
    for (const kind of ['customer', 'invoice', 'items'] as const) {
      for (const file of files)
        if (file.kind === kind) read.push(await readFile(file, { ...options, hashing, ring }, state));
    }
  } finally {
    await hashing.close();
  }
  if (state !== undefined) await verifyCandidates(state, read, signal);
  return files.flatMap((file) => read.find((one) => one.given === file) ?? []).map(reportOf);
}

/**
 * Reads a file once, from an absolute path, and reports its size (bytes), hashes, records and findings. Memory stays
 * flat. Whatever is wrong with the file is a finding, never an exception; throws only the reason of an aborted signal.
 */
export async function checkFile(
  path: string,
  kind: FileKind,
  options: Omit<CheckOptions, 'columns'> = {},
): Promise<FileReport> {
  const hashing = new Hashing();
  try {
    return reportOf(
      await readFile({ path, kind }, { ...options, hashing, ring: new BlockRing() }, undefined),
    );
  } finally {
    await hashing.close();
  }
}

/** What the reading of each file of a call goes by. */
interface Reading extends CheckOptions {
  readonly hashing: Hashing;
  /** Its blocks are free again once a file's hashes are there, or it is given up. */
  readonly ring: BlockRing;
}

/** A file that was read: all but its last findings. */
interface Checked extends CrossChecked {
  readonly given: FileToCheck;
  readonly content: Content | undefined;
  readonly cross: CrossCheck | undefined;
}

async function readFile(
  given: FileToCheck,
  options: Reading,
  state: CrossState | undefined,
): Promise<Checked> {
  options.signal?.throwIfAborted();
  const file = basename(given.path);
  const findings = new FindingList();
  // It becomes part of a request and of an object's key.
  if (/[\p{Cc}\u2028\u2029]/u.test(file)) findings.cause(controlInName(file));
  const cross = state === undefined ? undefined : new CrossCheck(state, given, findings);
  const content = await readContent(given, findings, cross, options);
  cross?.end();
  return { ...given, given, file, findings, content, cross };
}

function reportOf({ path, file, kind, content, cross, findings }: Checked): FileReport {
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

type Content = Pick<FileReport, 'bytes' | 'records' | 'header' | 'sha256' | 'md5'>;

async function readContent(
  file: FileToCheck,
  findings: FindingList,
  cross: CrossCheck | undefined,
  options: Reading,
): Promise<Content | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Before it is opened: opening a named pipe would wait for its writer for ever.
    const what = await stat(file.path);
    if (!what.isFile()) {
      findings.cause(notAFile(what.isDirectory()));
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
  file: FileToCheck,
  findings: FindingList,
  cross: CrossCheck | undefined,
  { onProgress, signal, hashing, ring }: Reading,
): Promise<Content> {
  const { path, kind } = file;
  const before = await handle.stat({ bigint: true });
  const total = Number(before.size);
  const check = new ContentCheck(findings, cross);
  const hashes = await hashing.hashesFor(total);
  for await (const block of readBlocks(handle, total, ring)) {
    signal?.throwIfAborted();
    hashes.update(block);
    check.write(block);
    onProgress?.({ path, kind, bytes: check.bytes, total });
    await hashes.settled(BLOCKS_KEPT);
  }
  check.end();
  if (check.bytes === 0) onProgress?.({ path, kind, bytes: 0, total });
  const digests = await hashes.digest();
  // What was hashed must be what is there (promise 2).
  const after = await handle.stat({ bigint: true });
  if (after.mtimeNs !== before.mtimeNs || after.size !== before.size || check.bytes !== total) {
    findings.cause(fileChanged());
  }
  return { bytes: check.bytes, records: check.records, header: check.header, ...digests };
}
