import type { Batch } from '../batch/types.ts';
import type { Entry } from './entries.ts';
import { readContent } from './journal.ts';
import { type Damage, isDamage, salvage } from './journal-lines.ts';

/** One event of a load, from its journal. */
export interface Moment {
  /** ISO 8601. */
  readonly time: string;
  /** `init`, `create`, `put`, `finalize` with their outcome, or the type of another entry; `damaged`: a line that cannot be read. */
  readonly event: string;
  readonly jobId: string;
  readonly id: string | null;
  readonly file: string | null;
  readonly bytes: number | null;
  readonly records: number | null;
  /** `asked`: recorded before the request left. The others: how it ended. */
  readonly outcome: 'asked' | 'answered' | 'refused' | 'ambiguous' | null;
  readonly status: string | null;
  readonly message: string | null;
}

/** The timeline of a journal, oldest first, of every line that can be read. @throws EbillError USAGE when it cannot be read */
export async function readTimeline(path: string): Promise<readonly Moment[]> {
  const content = await readContent(path);
  return content === null ? [] : timelineOf(salvage(content, path).lines);
}

export function timelineOf(lines: readonly (Entry | Damage)[]): readonly Moment[] {
  const intents = new Map<number, Extract<Entry, { type: 'intent' }>>();
  let at = '';
  return lines.flatMap((entry) => {
    if (isDamage(entry)) {
      const message = `line ${entry.line} cannot be relied on: ${entry.reason}`;
      return [moment({ at }, 'damaged', '', { message })];
    }
    at = entry.at;
    if (entry.type === 'intent') {
      intents.set(entry.n, entry);
      return [moment(entry, entry.call, entry.jobId, { outcome: 'asked', ...filed(entry) })];
    }
    if (entry.type === 'answer') {
      const intent = intents.get(entry.n);
      if (intent === undefined) return [];
      const { outcome, message = null, batch } = entry;
      return [moment(entry, intent.call, intent.jobId, { outcome, message, ...told(batch) })];
    }
    if (entry.type === 'abandoned')
      return [moment(entry, entry.type, entry.jobId, { id: entry.id, message: entry.reason })];
    if (entry.type === 'wrong-id') return [moment(entry, entry.type, entry.jobId, { id: entry.id })];
    if (entry.type === 'adopted')
      return [
        moment(entry, entry.type, entry.jobId, {
          file: entry.file.name,
          bytes: entry.file.bytes,
          records: entry.file.records,
        }),
      ];
    if (entry.type === 'discovered')
      return entry.batches.map(({ jobId, batch }) => moment(entry, 'found', jobId, told(batch)));
    if (entry.type === 'call') {
      const { command, files } = entry;
      const names = files.map(({ file }) => file.name);
      const message = `ebill ${command}: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
      return [moment(entry, entry.type, files[0]?.jobId ?? '', { message })];
    }
    if (entry.type === 'result') return [moment(entry, entry.type, entry.jobId, { bytes: entry.bytes })];
    if (entry.type === 'counted') {
      const message = `${entry.rows - entry.failed} loaded, ${entry.failed} rejected, by its result file`;
      return [moment(entry, entry.type, entry.jobId, { records: entry.rows, message })];
    }
    if (entry.type === 'rejects')
      return [moment(entry, entry.type, entry.jobId, { bytes: entry.bytes, records: entry.records })];
    if (entry.type === 'waived') {
      const where = entry.line === null ? '' : `line ${entry.line}, `;
      const message = `${where}by ${entry.by}: ${entry.reason}`;
      return [moment(entry, entry.type, entry.jobId, { records: entry.records, message })];
    }
    if (entry.type === 'approved') {
      const message = `SHA-256 ${entry.sha256}${entry.by === null ? '' : `, by ${entry.by}`}`;
      return [moment(entry, entry.type, '', { message })];
    }
    if (entry.type === 'closed') {
      const parts = entry.kinds.map(({ kind, records }) => `${kind} ${records ?? 'unknown'}`);
      return [moment(entry, entry.type, '', { message: `records: ${parts.join(', ')}` })];
    }
    if (entry.type === 'imported') {
      const message = `exported on ${entry.host} at ${entry.exportedAt}`;
      return [moment(entry, entry.type, '', { message })];
    }
    if (entry.type === 'left-out') return [moment(entry, entry.type, entry.jobId, {})];
    if (entry.type === 'next-refused')
      return [moment(entry, entry.type, entry.jobId, { message: 'found finalized: --next was refused' })];
    if (entry.type === 'blocked') return [moment(entry, entry.type, entry.jobId, { message: entry.reason })];
    return [moment(entry, entry.type, entry.jobId, told(entry.batch))];
  });
}

function moment(entry: Pick<Entry, 'at'>, event: string, jobId: string, parts: Partial<Moment>): Moment {
  return {
    time: entry.at,
    event,
    jobId,
    id: null,
    file: null,
    bytes: null,
    records: null,
    outcome: null,
    status: null,
    message: null,
    ...parts,
  };
}

function filed(intent: Extract<Entry, { type: 'intent' }>): Partial<Moment> {
  if (intent.call === 'create')
    return { file: intent.file.name, bytes: intent.file.bytes, records: intent.file.records };
  if (intent.call === 'put') return { bytes: intent.bytes };
  return intent.call === 'finalize' ? { id: intent.id } : {};
}

function told(batch: Batch | null | undefined): Partial<Moment> {
  if (batch === undefined) return {};
  if (batch === null) return { message: 'the server has no such batch' };
  const { successCount: loaded, failCount: rejected } = batch;
  // Servers report 0 and 0 from the start, before there are counts.
  const counts = !loaded && !rejected ? null : `${loaded ?? '?'} loaded, ${rejected ?? '?'} rejected`;
  return { id: batch.id, status: batch.status, message: batch.errorMessage ?? counts };
}
