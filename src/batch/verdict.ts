import { EbillError } from '../errors.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import { grouped } from '../system/quantities.ts';
import { accountOf, netPhase, openOf } from './account.ts';
import { flatten, flattenPlaced, type Placed } from './tree.ts';
import { type BatchView, batchName, isInitPart, type ResultCounts } from './types.ts';

/**
 * Why a load of which nothing more is expected is no success: failed batches, missing batches and records unaccounted
 * for, failed records (exit codes 3 and 4), in this order; `null` when it is one.
 * @param terminal where the command in the hint is typed
 * @param downloaded whether this run fetched the result files
 */
export function verdictOf(
  batches: readonly BatchView[],
  job: string | null,
  terminal: Terminal,
  downloaded = false,
): EbillError | null {
  // An init is represented by its parts.
  const all = flattenPlaced(batches).filter(({ batch }) => batch.kind !== 'init');
  const hint = downloaded
    ? 'The result files just fetched say why, record by record.'
    : `The result files say why, record by record: ebill results${jobOption(job, terminal)}`;
  const hintFor = (bad: readonly Placed<BatchView>[]): string =>
    bad.every(({ batch }) => isInitPart(batch.kind))
      ? `${INIT_FAILED} What the server says of it: ebill status${jobOption(job, terminal)}`
      : bad.every(({ batch }) => batch.phase === 'failed' && batch.noResult)
        ? `${NO_RESULT} What it says: ebill status${jobOption(job, terminal)}`
        : hint;
  const failed = all.filter(({ batch }) => netPhase(batch) === 'failed');
  if (failed.length > 0) {
    const first = failed[0]?.batch.errorMessage;
    return new EbillError('BATCH_FAILED', `${names(failed)} failed${first ? `: ${first}` : '.'}`, {
      hint: hintFor(failed),
    });
  }
  const lost = unaccounted(batches, hint, terminal, job);
  if (lost !== null) return lost;
  const partial = all.filter(({ batch }) => netPhase(batch) === 'partial');
  if (partial.length > 0) return partialError(partial, job, terminal, hintFor(partial), downloaded);
  return null;
}

/** Records that were rejected and are open still: each counts once, in the batch it was first sent in. */
function partialError(
  partial: readonly Placed<BatchView>[],
  job: string | null,
  terminal: Terminal,
  hint: string,
  downloaded: boolean,
): EbillError {
  const listed = new Set(partial.map(({ batch }) => batch.jobId));
  const first = partial.filter(({ batch }) => !listed.has(batch.corrects?.jobId ?? null));
  const open = first.reduce((sum, { batch }) => sum + (openOf(batch) ?? batch.failCount ?? 0), 0);
  const records = `${grouped(open)} ${open === 1 ? 'record' : 'records'}`;
  const corrected = partial.some(({ batch }) => batch.settled !== undefined || batch.corrects !== undefined);
  // Their invoices are loaded, or not among these files.
  if (downloaded && first.every(({ batch }) => batch.kind === 'items')) {
    const waived = first.map(({ batch }) => ` --waive ${quoted(batch.jobId ?? '', terminal)}`).join('');
    return new EbillError(
      'PARTIAL',
      `${records} ${open === 1 ? 'was' : 'were'} rejected in ${names(first)}: items cannot be added to an invoice that is loaded.`,
      {
        hint: `Correct them in eBill, then settle them, with the reason: ebill correct${jobOption(job, terminal)}${waived} --reason TEXT`,
      },
    );
  }
  return corrected
    ? new EbillError(
        'PARTIAL',
        `${records} ${open === 1 ? 'is' : 'are'} rejected and not corrected in ${names(first)}.`,
        {
          hint: `Correct the open records in the rejects files, then: ebill correct${jobOption(job, terminal)}. Settle records that will not be loaded with --waive.`,
        },
      )
    : new EbillError('PARTIAL', `${records} ${open === 1 ? 'was' : 'were'} rejected in ${names(first)}.`, {
        hint: downloaded
          ? `${hint} To write the rejected records to files, to be corrected and loaded with ebill correct: ebill results --rejects${jobOption(job, terminal)}`
          : hint,
      });
}

/**
 * The error for batches that the server does not know any more and for counts that contradict each other; `null` when
 * there are none.
 */
export function unaccounted(
  batches: readonly BatchView[],
  hint: string,
  terminal: Terminal,
  job: string | null,
): EbillError | null {
  const all = flatten(batches);
  const missing = all.filter(({ phase }) => phase === 'missing');
  const lost = all.flatMap((batch) =>
    accountOf(batch).state === 'mismatch' ? [`${batch.jobId}: ${sentence(batch)}`] : [],
  );
  if (missing.length + lost.length === 0) return null;
  const messages = [
    ...(missing.length > 0 ? [missingText(missing)] : []),
    ...(lost.length > 0 ? [`Records are unaccounted for. ${lost.join('; ')}.`] : []),
  ];
  const hints = [
    ...(missing.length > 0 ? [missingHint(missing)] : []),
    ...(lost.length > 0
      ? [
          unknownHint(all, terminal, job) ||
            `Compare the result file with what was sent before anything else is loaded. ${hint}`,
        ]
      : []),
  ];
  return new EbillError('UNACCOUNTED', messages.join(' '), { hint: hints.join(' ') });
}

/** An init has no result file, cannot be undone, and is not sent again. */
export const INIT_FAILED =
  "Ask the server's owner what was carried forward, and have the rest corrected in eBill before invoices are loaded: an init cannot be undone or repeated.";

/** Of final batches without a result file. Why a batch failed decides whether anything of it may be loaded again. */
export const NO_RESULT =
  "The server has no result file that says why, record by record. Ask the server's owner before loading any of it again.";

/** A status name that no rule knows (api rule 6): how it is read, and how to map it. */
export const unknownStatus = (
  status: string,
  terminal: Terminal,
): { readonly message: string; readonly hint: string } => ({
  message: `the server uses an unknown status name, "${status}": the batch counts as final once it has a result file.`,
  hint: `To map it: ebill profile set NAME --status-name ${quoted(`${status}=PHASE`, terminal)}`,
});

/** The server had them: a file loaded again because of this could be loaded twice, so no command is named (api rule 16). */
export function missingHint(missing: readonly BatchView[]): string {
  const inits = missing.every(({ kind }) => kind === 'init' || isInitPart(kind));
  const until = inits
    ? 'Do not load invoices or start the month in another way until they confirm what was carried forward: an init cannot be undone or repeated.'
    : 'Do not load any of these files again until they confirm that it was not processed and will not be; only then upload that file again, with the option --again.';
  return `Ask the server's owner what happened. ${until} If a batch reappears, the next status shows it.`;
}

/** `The server no longer knows AUG_2020_CUS (cus.csv, last seen as Queued).` The file: no other may be loaded again. */
export function missingText(missing: readonly BatchView[]): string {
  const shown = missing.slice(0, 5).map((batch) => {
    const facts = [
      ...(batch.file === null ? [] : [batch.file]),
      ...(batch.status === null ? [] : [`last seen as ${batch.status}`]),
    ];
    return `${batchName(batch)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
  });
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  return `The server no longer knows ${shown.join(', ')}${more}.`;
}

/** `10 records sent, 9 accounted for (8 loaded, 1 rejected), 10 rows in the result file (2 of them failures)`. */
function sentence({
  recordsSent: sent,
  successCount: loaded,
  failCount: rejected,
  result,
}: BatchView): string {
  const said = (value: number | null, words: string): string =>
    `${value === null ? 'unknown' : grouped(value)} ${words}`;
  const told = loaded === null && rejected === null ? null : (loaded ?? 0) + (rejected ?? 0);
  const parts = [
    said(sent, 'records sent'),
    `${said(told, 'accounted for')} (${said(loaded, 'loaded')}, ${said(rejected, 'rejected')})`,
  ];
  if (result !== undefined)
    parts.push(
      `${said(result.rows, 'rows in the result file')} (${said(result.failed, 'of them failures')}${unknownPart(result, loaded)})`,
    );
  return parts.join(', ');
}

/** Status values of a result file that a message lists; the others are counted. */
const LISTED_VALUES = 5;

function unknownPart({ unknown }: ResultCounts, loaded: number | null): string {
  if (unknown === undefined) return '';
  const { records, values } = unknown;
  if (values.length === 0)
    return loaded === null
      ? `, ${grouped(records)} unknown: no column is known to have their status`
      : `, ${grouped(records)} unknown: it has no status column, and its empty messages are not as many as the loaded records`;
  const listed = values.slice(0, LISTED_VALUES).map(({ value, count }) => {
    const short = value.length > 60 ? `${value.slice(0, 60)}…` : value;
    return `${value.trim() === '' ? 'no status' : `"${short}"`} ${grouped(count)}`;
  });
  const more = values.length > LISTED_VALUES ? ', and others' : '';
  return `, ${grouped(records)} with an unknown status: ${listed.join(', ')}${more}`;
}

/** How unknown status values are settled (api rule 23); '' without them. */
function unknownHint(batches: readonly BatchView[], terminal: Terminal, job: string | null): string {
  const unknown = batches.filter(({ result }) => result?.unknown !== undefined);
  const values = new Set(
    unknown
      .flatMap(({ result }) => result?.unknown?.values ?? [])
      .map(({ value }) => value.trim())
      .filter((value) => value !== '' && value.length <= 60),
  );
  if (unknown.length === 0) return '';
  if (values.size === 0)
    return `Look into the result file. If a column says which records are loaded, name it: ebill results${jobOption(job, terminal)} --status-column COLUMN. Load none of them again before that.`;
  const option = (value: string, as: string): string =>
    `--record-status ${quoted(`${value}=${as}`, terminal)}`;
  const options = [...values]
    .slice(0, LISTED_VALUES)
    .map((value) => `${option(value, 'loaded')} or ${option(value, 'rejected')}`);
  return `Find out in eBill whether these records are loaded, then declare it: ${options.join('; ')} (ebill profile set keeps it). Load none of them again before that.`;
}

/** Warnings about final batches without full counts: unknown, not wrong (commands rule 3). */
export function uncounted(batches: readonly BatchView[]): readonly string[] {
  return flatten(batches)
    .filter((batch) => accountOf(batch).state === 'unknown')
    .map(
      (batch) =>
        `${batch.jobId}: the server gives no full counts, so its ${batch.recordsSent} records are not accounted for yet; its result file has them`,
    );
}

const names = (batches: readonly Placed<BatchView>[]): string => {
  const shown = batches.slice(0, 5).map(({ batch, parent }) => {
    const name = batchName(batch);
    return parent === null || batch.jobId !== null ? name : `${batchName(parent)} (${name})`;
  });
  return `${shown.join(', ')}${batches.length > 5 ? ` and ${batches.length - 5} more` : ''}`;
};

const jobOption = (job: string | null, terminal: Terminal): string =>
  job === null || job === '' ? '' : ` --job ${quoted(job, terminal)}`;

/** Whether the next step of a plan may start. Numbers are records. */
export type Acceptance =
  | { readonly go: true; readonly failed: number }
  | { readonly go: false; readonly why: 'failed' | 'unaccounted' | 'unknown' }
  | { readonly go: false; readonly why: 'too-many'; readonly failed: number };

/**
 * Whether a step whose batches are final has no more failed records than the plan accepts (`accept.failedRecords`). A
 * failed batch, a missing batch, records unaccounted for and missing counts stop the plan in any case: what they mean for
 * the bills that follow is unknown. Pure.
 */
export function acceptanceOf(batches: readonly BatchView[], accepted: number): Acceptance {
  // An init that is missing may have been undone with it, so it counts; its children stand for any other.
  const all = flatten(batches).filter(
    ({ phase, kind }) => phase !== 'not-run' && (kind !== 'init' || phase === 'missing'),
  );
  if (all.some((batch) => netPhase(batch) === 'failed')) return { go: false, why: 'failed' };
  const states = all.map((batch) => accountOf(batch).state);
  if (states.includes('mismatch') || states.includes('missing')) return { go: false, why: 'unaccounted' };
  if (states.includes('unknown')) return { go: false, why: 'unknown' };
  const failed = all.reduce((sum, batch) => sum + (openOf(batch) ?? batch.failCount ?? 0), 0);
  return failed > accepted ? { go: false, why: 'too-many', failed } : { go: true, failed };
}
