import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openOutsideCorrections } from '../../batch/account.ts';
import { flatten } from '../../batch/tree.ts';
import type { FileKind } from '../../batch/types.ts';
import { unaccounted, verdictOf } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import { rejectsName } from '../../load/file-names.ts';
import type { Run } from '../../load/run.ts';
import type { BatchState } from '../../load/state.ts';
import { counted } from '../../output/format.ts';
import type { ColumnChange } from '../../profile/pairs.ts';
import { quoted, visible } from '../../system/escaping.ts';
import { resultOf } from '../shared/batch-result.ts';
import type { CommandResult } from '../shared/command.ts';
import { columnsFor } from '../shared/file-checks.ts';
import { goneWarnings, notFetched } from '../shared/not-fetched.ts';
import { type Fetched, fetchResults } from '../shared/results-flow.ts';
import { type Session, withLoad } from '../shared/session.ts';
import { topLevelBatches } from '../shared/targets.ts';
import type { WaitOptions } from '../shared/upload-options.ts';
import { resultsPlace } from './candidates.ts';

import { type RejectedRecords, readKeyed, rejectedRecords } from './rejected.ts';

interface WaiveOptions {
  readonly waive: readonly string[];
  readonly reason: string | null;
  readonly columns: readonly ColumnChange[];
  readonly watch: Pick<WaitOptions, 'recordStatus'>;
}

/** Rejected records that will not be loaded. */
interface Waiver {
  readonly jobId: string;
  /** Of the rejects as they were written; `null`: all that are open. */
  readonly line: number | null;
  readonly records: number;
}

/**
 * `--waive`: settles rejected records that will not be loaded. Records who said so, when and why; sends nothing.
 * @throws EbillError USAGE, CONFLICT
 */
export function waive(session: Session, job: string, options: WaiveOptions): Promise<CommandResult> {
  const { app, emit } = session;
  const { context } = app;
  return withLoad(session, job, async (run) => {
    const temporary = await mkdtemp(join(tmpdir(), 'ebill-waive-'));
    const folder = resultsPlace(run, []);
    try {
      const fetched = await fetchResults(app, run, topLevelBatches(run.journal.state), {
        folder,
        recordStatus: options.watch.recordStatus,
      });
      const failure = notFetched(fetched.failed);
      if (failure !== null) throw failure;
      // Their records are settled as a whole: the counts of the server say how many there are.
      for (const warning of goneWarnings(fetched.gone)) app.ui.warn(warning);
      const { declared: columns } = await columnsFor(app, options.columns);
      const waivers: Waiver[] = [];
      for (const name of options.waive) {
        const { batch, line } = batchNamed(run, name);
        const waiver = await waiverOf(run, fetched, batch, line, (result) =>
          rejectedRecords(batch, result, columns, temporary),
        );
        if (waiver === null)
          emit({
            event: 'step',
            jobId: batch.jobId,
            message: `nothing is left to settle in ${name}, its corrections aside`,
          });
        else if (!waivers.some((one) => one.jobId === waiver.jobId && one.line === waiver.line))
          waivers.push(waiver);
      }
      for (const waiver of waivers) {
        if (!app.globals.dryRun)
          await run.journal.append({
            type: 'waived',
            ...waiver,
            reason: options.reason ?? '',
            by: context.user ?? 'unknown',
          });
        const where = waiver.line === null ? '' : ` (line ${waiver.line} of ${rejectsName(waiver.jobId)})`;
        const message = `${counted(waiver.records, 'record', 'records')} of ${waiver.jobId}${where} ${app.globals.dryRun ? 'would be' : waiver.records === 1 ? 'is' : 'are'} waived: not loaded, and no longer open`;
        emit({ event: 'step', jobId: waiver.jobId, message });
      }
      const jobIds = topLevelBatches(run.journal.state);
      const { batches } = await fetchResults(app, run, jobIds, {
        folder,
        recordStatus: options.watch.recordStatus,
      });
      return await resultOf(app, run, jobIds, { batches, error: verdictOf(batches, job, context, true) });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

/** The batch that `--waive FILE|JOBID[:LINE]` names. @throws EbillError USAGE */
function batchNamed(
  { journal: { state }, context }: Run,
  name: string,
): { readonly batch: BatchState; readonly line: number | null } {
  const live = [...state.batches.values()].filter(
    ({ kind, abandoned, leftOut }) => kind !== 'init' && !abandoned && !leftOut,
  );
  const find = (text: string): BatchState | undefined =>
    live.find(({ jobId }) => jobId === text || rejectsName(jobId) === basename(text));
  const whole = find(name);
  if (whole !== undefined) return { batch: whole, line: null };
  const [, file = '', line = ''] = /^(.*):(\d{1,15})$/s.exec(name) ?? [];
  const batch = find(file);
  if (batch !== undefined) return { batch, line: Number(line) };
  throw new EbillError(
    'USAGE',
    `--waive ${visible(name)}: ${state.header.job} has no such batch or rejects file.`,
    {
      hint: `Name a batch, or its rejects file, with :LINE for one record of it. The batches: ebill status --job ${quoted(state.header.job, context)}`,
    },
  );
}

/** @returns `null` when nothing of it is left to settle */
async function waiverOf(
  run: Run,
  { files, batches }: Fetched,
  batch: BatchState,
  line: number | null,
  rejectedOf: (result: Fetched['files'][number]) => Promise<RejectedRecords>,
): Promise<Waiver | null> {
  const { jobId } = batch;
  const views = flatten(batches);
  const view = views.find((one) => one.jobId === jobId);
  const records = view === undefined ? null : openOutsideCorrections(view, views);
  if (view === undefined || records === null)
    throw (
      (view === undefined ? null : unaccounted([view], '', run.context, run.journal.state.header.job)) ??
      new EbillError('CONFLICT', `Which records of ${jobId} were rejected is not known yet.`, {
        hint: `Wait until it is final: ebill watch --job-id ${quoted(jobId, run.context)}`,
      })
    );
  if (line === null) return records === 0 ? null : { jobId, line, records };
  if (batch.waived?.some((one) => one.line === line)) return null;
  const result = files.find((one) => one.jobId === jobId);
  const rejected = result === undefined || view.failCount === 0 ? null : await rejectedOf(result);
  const index = rejected?.records.findIndex((record) => record.line === line) ?? -1;
  const record = rejected?.records[index];
  if (rejected === null || record === undefined)
    throw new EbillError(
      'USAGE',
      `No record begins on line ${line} of ${rejectsName(jobId)} as it was written.`,
      {
        hint: 'The column "Line in rejects file" of the .messages.csv file beside it has the lines.',
      },
    );
  if (records === 0) return null;
  for (const correction of live(run, batch)) {
    const file = correction.file;
    const sent = file === null ? null : await readKeyed(file.path, batch.kind as FileKind, {});
    const whole = sent?.records.length === rejected.records.length;
    if (sent === null || whole || sent.records.some(({ key }) => key === record.key))
      throw new EbillError('CONFLICT', `The record on line ${line} was corrected in ${correction.jobId}.`, {
        hint: `If it was rejected again, waive it there: --waive ${quoted(`${correction.jobId}:LINE`, run.context)}`,
      });
  }
  return { jobId, line, records: 1 };
}

const live = ({ journal: { state } }: Run, { corrections = [] }: BatchState): readonly BatchState[] =>
  corrections
    .flatMap((jobId) => state.batches.get(jobId) ?? [])
    .filter(({ abandoned, leftOut }) => !abandoned && !leftOut);
