import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Phase } from '../batch/types.ts';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import type { Owner } from '../load/loads.ts';
import type { LoadState } from '../load/state.ts';
import { redactedJson, redactedStrings } from '../output/json-text.ts';
import type { Redactor } from '../redact/redactor.ts';
import { writeRedacted } from '../system/atomic-file.ts';

/** The manifest's format; a higher number is a newer program's. */
const VERSION = 1;
const NAME = 'manifest.json';

export type HomeKind = 'result' | 'rejects' | 'messages' | 'report';

/** A file a run brought home. */
export interface HomeFile {
  readonly kind: HomeKind;
  /** Absolute, in the run's folder. */
  readonly path: string;
  /** The batch it tells of; `null` for the report. */
  readonly jobId: string | null;
}

export interface ManifestFacts {
  readonly owner: Owner;
  readonly plan: { readonly path: string; readonly sha256: string };
  /** The program's name and version. */
  readonly program: string;
  readonly load: LoadState;
  readonly outcome: Phase | null;
  readonly exitCode: number;
  /** ms since 1970. */
  readonly at: number;
  readonly files: readonly HomeFile[];
  readonly redactor: Pick<Redactor, 'clean'>;
}

/**
 * The folder a run brings its results home to must not hold another load's: a result file that is there is kept, and would
 * be taken for this load's.
 * @throws EbillError USAGE
 */
export async function assertOwnFolder(folder: string, owner: Owner, job: string): Promise<void> {
  const path = join(folder, NAME);
  const text = await ordinaryText(path).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR') return null;
    throw new EbillError('USAGE', `${path} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Check its permissions, or name another folder with --out.',
      cause,
    });
  });
  if (text === null) return;
  const other = loadIn(text);
  if (other !== null && other.job === job && other.baseUrl === owner.baseUrl) return;
  const whose = other === null ? 'something else' : `the load ${other.job} on ${other.baseUrl}`;
  throw new EbillError('USAGE', `${folder} holds the results of ${whose}.`, {
    hint: 'Nothing was sent. Name another folder with --out, or move that one away.',
  });
}

/** Bytes: a manifest of ten thousand files has three million. */
const LARGEST = 32 << 20;

/** A named pipe of that name would be read without end, and a file of any size fill the memory. */
async function ordinaryText(path: string): Promise<string> {
  const there = await stat(path);
  if (!there.isFile() || there.size > LARGEST) throw new Error('it is no manifest');
  return readFile(path, 'utf8');
}

function loadIn(text: string): { readonly job: string; readonly baseUrl: string } | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('job' in value) || !('baseUrl' in value))
      return null;
    const { job, baseUrl } = value;
    return typeof job === 'string' && typeof baseUrl === 'string' ? { job, baseUrl } : null;
  } catch {
    return null;
  }
}

/**
 * Writes the folder's table of contents: what was asked for, what was sent, what came home, each file with its size
 * (bytes) and SHA-256. @returns its path @throws EbillError USAGE
 */
export async function writeManifest(folder: string, facts: ManifestFacts): Promise<string> {
  const { owner, plan, program, load, outcome, exitCode, at } = facts;
  const manifest = {
    ebillManifest: VERSION,
    job: load.header.job,
    profile: owner.profile,
    baseUrl: owner.baseUrl,
    program,
    writtenAt: new Date(at).toISOString(),
    startedAt: load.header.startedAt,
    outcome,
    exitCode,
    plan: { file: basename(plan.path), sha256: plan.sha256 },
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
    files: await Promise.all(facts.files.map(described)),
  };
  const path = join(folder, NAME);
  await writeRedacted(path, redactedJson(redactedStrings(manifest, facts.redactor)));
  return path;
}

async function described({ kind, path, jobId }: HomeFile): Promise<Record<string, unknown>> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const { size } = await stat(path);
  return { kind, jobId, file: basename(path), bytes: size, sha256: hash.digest('hex') };
}
