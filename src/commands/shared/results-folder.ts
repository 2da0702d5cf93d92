import { access, constants, open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ServerAddress, serverOf } from '../../api/connection.ts';
import type { Phase } from '../../batch/types.ts';
import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import type { Approved } from '../../load/entries.ts';
import type { Owner } from '../../load/journal-places.ts';
import type { LoadState } from '../../load/state.ts';
import { redactedJson, redactedStrings } from '../../output/json-text.ts';
import type { Redactor } from '../../redact/redactor.ts';
import { GENERATOR } from '../../report/facts.ts';
import { writeRedacted } from '../../system/atomic-file.ts';
import { sha256OfFile } from '../../system/file-hash.ts';

// The folder with a load's result files, rejects, report and manifest, and the checks that nothing in it is overwritten.

/** The manifest's format; raised with each incompatible change. */
const VERSION = 1;
const MANIFEST = 'manifest.json';

/** Bytes; a manifest of ten thousand files has about three million. */
const MAX_MANIFEST = 32 << 20;

/** Bytes at the start of a page in which a report names its generator. */
const REPORT_HEAD = 2048;

/** A file that a run has written to the folder. */
export interface FolderFile {
  readonly kind: 'result' | 'rejects' | 'messages' | 'report';
  /** Absolute. */
  readonly path: string;
  /** `null` for the report. */
  readonly jobId: string | null;
}

interface ManifestFacts {
  readonly owner: Owner;
  readonly plan: { readonly path: string; readonly sha256: string };
  /** The approval that the run was checked against (commands rule 32); `null`: nothing. */
  readonly approval: Approved | null;
  /** Program name and version. */
  readonly program: string;
  readonly load: LoadState;
  readonly outcome: Phase | null;
  readonly exitCode: number;
  /** ms since 1970. */
  readonly at: number;
  readonly files: readonly FolderFile[];
  readonly redactor: Pick<Redactor, 'hide'>;
}

/**
 * Refuses a folder with the manifest of another load: its result files would be taken for this load's.
 * @throws EbillError USAGE
 */
export async function assertOwnFolder(folder: string, owner: Owner, job: string): Promise<void> {
  const path = join(folder, MANIFEST);
  const text = await readManifest(path).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR') return null;
    throw new EbillError('USAGE', `${path} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Check its permissions, or name another folder with --out.',
      cause,
    });
  });
  if (text === null) return;
  const other = loadIn(text);
  if (other !== null && other.job === job && serverOf(other) === serverOf(owner)) return;
  const content = other === null ? 'something else' : `the load ${other.job} on ${other.baseUrl}`;
  throw new EbillError('USAGE', `${folder} holds the results of ${content}.`, {
    hint: 'Nothing was sent. Name another folder with --out, or move that one away.',
  });
}

/** Checks type and size first: a named pipe never ends, and a huge file fills the memory. */
async function readManifest(path: string): Promise<string> {
  const file = await stat(path);
  if (!file.isFile() || file.size > MAX_MANIFEST) throw new Error('it is not a manifest');
  return readFile(path, 'utf8');
}

function loadIn(text: string): (ServerAddress & { readonly job: string }) | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('job' in value) || !('baseUrl' in value))
      return null;
    const { job, baseUrl } = value;
    const organisation =
      'organisation' in value && typeof value.organisation === 'string' ? value.organisation : null;
    return typeof job === 'string' && typeof baseUrl === 'string' ? { job, baseUrl, organisation } : null;
  } catch {
    return null;
  }
}

/**
 * Writes the manifest: the plan, the files sent, and the files in the folder with size (bytes) and SHA-256.
 * @returns its path
 * @throws EbillError USAGE
 */
export async function writeManifest(folder: string, facts: ManifestFacts): Promise<string> {
  const { owner, plan, approval, program, load, outcome, exitCode, at } = facts;
  const manifest = {
    ebillManifest: VERSION,
    job: load.header.job,
    profile: owner.profile,
    baseUrl: owner.baseUrl,
    organisation: owner.organisation ?? null,
    program,
    writtenAt: new Date(at).toISOString(),
    startedAt: load.header.startedAt,
    outcome,
    exitCode,
    plan: { file: basename(plan.path), sha256: plan.sha256 },
    approval,
    sent: [...load.batches.values()]
      .filter((batch) => !batch.abandoned && batch.file !== null)
      .map(({ jobId, id, kind, file }) => ({
        jobId,
        id,
        kind,
        file: file?.name ?? null,
        bytes: file?.bytes ?? null,
        records: file?.records ?? null,
        sha256: file?.sha256 ?? null,
      })),
    files: await Promise.all(facts.files.map(describeFile)),
  };
  const path = join(folder, MANIFEST);
  await writeRedacted(path, redactedJson(redactedStrings(manifest, facts.redactor)));
  return path;
}

async function describeFile({ kind, path, jobId }: FolderFile): Promise<Record<string, unknown>> {
  const { size } = await stat(path);
  return { kind, jobId, file: basename(path), bytes: size, sha256: await sha256OfFile(path) };
}

/** Refuses a folder for result files that cannot be created or written to, before anything is sent. @throws EbillError USAGE */
export async function assertFolder(path: string, option: string): Promise<void> {
  // The folders above it that do not exist are created, too.
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => null);
    if (found === null && dirname(folder) !== folder) continue;
    const refused =
      found?.isDirectory() !== true
        ? 'is a file, not a folder'
        : await access(folder, constants.W_OK).then(
            () => null,
            () => 'cannot be written to',
          );
    if (refused === null) return;
    throw new EbillError('USAGE', `${folder} ${refused}.`, {
      hint: `Nothing was sent. Name another folder with ${option}.`,
    });
  }
}

/** Refuses a path where a file exists that is not a report of ebill. @throws EbillError USAGE */
export async function assertReplaceable(path: string): Promise<void> {
  try {
    // Before it is opened: opening a named pipe waits for its writer.
    if (!(await stat(path)).isFile()) throw new Error('it is not a regular file');
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(REPORT_HEAD), 0, REPORT_HEAD, 0);
      if (buffer.toString('utf8', 0, bytesRead).includes(`name="generator" content="${GENERATOR}"`)) return;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return;
  }
  throw new EbillError('USAGE', `${path} exists already and is not a report of ebill.`, {
    hint: 'Name another file with --out, or replace it with --force.',
  });
}
