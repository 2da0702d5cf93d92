import { accountOf, openOf } from '../../batch/account.ts';
import { sumAmounts } from '../../batch/decimals.ts';
import { isFinal, outcomeOfAll } from '../../batch/outcome.ts';
import type { BatchView, FileKind, Kind } from '../../batch/types.ts';
import { APPROVED } from '../../load/entries.ts';
import { findJournal } from '../../load/journal-places.ts';
import { RECENT, recentLoads } from '../../load/loads.ts';
import type { Run } from '../../load/run.ts';
import type { BatchState, LoadState } from '../../load/state.ts';
import { type Moment, readTimeline } from '../../load/timeline.ts';
import { closedTotals, totalsOf as totalsOfLoad } from '../../load/totals.ts';
import { accountText } from '../../output/batch-text.ts';
import { redactedStrings } from '../../output/json-text.ts';
import { reasonFields } from '../../output/result-tables.ts';
import type { Redacted } from '../../redact/redactor.ts';
import type { ReportBatch, ReportFacts, ReportFile, ReportMonth, ReportTotal } from '../../report/facts.ts';
import { writeRedacted } from '../../system/atomic-file.ts';
import type { App } from './command.ts';
import type { FetchedResult } from './results-flow.ts';

const FILE_KINDS: readonly FileKind[] = ['customer', 'invoice', 'items'];
const isFileKind = (kind: Kind): kind is FileKind => (FILE_KINDS as readonly Kind[]).includes(kind);

interface ReportParts {
  /** With the counts of their result files. */
  readonly batches: readonly BatchView[];
  readonly results: readonly FetchedResult[];
  readonly warnings: readonly string[];
}

/** The content of a report, from the journal and the batches given; sends no request. */
export async function gatherFacts(app: App, run: Run, parts: ReportParts): Promise<Redacted<ReportFacts>> {
  const { context, userAgent } = app;
  const { state } = run.journal;
  const { profile, baseUrl, job, startedAt } = state.header;
  // A load found on the server has no journal here.
  const timeline = await timelineOfRun(run).catch(() => []);
  const own = new Map([...state.batches.values()].map((batch) => [batch.jobId, batch] as const));
  const files = filesOf([...own.values()]);
  const waivers = [...own.values()].flatMap(({ jobId, waived = [] }) =>
    waived.map(({ at, line, records, reason, by }) => ({ jobId, line, records, reason, by, at })),
  );
  const months = await monthsOf(run);
  const facts: ReportFacts = {
    job: job === '' ? parts.batches.map(({ jobId }) => jobId ?? '').join(', ') : job,
    outcome: outcomeOfAll(parts.batches),
    verdict: accountText(parts.batches)
      .split('\n')
      .filter((line) => line !== ''),
    warnings: parts.warnings,
    batches: parts.batches.flatMap((batch) => reportBatches(batch, 0, own, timeline)),
    reasons: [...reasonFields(parts.results)]
      .sort((a, b) => b.count - a.count)
      .map(({ jobId, reason, count }) => ({ jobId: jobId ?? '', message: reason, count })),
    ...(waivers.length > 0 && { waivers }),
    ...approvalFacts(state),
    totals: totalsOf(files),
    ...(months.length > 0 && { months }),
    files,
    timeline,
    made: {
      at: new Date(context.now()).toISOString(),
      by: userAgent,
      user: context.user,
      host: context.hostname,
    },
    source: { profile, server: baseUrl, startedAt, asOf: state.updatedAt },
  };
  return redactedStrings(facts, app.redactor);
}

/** Which approvals the runs were checked against, and which files were sent without one (commands rule 32). */
function approvalFacts({ approvals, batches }: LoadState): Pick<ReportFacts, 'approvals' | 'unapproved'> {
  if (approvals === undefined) return {};
  const unapproved = [...batches.values()].flatMap(({ file, call, abandoned }) =>
    file === null || abandoned || call?.options.includes(APPROVED) ? [] : [file.name],
  );
  return { approvals, unapproved };
}

async function timelineOfRun({ context, journal }: Run): Promise<readonly Moment[]> {
  const { header } = journal.state;
  return readTimeline(journal.path ?? (await findJournal(context.paths.state, header, header.job)));
}

export function reportBatches(
  batch: BatchView,
  depth: number,
  own: ReadonlyMap<string, BatchState>,
  timeline: readonly Moment[],
): ReportBatch[] {
  const known = batch.jobId === null ? undefined : own.get(batch.jobId);
  const puts = timeline.filter(({ event, jobId }) => event === 'put' && jobId === batch.jobId);
  const { id, jobId, kind, file, status, phase, outcome } = batch;
  return [
    {
      id,
      jobId,
      kind,
      depth,
      file,
      status,
      phase,
      outcome,
      ...(batch.leftOut && { leftOut: true }),
      ...(batch.leftBehind && { leftBehind: true }),
      ...(batch.corrects && { corrects: batch.corrects.jobId }),
      ...((batch.corrects || batch.settled) && { open: openOf(batch) }),
      sent: batch.recordsSent,
      loaded: isFinal(phase) ? batch.successCount : null,
      rejected: isFinal(phase) ? batch.failCount : null,
      unaccounted: accountOf(batch).unaccounted,
      uploadFrom: puts.find((put) => put.outcome === 'asked')?.time ?? null,
      uploadTo: puts.findLast((put) => put.outcome === 'answered')?.time ?? null,
      processFrom: known?.finalizedAt ?? null,
      processTo: isFinal(phase) && known?.finalizedAt ? known.changedAt : null,
      message: batch.errorMessage,
    },
    ...batch.children.flatMap((child) => reportBatches(child, depth + 1, own, timeline)),
  ];
}

function filesOf(batches: readonly BatchState[]): readonly ReportFile[] {
  return batches.flatMap(({ abandoned, uploaded, file, kind, jobId, id }) =>
    abandoned || uploaded !== 'yes' || file === null || !isFileKind(kind)
      ? []
      : [
          {
            file: file.name,
            kind,
            jobId,
            id,
            bytes: file.bytes,
            records: file.records,
            amount: file.amount ?? null,
            sha256: file.sha256,
            md5: file.md5,
          },
        ],
  );
}

function totalsOf(files: readonly ReportFile[]): readonly ReportTotal[] {
  return FILE_KINDS.flatMap((kind) => {
    const of = files.filter((file) => file.kind === kind);
    if (of.length === 0) return [];
    const records = of.some((file) => file.records === null)
      ? null
      : of.reduce((sum, file) => sum + (file.records ?? 0), 0);
    return [{ kind, files: of.length, records, amount: sumAmounts(of.map(({ amount }) => amount)) }];
  });
}

/** The load and the closed ones before it, a year at most; none without another. */
async function monthsOf({ context, journal: { state }, statusNames }: Run): Promise<readonly ReportMonth[]> {
  const { header } = state;
  if (header.job === '') return [];
  const closed = closedTotals(state, statusNames);
  const closedAt = closed?.closedAt ?? null;
  const others = (await recentLoads(context.paths.state, header, header.job)).flatMap((load) => {
    const totals = closedTotals(load, statusNames);
    // A report says the same whatever was loaded later.
    return totals === null || (closedAt !== null && totals.closedAt > closedAt)
      ? []
      : [{ job: load.header.job, totals, closedAt: totals.closedAt }];
  });
  if (others.length === 0) return [];
  return [
    ...others.sort((a, b) => a.closedAt.localeCompare(b.closedAt)).slice(1 - RECENT),
    { job: header.job, totals: closed ?? totalsOfLoad(state, statusNames), closedAt },
  ].map(({ job, totals: { kinds, customersBilled }, closedAt }) => {
    const sum = (values: readonly (number | null)[]): number | null =>
      values.reduce((so, one) => (so === null || one === null ? null : so + one), 0 as number | null);
    return {
      job,
      closedAt,
      kinds: kinds.map(({ kind, records, amount }) => ({ kind, records, amount })),
      customersBilled,
      records: sum(kinds.map(({ records }) => records)),
      amount: kinds.find(({ kind }) => kind === 'invoice')?.amount ?? null,
      rejected: sum(kinds.map(({ rejected }) => rejected)),
    };
  });
}

/** Writes the page of a load: whole or not at all. @param path absolute @throws EbillError USAGE */
export async function writeReport(facts: Redacted<ReportFacts>, path: string): Promise<void> {
  // Imported late: a run needs it at its end only.
  const { reportPage } = await import('../../report/page.ts');
  await writeRedacted(path, reportPage(facts));
}
