import { basename, dirname, join, resolve } from 'node:path';
import { openOf } from '../../batch/account.ts';
import type { Columns } from '../../batch/columns.ts';
import { flatten, parentOf } from '../../batch/tree.ts';
import type { BatchView } from '../../batch/types.ts';
import { unaccounted } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import { rejectsName, resultsFolder } from '../../load/file-names.ts';
import type { Run } from '../../load/run.ts';
import type { BatchState } from '../../load/state.ts';
import { quoted, visible } from '../../system/escaping.ts';
import { sha256OfFile } from '../../system/file-hash.ts';
import type { Fetched } from '../shared/results-flow.ts';
import { type RejectedRecords, rejectedRecords } from './rejected.ts';

export interface What {
  /** Absolute paths of rejects files, by their base name; empty: those on record. */
  readonly named: ReadonlyMap<string, string>;
  /** A folder to look for them in instead of where they were written. */
  readonly folder: string | null;
  readonly columns: Columns;
  /** Of the batches that may be corrected. */
  readonly selected: (batch: BatchState) => boolean;
  /** A folder for files of this command. */
  readonly temporary: string;
}

/** A rejects file as it is now. */
export interface Candidate {
  readonly batch: BatchState;
  readonly path: string;
  readonly rejected: RejectedRecords;
  /** `null`: there is none. */
  readonly sha256: string | null;
  readonly known: BatchState | null;
  readonly isNamed: boolean;
}

/** @throws EbillError USAGE for a file that is not a rejects file of this load, or does not exist */
export async function candidates(
  run: Run,
  { files, batches }: Fetched,
  what: What,
): Promise<readonly Candidate[]> {
  const { state } = run.journal;
  const views = new Map(flatten(batches).map((batch) => [batch.jobId, batch] as const));
  const left = new Map(what.named);
  const found: Candidate[] = [];
  for (const batch of state.batches.values()) {
    if (batch.kind === 'init' || batch.abandoned || batch.leftOut || !what.selected(batch)) continue;
    const name = rejectsName(batch.jobId);
    const named = left.get(name);
    left.delete(name);
    if (what.named.size > 0 && named === undefined && batch.kind !== 'items') continue;
    const path = named ?? (what.folder === null ? batch.rejects?.path : join(what.folder, name));
    const view = views.get(batch.jobId);
    const result = files.find(({ jobId }) => jobId === batch.jobId);
    if (path === undefined || view === undefined) continue;
    const open = openOf(view);
    if (open === 0 && named === undefined) continue;
    if (open === null || result === undefined) {
      if (named === undefined && batch.rejects === undefined) continue;
      throw notKnown(run, view);
    }
    if (result.tally === null || result.tally.failed === 0) continue;
    const sha256 = await sha256OfFile(path);
    if (sha256 === null && named !== undefined) throw gone(run, path, batch);
    const rejected = await rejectedRecords(batch, result, what.columns, what.temporary);
    const known = onRecord(run, batch, sha256);
    found.push({ batch, path, rejected, sha256, known, isNamed: named !== undefined });
  }
  const [other] = left.values();
  if (other !== undefined)
    throw new EbillError(
      'USAGE',
      `${visible(other)} is not the name of a rejects file of ${state.header.job}.`,
      {
        hint: `Rejects files are named after their batch, such as ${rejectsName(`${state.header.job}_CUS`)}: write them: ebill results --rejects --job ${quoted(state.header.job, run.context)}`,
      },
    );
  return found;
}

/** The correction of a batch that has these bytes. @param parent of items: the job id of their invoice batch */
export function onRecord(
  run: Run,
  batch: BatchState,
  sha256: string | null,
  parent?: string | null,
): BatchState | null {
  const { batches } = run.journal.state;
  const live = (batch.corrections ?? []).flatMap((jobId) => batches.get(jobId) ?? []);
  const isMeant = (one: BatchState): boolean =>
    !one.abandoned &&
    one.file?.sha256 === sha256 &&
    (parent === undefined || parentOf(batches, one)?.jobId === parent);
  return live.find(isMeant) ?? null;
}

export function gone({ context }: Run, path: string, { jobId }: BatchState): EbillError {
  return new EbillError('USAGE', `${visible(path)} does not exist.`, {
    hint: `Nothing was sent. To write the rejected records again: ebill results --rejects --job-id ${quoted(jobId, context)}`,
  });
}

function notKnown(run: Run, view: BatchView): EbillError {
  return (
    unaccounted([view], '', run.context, run.journal.state.header.job) ??
    new EbillError('CONFLICT', `Which records of ${view.jobId} were rejected is not known yet.`, {
      hint: `Nothing was sent. Wait until it is final: ebill watch --job-id ${quoted(view.jobId ?? '', run.context)}`,
    })
  );
}

/** The arguments as absolute paths: a folder, or rejects files by their base name. */
export function namedFiles(paths: readonly string[], cwd: string): ReadonlyMap<string, string> {
  return new Map(paths.map((path) => [basename(path), resolve(cwd, path)]));
}

/** The folder with the results: where the rejects were written, or are. */
export function resultsPlace({ journal: { state }, context }: Run, files: readonly string[]): string {
  const [given] = files;
  const recorded = [...state.batches.values()].find(({ rejects }) => rejects !== undefined)?.rejects?.path;
  const path = recorded ?? given;
  return path === undefined ? resolve(context.cwd, resultsFolder(state.header.job)) : dirname(path);
}
