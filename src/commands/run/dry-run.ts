import type { Client } from '../../api/client.ts';
import type { Call } from '../../api/request.ts';
import type { Comparison } from '../../batch/comparison.ts';
import { sumAmounts } from '../../batch/decimals.ts';
import type { FileKind, Kind, Phase } from '../../batch/types.ts';
import type { Assignment } from '../../load/plan.ts';
import type { Run } from '../../load/run.ts';
import type { LoadState } from '../../load/state.ts';
import { phaseWord } from '../../output/batch-text.ts';
import { comparisonTable } from '../../output/comparison-text.ts';
import { amountText, count, counted } from '../../output/format.ts';
import { requestsText } from '../../output/print-result.ts';
import { table } from '../../output/table.ts';
import type { Theme } from '../../output/theme.ts';
import { viewsOf } from '../shared/batch-result.ts';
import { type CommandResult, EMPTY_RESULT } from '../shared/command.ts';
import { idOrPlaceholder, uploadRequests } from '../shared/load-steps.ts';
import type { Session } from '../shared/session.ts';
import type { GatedStep, PlannedMonth } from './month.ts';

/** One batch of a plan, as the JSON document shows it. Numbers are records and bytes. */
interface PlannedBatch {
  readonly step: GatedStep | 'invoices';
  readonly jobId: string;
  readonly kind: Kind;
  readonly file: string | null;
  readonly records: number | null;
  readonly bytes: number | null;
  /** The control total. */
  readonly amount: string | null;
  readonly upload: 'to-do' | 'started' | 'done';
  /** `null` for items, which are finalized with their invoice batch. */
  readonly finalized: boolean | null;
  readonly phase: Phase | null;
}

/** Shows what a run of the plan would do, by the files and the journal alone. Sends no request. */
export async function dryRunMonth(
  { app, client }: Session,
  run: Run,
  month: PlannedMonth,
  comparison: Comparison,
): Promise<CommandResult> {
  const { ui, globals } = app;
  const { header } = run.journal.state;
  const rows = plannedBatches(run, month);
  const requests = plannedRequests(run.journal.state, month, client.calls);
  const totals = totalsOf(rows);
  const parts = [
    await stepTable(rows, month, ui),
    totals.map(totalText).join('\n'),
    comparison.against === null ? '' : await comparisonTable(comparison, ui),
    globals.verbose && requests.length > 0 ? requestsText(requests, ui) : '',
    requests.length === 0
      ? 'Nothing would be sent: everything is done.'
      : `Nothing was sent; ${counted(requests.length, 'request', 'requests')} would be${globals.verbose ? '' : ' (--verbose shows them)'}.`,
  ];
  return {
    ...EMPTY_RESULT,
    profile: run.profile,
    job: header.job,
    requests,
    extra: { steps: rows, totals, acceptedFailedRecords: month.accepted },
    text: parts.filter((part) => part !== '').join('\n\n'),
  };
}

function stepTable(rows: readonly PlannedBatch[], month: PlannedMonth, theme: Theme): Promise<string> {
  const amounts = rows.some(({ amount }) => amount !== null);
  const head = [
    'Step',
    'Batch',
    'File',
    { title: 'Records', right: true },
    ...(amounts ? [{ title: 'Amount', right: true, least: 12 }] : []),
    { title: 'Would be', wrap: true },
  ];
  const cells = rows.map((row, i) => [
    rows[i - 1]?.step === row.step ? '' : row.step,
    row.jobId,
    row.file,
    row.records === null ? null : count(row.records),
    ...(amounts ? [amountText(row.amount)] : []),
    actionText(row, month),
  ]);
  return table(head, cells, theme);
}

function plannedBatches(run: Run, { init, customers, invoices }: PlannedMonth): readonly PlannedBatch[] {
  const { batches } = run.journal.state;
  const phaseOf = (jobId: string): Phase | null => viewsOf(run, [jobId])[0]?.phase ?? null;
  const initRow = (jobId: string): PlannedBatch => ({
    step: 'init',
    jobId,
    kind: 'init',
    file: null,
    records: null,
    bytes: null,
    amount: null,
    upload: batches.get(jobId)?.created === 'yes' ? 'done' : 'to-do',
    finalized: null,
    phase: phaseOf(jobId),
  });
  const fileRow = (step: PlannedBatch['step'], { jobId, kind, file, action }: Assignment): PlannedBatch => ({
    step,
    jobId,
    kind,
    file: file.name,
    records: file.records,
    bytes: file.bytes,
    amount: file.amount ?? null,
    upload: action === 'done' || action === 'duplicate' ? 'done' : action === 'resume' ? 'started' : 'to-do',
    finalized: kind === 'items' ? null : batches.get(jobId)?.finalized === 'yes',
    phase: phaseOf(jobId),
  });
  return [
    ...(init === null ? [] : [initRow(init.jobId)]),
    ...customers.map((file) => fileRow('customers', file)),
    ...invoices.flatMap(({ invoice, items }) => [invoice, ...items].map((file) => fileRow('invoices', file))),
  ];
}

function actionText(row: PlannedBatch, { init }: PlannedMonth): string {
  if (row.step === 'init') {
    if (row.upload === 'done') return 'nothing: already done';
    return init?.zeroOutCustomerBalance ? "sent; zeroes every customer's balance" : 'sent';
  }
  const upload = { 'to-do': 'uploaded', started: 'uploaded (resumed)', done: '' }[row.upload];
  if (row.finalized === null) return upload === '' ? 'nothing: already uploaded' : upload;
  if (row.finalized) return `nothing: ${row.phase === null ? 'already finalized' : phaseWord(row.phase)}`;
  return upload === '' ? 'finalized (already uploaded)' : `${upload}, finalized`;
}

/** The files of one kind, to compare with the books. */
interface KindTotal {
  readonly kind: FileKind;
  readonly files: number;
  readonly records: number;
  readonly amount: string | null;
  /** Files that are not on the server yet. */
  readonly toSend: number;
}

function totalsOf(rows: readonly PlannedBatch[]): readonly KindTotal[] {
  return (['customer', 'invoice', 'items'] as const).flatMap((kind) => {
    const own = rows.filter((row) => row.kind === kind);
    if (own.length === 0) return [];
    return [
      {
        kind,
        files: own.length,
        records: own.reduce((sum, { records }) => sum + (records ?? 0), 0),
        amount: sumAmounts(own.map(({ amount }) => amount)),
        toSend: own.filter(({ upload }) => upload !== 'done').length,
      },
    ];
  });
}

function totalText({ kind, files, records, amount, toSend }: KindTotal): string {
  const sum = amount === null ? '' : `, amounts ${amountText(amount)}`;
  const left = toSend === 0 ? 'nothing to send' : `${count(toSend)} to send`;
  return `${kind}: ${counted(files, 'file', 'files')}, ${counted(records, 'record', 'records')}${sum}; ${left}`;
}

function plannedRequests(
  state: LoadState,
  { init, customers, invoices }: PlannedMonth,
  calls: Client['calls'],
): readonly Call[] {
  const { batches } = state;
  const finalize = ({ jobId }: Assignment): Call[] =>
    batches.get(jobId)?.finalized === 'yes'
      ? []
      : [calls.finalize({ id: idOrPlaceholder(state, jobId), jobId })];
  return [
    ...(init === null || batches.get(init.jobId)?.created === 'yes' ? [] : [calls.init(init)]),
    ...customers.flatMap((file) => uploadRequests(calls, file, null)),
    ...customers.flatMap(finalize),
    ...invoices.flatMap(({ invoice }) => uploadRequests(calls, invoice, null)),
    ...invoices.flatMap(({ invoice: { jobId }, items }) => {
      const parent = { id: idOrPlaceholder(state, jobId), jobId };
      return items.flatMap((item) => uploadRequests(calls, item, parent));
    }),
    ...invoices.flatMap(({ invoice }) => finalize(invoice)),
  ];
}
