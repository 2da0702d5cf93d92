import type { InitRequest } from '../api/request.ts';
import { NAME_PLACEHOLDER } from '../batch/job-ids.ts';
import { nextMonth } from '../batch/month.ts';
import type { StatusNames } from '../batch/phase.ts';
import { flatten } from '../batch/tree.ts';
import type { FileKind, Phase } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import { initOnRecord, type LoadState } from './state.ts';
import { viewLoad } from './view.ts';

/** `open` from its first batch until every batch is final and nothing is left to correct (commands rule 7). */
export type Standing = 'open' | 'closed';

/** Whether a load is open or closed by what is on record. Pure. */
export const standingOfLoad = (state: LoadState, names: StatusNames): Standing =>
  isClosed(state, names, 'invoice') ? 'closed' : 'open';

/**
 * Whether a load is closed (commands rule 7). It is open before its first file; one with customers alone is open for its
 * invoices. Pure.
 * @param adds what is to be added to it
 */
export function isClosed(state: LoadState, names: StatusNames, adds: FileKind): boolean {
  return isWhole(state, names, adds) && viewLoad(state, names).every(({ outcome }) => DONE.has(outcome));
}

/** Whether a month is open only because some of it was being processed when the server was asked last. Pure. */
export function waitsForServer(state: LoadState, names: StatusNames): boolean {
  const outcomes = viewLoad(state, names).map(({ outcome }) => outcome);
  return (
    isWhole(state, names, 'invoice') &&
    outcomes.some((outcome) => PROCESSED.has(outcome)) &&
    outcomes.every((outcome) => DONE.has(outcome) || PROCESSED.has(outcome))
  );
}

const DONE: ReadonlySet<Phase> = new Set(['succeeded', 'not-run']);
const PROCESSED: ReadonlySet<Phase> = new Set(['queued', 'running']);

/** It has files, invoices among them where more are to be added, and all of them have arrived. */
function isWhole(state: LoadState, names: StatusNames, adds: FileKind): boolean {
  const kinds = flatten(viewLoad(state, names)).map(({ kind }) => kind);
  const hasFiles = kinds.some((kind) => kind === 'customer' || kind === 'invoice' || kind === 'items');
  if (!hasFiles || (adds === 'invoice' && !kinds.includes('invoice'))) return false;
  // Files on record that have not arrived are not among the batches shown.
  return ![...state.batches.values()].some(
    ({ kind, file, uploaded, foundElsewhere, leftOut, abandoned }) =>
      kind !== 'init' && file !== null && uploaded !== 'yes' && !foundElsewhere && !leftOut && !abandoned,
  );
}

/**
 * The first command of the month after this load: its init with the name counted on and the same options; with a placeholder
 * where the name does not follow a month.
 */
export function nextMonthCommand(load: LoadState, terminal: Terminal): string {
  const next = nextMonth(load.header.job);
  const name = next === null ? NAME_PLACEHOLDER : quoted(next, terminal);
  return `ebill init --job ${name}${initOptions(initOnRecord(load)?.init ?? null)}`;
}

/** `init` asks on a terminal before it sends anything. */
export const nextMonthText = (load: LoadState, terminal: Terminal): string =>
  `The next month is a new load: ${nextMonthCommand(load, terminal)}`;

/**
 * Nothing is added to a closed load that was not named (commands rule 9): what is given may be next month's, before its init.
 */
export function closedLoad(load: LoadState, terminal: Terminal): EbillError {
  const name = quoted(load.header.job, terminal);
  return new EbillError(
    'USAGE',
    `No load was given, and ${name}, the last one started here, is closed: nothing in it is left to load or to correct.`,
    {
      hint: `Nothing was sent. If this belongs to ${name}, run the same command with --job ${name}. ${nextMonthText(load, terminal)}`,
    },
  );
}

/** The options an init was sent with: with others it would be another init (api rule 17). */
export function initOptions(request: InitRequest | null): string {
  if (request === null) return '';
  const options = [
    request.carryForwardInvoices ? '' : ' --no-carry-forward-invoices',
    request.carryForwardCreditMemos ? '' : ' --no-carry-forward-credit-memos',
    request.carryForwardDebitMemos ? '' : ' --no-carry-forward-debit-memos',
    request.zeroOutCustomerBalance ? ' --zero-out-customer-balance' : '',
  ];
  return options.join('');
}
