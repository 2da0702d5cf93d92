import { type ShownPhase, shownPhase } from '../batch/account.ts';
import { nameOf, phaseWord, spelling } from '../output/batch-text.ts';
import { bytes, count } from '../output/format.ts';
import { plainTheme } from '../output/theme.ts';
import { MOST_BARS, reasonChart, recordsChart, timeChart } from './charts.ts';
import type { ReportBatch, ReportFacts } from './facts.ts';
import { type Html, html } from './html.ts';

/** `html` escapes text. */
const THEME = plainTheme({ clean: (text) => text });

const cell = (value: number | null): Html => html`<td class="n">${count(value)}</td>`;

/** The batches to show where a chart has no room for all: those with problems first, in the order of the table. */
function barred(batches: readonly ReportBatch[]): readonly ReportBatch[] {
  if (batches.length <= MOST_BARS) return batches;
  const weight = ({ rejected, unaccounted, depth }: ReportBatch): number =>
    unaccounted ? 0 : rejected ? 1 : depth === 0 ? 2 : 3;
  const chosen = new Set([...batches].sort((a, b) => weight(a) - weight(b)).slice(0, MOST_BARS));
  return batches.filter((batch) => chosen.has(batch));
}

const leftOut = (shown: number, of: number): Html =>
  shown === of
    ? html``
    : html` The chart shows ${shown} of ${of} batches, those with rejects first; the table has all.`;

/** When each batch was uploaded and processed. */
export function timeSection({ batches, source }: ReportFacts): Html {
  const timed = batches.filter(({ uploadFrom, processFrom }) => uploadFrom !== null || processFrom !== null);
  if (timed.length === 0) return html``;
  const shown = barred(timed);
  return html`<h2 id="timeline">Timeline</h2>
<figure><div class="scroll" role="img" tabindex="0" aria-label="When each batch was uploaded and processed; the times are in the table of batches.">${timeChart(shown, Date.parse(source.asOf))}</div>
<figcaption><span class="key thin k-sent"></span>upload (thin) <span class="key k-loaded"></span>processing on the server (thick). Times are UTC; the end of processing is when a poll first showed it, so it may be late by the time between two polls.${leftOut(shown.length, timed.length)}</figcaption></figure>`;
}

/** The result for the records of each batch. */
export function recordsSection({ batches, source }: ReportFacts): Html {
  const day = dayOf(source.startedAt);
  const counted = batches.filter(
    ({ kind, loaded, rejected }) => kind !== 'init' && (loaded !== null || rejected !== null),
  );
  const shown = barred(counted);
  const chart =
    shown.length === 0
      ? html``
      : html`<figure><div class="scroll" role="img" tabindex="0" aria-label="Records loaded, rejected and unaccounted for, batch by batch; the numbers are in the table below.">${recordsChart(shown)}</div>
<figcaption><span class="key k-loaded"></span>loaded <span class="key k-rejected"></span>rejected <span class="key k-lost"></span>unaccounted for. Very small numbers are drawn as a visible bar.${leftOut(shown.length, counted.length)}</figcaption></figure>`;
  return html`<h2 id="batches">Batches</h2>
${chart}
<div class="scroll"><table><caption>Every batch of the load; an invoice batch is followed by its items. Times are UTC, of ${day} where no day is given.</caption>
<thead><tr><th scope="col">Batch</th><th scope="col">Id</th><th scope="col">File</th><th scope="col">Status</th><th scope="col" class="n">Sent</th><th scope="col" class="n">Loaded</th><th scope="col" class="n">Rejected</th><th scope="col" class="n">Unaccounted</th><th scope="col">Submitted</th><th scope="col">Final</th></tr></thead>
<tbody>${batches.map((batch) => batchRow(batch, day))}</tbody></table></div>
${messages(batches)}`;
}

function batchRow(batch: ReportBatch, day: string): Html {
  const phase = shownPhase(batch.phase, batch.unaccounted);
  const { tone, sign } = VERDICTS[phase];
  const status = `${sign} ${phaseWord(phase)}${spelling(batch, THEME)}`;
  return html`<tr><th scope="row" class="${batch.depth > 0 ? 'sub' : ''}">${nameOf(batch, THEME)}</th><td>${batch.id ?? '–'}</td><td>${batch.file ?? '–'}</td><td class="nowrap ${tone}">${status}</td>${cell(batch.sent)}${cell(batch.loaded)}${cell(batch.rejected)}${cell(batch.unaccounted)}<td class="nowrap">${shortMoment(batch.processFrom, day)}</td><td class="nowrap">${shortMoment(batch.processTo, day)}</td></tr>
`;
}

/** The server's messages about batches that failed or have rejected records. */
function messages(batches: readonly ReportBatch[]): Html {
  const told = batches.filter(
    ({ message, phase }) => message !== null && (phase === 'failed' || phase === 'partial'),
  );
  if (told.length === 0) return html``;
  return html`<h3>Messages from the server</h3><dl>${told.map(({ jobId, kind, message }) => html`<dt>${jobId ?? kind}</dt><dd>${message}</dd>`)}</dl>`;
}

/** Adds up each reason over all batches. */
function together(reasons: ReportFacts['reasons']): ReportFacts['reasons'] {
  const sums = new Map<string, number>();
  for (const { message, count: times } of reasons) sums.set(message, (sums.get(message) ?? 0) + times);
  return [...sums]
    .map(([message, times]) => ({ jobId: '', message, count: times }))
    .sort((a, b) => b.count - a.count);
}

/** Why records were rejected. */
export function reasonSection({ reasons }: ReportFacts): Html {
  if (reasons.length === 0) return html``;
  const top = together(reasons).slice(0, 10);
  return html`<h2 id="reasons">Why records were rejected</h2>
<figure><div class="scroll" role="img" tabindex="0" aria-label="The most frequent reasons; the numbers are in the table below.">${reasonChart(top)}</div></figure>
<div class="scroll"><table><caption>Reasons as the server gave them, the most frequent first.</caption>
<thead><tr><th scope="col">Reason</th><th scope="col">Batch</th><th scope="col" class="n">Records</th></tr></thead>
<tbody>${reasons.slice(0, 100).map(
    ({ message, jobId, count: times }) =>
      html`<tr><td class="wide">${message.trim() === '' ? '(no message)' : message}</td><td>${jobId}</td>${cell(times)}</tr>
`,
  )}</tbody></table></div>`;
}

/** The totals of the files, to compare with the books. */
export function totalSection({ totals }: ReportFacts): Html {
  if (totals.length === 0) return html``;
  return html`<h2 id="totals">Control totals</h2>
<div class="scroll"><table><caption>What was sent, by kind. Amounts are known where their column was declared.</caption>
<thead><tr><th scope="col">Kind</th><th scope="col" class="n">Files</th><th scope="col" class="n">Records</th><th scope="col" class="n">Amounts</th></tr></thead>
<tbody>${totals.map(
    ({ kind, files, records, amount }) =>
      html`<tr><th scope="row">${kind}</th>${cell(files)}${cell(records)}<td class="n">${amount ?? '–'}</td></tr>
`,
  )}</tbody></table></div>`;
}

/** Every file that was sent, with its hash. */
export function fileSection({ files }: ReportFacts): Html {
  if (files.length === 0) return html``;
  return html`<h2 id="files">Files</h2>
<div class="scroll"><table><caption>Every file sent from this machine, with the SHA-256 of its bytes.</caption>
<thead><tr><th scope="col">File</th><th scope="col">Batch</th><th scope="col" class="n">Records</th><th scope="col" class="n">Bytes</th><th scope="col" class="n">Amounts</th><th scope="col">SHA-256</th></tr></thead>
<tbody>${files.map(
    (file) =>
      html`<tr><th scope="row">${file.file}</th><td>${file.jobId}</td>${cell(file.records)}<td class="n" title="${bytes(file.bytes)}">${count(file.bytes)}</td><td class="n">${file.amount ?? '–'}</td><td><code>${file.sha256}</code></td></tr>
`,
  )}</tbody></table></div>`;
}

/** For the record: who, when, with what, each request and its answer. */
export function recordSection({ timeline, made, source, job }: ReportFacts): Html {
  return html`<section class="record" aria-labelledby="record"><h2 id="record">For the record</h2>
<dl><dt>Load</dt><dd>${job}</dd><dt>Server</dt><dd>${source.server}</dd><dt>Profile</dt><dd>${source.profile ?? 'none: configured by options or the environment'}</dd><dt>Started</dt><dd>${moment(source.startedAt)} UTC</dd><dt>Last update</dt><dd>${moment(source.asOf)} UTC</dd><dt>This page</dt><dd>made ${moment(made.at)} UTC by ${made.by}, user ${made.user ?? 'unknown'} on ${made.host}</dd></dl>
<div class="scroll"><table><caption>Every request and its answer, from the journal on this machine. Times are UTC.</caption>
<thead><tr><th scope="col">Time</th><th scope="col">What</th><th scope="col">Batch</th><th scope="col">Id</th><th scope="col">Details</th></tr></thead>
<tbody>${timeline.map(({ time, event, outcome, jobId, id, file, bytes: size, records, status, message }) => {
    const details = [
      file,
      size === null ? null : `${count(size)} bytes`,
      records === null ? null : `${count(records)} records`,
      status,
      message,
    ];
    return html`<tr><td class="nowrap">${moment(time)}</td><td class="nowrap">${event}${outcome === null ? '' : ` ${outcome}`}</td><td>${jobId}</td><td>${id ?? ''}</td><td class="wide">${details.filter((part) => part !== null).join(', ')}</td></tr>
`;
  })}</tbody></table></div></section>`;
}

/** An outcome in words; its tone is a colour, never shown alone. */
export const VERDICTS: Readonly<
  Record<ShownPhase, { readonly sign: string; readonly words: string; readonly tone: string }>
> = {
  succeeded: { sign: '✔', words: 'Everything was loaded', tone: 'good' },
  partial: { sign: '◐', words: 'Loaded, but some records were rejected', tone: 'warn' },
  failed: { sign: '✖', words: 'Failed: batches or records are missing', tone: 'bad' },
  missing: { sign: '✖', words: 'The server no longer knows some batches', tone: 'bad' },
  unaccounted: { sign: '✖', words: 'Records are unaccounted for', tone: 'bad' },
  running: { sign: '…', words: 'Not finished: batches are being processed', tone: 'warn' },
  queued: { sign: '…', words: 'Not finished: batches are waiting to be processed', tone: 'warn' },
  uploaded: { sign: '…', words: 'Not finished: uploaded, but not submitted for processing', tone: 'warn' },
  draft: { sign: '…', words: 'Not finished: not everything is uploaded', tone: 'warn' },
  'not-run': { sign: '·', words: 'There was nothing to do', tone: 'faint' },
};

/** `2020-08-31 22:00:05`, in UTC. */
export const moment = (iso: string | null): string =>
  iso === null ? '–' : iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');

/** `2020-08-31`. */
const dayOf = (iso: string): string => iso.slice(0, 10);

/** `22:00:05` on the given day, otherwise with the date. */
const shortMoment = (iso: string | null, day: string): string =>
  iso !== null && dayOf(iso) === day ? moment(iso).slice(11) : moment(iso);
