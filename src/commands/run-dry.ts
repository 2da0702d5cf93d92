import { endpointOf } from '../api/connection.ts';
import { callsAt, type ParentRef } from '../api/request.ts';
import type { Kind, Phase } from '../batch/types.ts';
import { sumAmounts } from '../files/amounts.ts';
import type { Assignment } from '../load/plan.ts';
import type { Run } from '../load/run.ts';
import { phaseWord } from '../output/batch-text.ts';
import { count, counted } from '../output/format.ts';
import { requestsText } from '../output/requests-text.ts';
import { table } from '../output/table.ts';
import type { Theme } from '../output/theme.ts';
import type { MonthToRun } from './run-month.ts';
import type { GatedStep } from './run-stop.ts';
import type { CommandResult, PlannedRequest } from './shared/command.ts';
import { idToCome, uploadRequests } from './shared/planned-requests.ts';
import type { Session } from './shared/session.ts';
import { viewsOf } from './shared/views.ts';

/** One batch of a plan, as a dry run tells of it. Numbers are records and bytes. */
interface PlannedBatch {
  readonly step: GatedStep | 'invoices';
  readonly jobId: string;
  readonly kind: Kind;
  readonly file: string | null;
  readonly records: number | null;
  readonly bytes: number | null;
  /** The control total. */
  readonly amount: string | null;
  /** Where it stands by the journal: `to-do`, `begun` or `done`. */
  readonly upload: 'to-do' | 'begun' | 'done';
  /** `null` for items: they go with their invoice batch. */
  readonly finalized: boolean | null;
  readonly phase: Phase | null;
}

/**
 * What a run of the plan would do, from the files and the journal alone: each step with what is done already and what would
 * be sent. Nothing is sent, not even a question.
 */
export async function dryRunMonth(session: Session, run: Run, what: MonthToRun): Promise<CommandResult> {
  const { app, connection } = session;
  const { ui } = app;
  const { header } = run.journal.state;
  const rows = plannedBatches(run, what);
  const requests = plannedRequests(run, what, callsAt(endpointOf(connection.baseUrl), connection.query));
  const lines = await stepTable(rows, what, ui);
  const totals = totalsOf(rows);
  const text = [
    lines,
    totals.map(totalText).join('\n'),
    ...(app.globals.verbose && requests.length > 0 ? [requestsText(requests, ui)] : []),
    requests.length === 0
      ? 'Nothing would be sent: all of it is done.'
      : `Nothing was sent; ${counted(requests.length, 'request', 'requests')} would be${app.globals.verbose ? '' : ' (--verbose shows them)'}.`,
  ];
  return {
    profile: header.profile,
    job: header.job,
    outcome: null,
    batches: [],
    error: null,
    requests,
    extra: { steps: rows, totals, acceptedFailedRecords: what.accepted },
    text: text.filter((part) => part !== '').join('\n\n'),
  };
}

/** The amounts are shown where there are any. */
function stepTable(rows: readonly PlannedBatch[], what: MonthToRun, theme: Theme): Promise<string> {
  const amounts = rows.some(({ amount }) => amount !== null);
  const head = [
    'Step',
    'Batch',
    'File',
    { title: 'Records', right: true },
    ...(amounts ? [{ title: 'Amount', right: true, least: 12 }] : []),
    'Would be',
  ];
  const cells = rows.map((row, i) => [
    rows[i - 1]?.step === row.step ? '' : row.step,
    row.jobId,
    row.file,
    row.records === null ? null : count(row.records),
    ...(amounts ? [row.amount] : []),
    inWords(row, what),
  ]);
  return table(head, cells, theme);
}

function plannedBatches(run: Run, { init, month }: MonthToRun): readonly PlannedBatch[] {
  const { batches } = run.journal.state;
  const planned = (
    step: PlannedBatch['step'],
    { jobId, kind, file, action }: Assignment,
    own: boolean,
  ): PlannedBatch => {
    const known = batches.get(jobId);
    return {
      step,
      jobId,
      kind,
      file: file.name,
      records: file.records,
      bytes: file.bytes,
      amount: file.amount ?? null,
      upload: action === 'done' || action === 'twin' ? 'done' : action === 'go-on' ? 'begun' : 'to-do',
      finalized: own ? known?.finalized === 'yes' : null,
      phase: viewsOf(run, [jobId])[0]?.phase ?? null,
    };
  };
  const first: readonly PlannedBatch[] =
    init === null
      ? []
      : [
          {
            step: 'init',
            jobId: init.jobId,
            kind: 'init',
            file: null,
            records: null,
            bytes: null,
            amount: null,
            upload: batches.get(init.jobId)?.created === 'yes' ? 'done' : 'to-do',
            finalized: null,
            phase: viewsOf(run, [init.jobId])[0]?.phase ?? null,
          },
        ];
  return [
    ...first,
    ...month.customers.map((one) => planned('customers', one, true)),
    ...month.invoices.flatMap(({ invoice, items }) => [
      planned('invoices', invoice, true),
      ...items.map((item) => planned('invoices', item, false)),
    ]),
  ];
}

function inWords(row: PlannedBatch, { init }: MonthToRun): string {
  if (row.step === 'init') {
    if (row.upload === 'done') return 'nothing: done before';
    return init?.zeroOutCustomerBalance ? "sent; it zeroes every customer's balance" : 'sent';
  }
  const upload = { 'to-do': 'uploaded', begun: 'uploaded (begun before)', done: '' }[row.upload];
  if (row.finalized === null) return upload === '' ? 'nothing: uploaded before' : upload;
  if (row.finalized) return `nothing: ${row.phase === null ? 'finalized before' : phaseWord(row.phase)}`;
  return upload === '' ? 'finalized (uploaded before)' : `${upload}, finalized`;
}

/** What the files of one kind add up to: to be held against the books before the month is run. */
interface KindTotal {
  readonly kind: Kind;
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
  const sum = amount === null ? '' : `, amounts ${amount}`;
  const left = toSend === 0 ? 'nothing to send' : `${count(toSend)} to send`;
  return `${kind}: ${counted(files, 'file', 'files')}, ${counted(records, 'record', 'records')}${sum}; ${left}`;
}

function plannedRequests(
  run: Run,
  { init, month }: MonthToRun,
  calls: ReturnType<typeof callsAt>,
): readonly PlannedRequest[] {
  const { batches } = run.journal.state;
  const idOf = (jobId: string): string => idToCome(batches.get(jobId)?.id ?? null, jobId);
  const finalize = ({ jobId }: Assignment): PlannedRequest[] =>
    batches.get(jobId)?.finalized === 'yes' ? [] : [calls.finalize({ id: idOf(jobId), jobId })];
  const parent = ({ jobId }: Assignment): ParentRef => ({ id: idOf(jobId), jobId });
  return [
    ...(init === null || batches.get(init.jobId)?.created === 'yes' ? [] : [calls.init(init)]),
    ...month.customers.flatMap((one) => uploadRequests(calls, one, null)),
    ...month.customers.flatMap(finalize),
    ...month.invoices.flatMap(({ invoice }) => uploadRequests(calls, invoice, null)),
    ...month.invoices.flatMap(({ invoice, items }) =>
      items.flatMap((item) => uploadRequests(calls, item, parent(invoice))),
    ),
    ...month.invoices.flatMap(({ invoice }) => finalize(invoice)),
  ];
}
