import { type ShownPhase, shownPhase } from '../batch/account.ts';
import { leftWord, nameOf, phaseWord, spelling } from '../output/batch-text.ts';
import { amountText, bytes, count, counted } from '../output/format.ts';
import { momentText } from '../output/timeline-text.ts';
import type { Redacted } from '../redact/redactor.ts';
import { MOST_BARS, monthCharts, reasonChart, recordsChart, THEME, timeChart } from './charts.ts';
import { GENERATOR, type ReportBatch, type ReportFacts, type ReportMonth } from './facts.ts';
import { Html, html } from './html.ts';

/**
 * A load as one self-contained page: no script, and a policy that forbids loading anything. The same facts make the same bytes.
 * Text from the server and the files is escaped by `html`.
 */
export function reportPage(facts: Redacted<ReportFacts>): Redacted {
  const { job, outcome, verdict, warnings, source, batches } = facts;
  const { sign, words, tone } = VERDICTS[outcome ?? 'draft'];
  // Records that a correction sent again are among those of the batch it corrects.
  const rejected = batches
    .filter(({ corrects }) => corrects === undefined)
    .reduce((sum, batch) => sum + (batch.open ?? batch.rejected ?? 0), 0);
  const title =
    outcome === 'partial' && rejected > 0
      ? `Loaded, but ${count(rejected)} ${rejected === 1 ? 'record was' : 'records were'} rejected${batches.some(({ corrects }) => corrects !== undefined) ? ' and not corrected' : ''}`
      : words;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer"><meta name="generator" content="${GENERATOR}"><meta name="color-scheme" content="light dark">
<title>${job}: ${title}</title><style>${new Html(STYLE)}</style></head>
<body><a class="skip" href="#verdict">Skip to the outcome</a>
<header><h1>${job} <span class="faint">on ${source.server}</span></h1>
<p class="verdict ${tone}" id="verdict">${sign} ${title}</p>
<ul class="lines">${verdict.map((line) => html`<li>${line}</li>`)}</ul>
<p class="faint">As of ${moment(source.asOf)} UTC.</p>
${warnings.map((warning) => html`<p class="note">${warning}</p>`)}</header>
<main>
${timeSection(facts)}
${recordsSection(facts)}
${reasonSection(facts)}
${waiverSection(facts)}
${totalSection(facts)}
${monthSection(facts)}
${fileSection(facts)}
${recordSection(facts)}
</main></body></html>
`;
  // Only redacted facts and our own words.
  return page.text as Redacted;
}

/** Light and dark as the reader prefers, and for print. Text has a contrast of at least 4.5 to 1. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c1f23; --faint: #59616b; --rule: #dcdfe3; --wash: #f5f6f7;
  --good: #1a6b3c; --warn: #8a5300; --bad: #a3231f; --loaded: #4c9a6a; --rejected: #d08a1d; --lost: #c2403a; --sent: #5a7fb0; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ink: #e6e8ea; --faint: #a3abb4; --rule: #363b41; --wash: #1e2125;
  --good: #6fce95; --warn: #e6b158; --bad: #f28b82; --loaded: #4f9f70; --rejected: #d9982f; --lost: #e0625b; --sent: #7ba0d4; } }
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
body { max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--faint); margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
.verdict { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.2; font-weight: 650; margin: 0 0 1rem; letter-spacing: -.01em; max-width: none; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .faint { color: var(--faint); }
.lines { list-style: none; margin: 0; padding: 0; font-size: 1.1rem; } .lines li { margin: .15rem 0; font-variant-numeric: tabular-nums; }
.note { border-left: 3px solid var(--warn); padding: .25rem .9rem; margin: 1rem 0; background: var(--wash); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: .5rem 0; } dt { color: var(--faint); } dd { margin: 0; }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); padding: 0 0 .4rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--rule); overflow-wrap: normal; }
thead th { color: var(--faint); font-weight: 500; white-space: nowrap; } tbody th { font-weight: 500; }
.n { text-align: right; white-space: nowrap; } .nowrap { white-space: nowrap; } .sub { padding-left: 1.25rem; }
code { font: .8125rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: nowrap; }
.wide { min-width: 15rem; overflow-wrap: anywhere; }
.chart { display: grid; grid-template-columns: fit-content(40%) minmax(25%, 1fr) fit-content(35%); gap: .3rem .9rem; align-items: center; font-size: .875rem; font-variant-numeric: tabular-nums; }
.chart svg { display: block; border-left: 1px solid var(--rule); } .value { color: var(--faint); } .axis { grid-column: 2; display: flex; justify-content: space-between; gap: .5rem; color: var(--faint); font-size: .8125rem; }
.small { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 2rem; } .small .value { text-align: right; }
@media (max-width: 45rem) { .chart { grid-template-columns: 1fr fit-content(50%); } .name { grid-column: 1 / -1; margin-top: .3rem; } .axis { grid-column: 1; } .small { grid-template-columns: 1fr; } }
figure { margin: .5rem 0 1rem; }
figcaption { margin-top: .5rem; color: var(--faint); font-size: .875rem; }
.key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .35rem 0 .9rem; vertical-align: -.05rem; } .key.thin { height: .3rem; vertical-align: .2rem; }
.k-loaded { background: var(--loaded); } .k-rejected { background: var(--rejected); } .k-lost { background: var(--lost); } .k-sent { background: var(--sent); }
@media print { :root { --paper: #fff; --ink: #000; --faint: #444; --rule: #bbb; --wash: #fff; --good: #0f5130; --warn: #6b4000; --bad: #8c1c18; }
  @page { margin: 16mm 14mm; } html { font-size: 10.5pt; } body { max-width: none; padding: 0; } .skip { display: none; }
  .record { break-before: page; } tr, figure, dl { break-inside: avoid; } h2, h3, caption { break-after: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; } code { white-space: normal; overflow-wrap: anywhere; } table { font-size: 8.5pt; } .wide { min-width: 0; } }
`;

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
function timeSection({ batches, source }: ReportFacts): Html {
  const timed = batches.filter(({ uploadFrom, processFrom }) => uploadFrom !== null || processFrom !== null);
  if (timed.length === 0) return html``;
  const shown = barred(timed);
  return html`<h2 id="timeline">Timeline</h2>
<figure>${timeChart(shown, Date.parse(source.asOf))}
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
      : html`<figure>${recordsChart(shown)}
<figcaption><span class="key k-loaded"></span>loaded <span class="key k-rejected"></span>rejected <span class="key k-lost"></span>unaccounted for. Very small numbers are drawn as a visible bar.${leftOut(shown.length, counted.length)}</figcaption></figure>`;
  return html`<h2 id="batches">Batches</h2>
${chart}
<div class="scroll"><table><caption>Every batch of the load; an invoice batch is followed by its items. Times are UTC, of ${day} where no day is given.</caption>
<thead><tr><th scope="col">Batch</th><th scope="col">Id</th><th scope="col">File</th><th scope="col">Status</th><th scope="col" class="n">Sent</th><th scope="col" class="n">Loaded</th><th scope="col" class="n">Rejected</th><th scope="col" class="n">Unaccounted</th><th scope="col">Submitted</th><th scope="col">Final</th></tr></thead>
<tbody>${batches.map((batch) => batchRow(batch, day))}</tbody></table></div>
${messages(batches)}`;
}

function batchRow(batch: ReportBatch, day: string): Html {
  const corrected = batch.open === 0 && (batch.phase === 'partial' || batch.phase === 'failed');
  const phase = corrected ? 'succeeded' : shownPhase(batch.phase, batch.unaccounted);
  const { tone, sign } = VERDICTS[phase];
  const word = leftWord(batch) ?? (corrected ? 'corrected' : phaseWord(phase));
  const of = batch.corrects === undefined ? '' : `, corrects ${batch.corrects}`;
  const status = `${sign} ${word}${spelling(batch, THEME)}${of}`;
  return html`<tr><th scope="row" class="${batch.depth > 0 ? 'sub' : ''}">${nameOf(batch, THEME)}</th><td>${batch.id ?? '–'}</td><td>${batch.file ?? '–'}</td><td class="nowrap ${tone}">${status}</td>${cell(batch.sent)}${cell(batch.loaded)}${cell(batch.rejected)}${cell(batch.unaccounted)}<td class="nowrap">${shortMoment(batch.processFrom, day)}</td><td class="nowrap">${shortMoment(batch.processTo, day)}</td></tr>
`;
}

/** The server's messages about batches that failed or have rejected records. */
function messages(batches: readonly ReportBatch[]): Html {
  const noted = batches.filter(
    ({ message, phase }) => message !== null && (phase === 'failed' || phase === 'partial'),
  );
  if (noted.length === 0) return html``;
  return html`<h3>Messages from the server</h3><dl>${noted.map(({ jobId, kind, message }) => html`<dt>${jobId ?? kind}</dt><dd>${message}</dd>`)}</dl>`;
}

/** Adds up each reason over all batches. */
function together(reasons: ReportFacts['reasons']): ReportFacts['reasons'] {
  const sums = new Map<string, number>();
  for (const { message, count: times } of reasons) sums.set(message, (sums.get(message) ?? 0) + times);
  return [...sums]
    .map(([message, times]) => ({ jobId: '', message, count: times }))
    .sort((a, b) => b.count - a.count);
}

/** Rejected records that will not be loaded: who said so, when and why. */
function waiverSection({ waivers = [] }: ReportFacts): Html {
  if (waivers.length === 0) return html``;
  return html`<h2 id="waived">Waived records</h2>
<div class="scroll"><table><caption>Rejected records that will not be loaded.</caption>
<thead><tr><th scope="col">Batch</th><th scope="col" class="n">Records</th><th scope="col">Line in rejects file</th><th scope="col">Reason</th><th scope="col">By</th><th scope="col">When</th></tr></thead>
<tbody>${waivers.map(
    ({
      jobId,
      line,
      records,
      reason,
      by,
      at,
    }) => html`<tr><th scope="row">${jobId}</th>${cell(records)}<td>${line === null ? 'all open' : String(line)}</td><td class="wide">${reason}</td><td>${by}</td><td class="nowrap">${moment(at)}</td></tr>
`,
  )}</tbody></table></div>`;
}

/** Why records were rejected. */
function reasonSection({ reasons }: ReportFacts): Html {
  if (reasons.length === 0) return html``;
  const top = together(reasons).slice(0, 10);
  return html`<h2 id="reasons">Why records were rejected</h2>
<figure>${reasonChart(top)}</figure>
<div class="scroll"><table><caption>Reasons as the server gave them, the most frequent first.</caption>
<thead><tr><th scope="col">Reason</th><th scope="col">Batch</th><th scope="col" class="n">Records</th></tr></thead>
<tbody>${reasons.slice(0, 100).map(
    ({ message, jobId, count: times }) =>
      html`<tr><td class="wide">${message.trim() === '' ? '(no message)' : message}</td><td>${jobId}</td>${cell(times)}</tr>
`,
  )}</tbody></table></div>`;
}

/** The totals of the files, to compare with the books. */
function totalSection({ totals }: ReportFacts): Html {
  if (totals.length === 0) return html``;
  return html`<h2 id="totals">Control totals</h2>
<div class="scroll"><table><caption>What was sent, by kind. Amounts are known where their column was declared.</caption>
<thead><tr><th scope="col">Kind</th><th scope="col" class="n">Files</th><th scope="col" class="n">Records</th><th scope="col" class="n">Amounts</th></tr></thead>
<tbody>${totals.map(
    ({ kind, files, records, amount }) =>
      html`<tr><th scope="row">${kind}</th>${cell(files)}${cell(records)}<td class="n">${amountText(amount)}</td></tr>
`,
  )}</tbody></table></div>`;
}

/** The last loads of the server, this one among them. */
function monthSection({ months = [] }: ReportFacts): Html {
  if (months.length < 2) return html``;
  const records = ({ kinds }: ReportMonth, kind: string): number | null =>
    kinds.find((one) => one.kind === kind)?.records ?? null;
  return html`<h2 id="months">The last loads</h2>
<figure>${monthCharts(months)}</figure>
<div class="scroll"><table><caption>The last loads of this server on record on this machine, each record counted once. Rejected: at first, before any correction.</caption>
<thead><tr><th scope="col">Load</th><th scope="col">Closed</th><th scope="col" class="n">Customers</th><th scope="col" class="n">Invoices</th><th scope="col" class="n">Items</th><th scope="col" class="n">Amount of the invoices</th><th scope="col" class="n">Customers billed</th><th scope="col" class="n">Rejected</th></tr></thead>
<tbody>${months.map(
    (month) =>
      html`<tr><th scope="row">${month.job}</th><td class="nowrap">${month.closedAt === null ? 'open' : dayOf(month.closedAt)}</td>${cell(records(month, 'customer'))}${cell(records(month, 'invoice'))}${cell(records(month, 'items'))}<td class="n">${amountText(month.amount)}</td>${cell(month.customersBilled)}${cell(month.rejected)}</tr>
`,
  )}</tbody></table></div>`;
}

/** Every file that was sent, with its hash. */
function fileSection({ files }: ReportFacts): Html {
  if (files.length === 0) return html``;
  return html`<h2 id="files">Files</h2>
<div class="scroll"><table><caption>Every file sent from this machine, with the SHA-256 of its bytes.</caption>
<thead><tr><th scope="col">File</th><th scope="col">Batch</th><th scope="col" class="n">Records</th><th scope="col" class="n">Bytes</th><th scope="col" class="n">Amounts</th><th scope="col">SHA-256</th></tr></thead>
<tbody>${files.map(
    (file) =>
      html`<tr><th scope="row">${file.file}</th><td>${file.jobId}</td>${cell(file.records)}<td class="n" title="${bytes(file.bytes)}">${count(file.bytes)}</td><td class="n">${amountText(file.amount)}</td><td><code>${file.sha256}</code></td></tr>
`,
  )}</tbody></table></div>`;
}

/** For the record: who, when, with what, each request and its answer. */
function recordSection({ timeline, made, source, job, ...facts }: ReportFacts): Html {
  return html`<section class="record" aria-labelledby="record"><h2 id="record">For the record</h2>
<dl><dt>Load</dt><dd>${job}</dd><dt>Server</dt><dd>${source.server}</dd><dt>Profile</dt><dd>${source.profile ?? 'none: configured by options or the environment'}</dd><dt>Started</dt><dd>${moment(source.startedAt)} UTC</dd><dt>Last update</dt><dd>${moment(source.asOf)} UTC</dd>${approvalTerms(facts)}<dt>This page</dt><dd>made ${moment(made.at)} UTC by ${made.by}, user ${made.user ?? 'unknown'} on ${made.host}</dd></dl>
<div class="scroll"><table><caption>Every request and its answer, from the journal on this machine. Times are UTC.</caption>
<thead><tr><th scope="col">Time</th><th scope="col">What</th><th scope="col">Batch</th><th scope="col">Id</th><th scope="col">Details</th></tr></thead>
<tbody>${timeline.map(({ time, event, outcome, jobId, id, file, bytes: size, records, status, message }) => {
    const details = [
      file,
      size === null ? null : `${count(size)} bytes`,
      records === null ? null : counted(records, 'record', 'records'),
      status,
      message,
    ];
    return html`<tr><td class="nowrap">${moment(time)}</td><td class="nowrap">${momentText({ event, outcome })}</td><td>${jobId}</td><td>${id ?? ''}</td><td class="wide">${details.filter((part) => part !== null).join(', ')}</td></tr>
`;
  })}</tbody></table></div></section>`;
}

/** What was approved, and by whom. */
function approvalTerms({
  approvals = [],
  unapproved = [],
}: Pick<ReportFacts, 'approvals' | 'unapproved'>): Html {
  if (approvals.length === 0) return html``;
  const without = unapproved.length === 0 ? '' : `Sent without an approval: ${unapproved.join(', ')}`;
  return html`<dt>Approval</dt><dd>${approvals.map(({ sha256, by, at }) => html`<p>SHA-256 <code>${sha256}</code>${by === null ? '' : `, by ${by}`}, first used ${moment(at)} UTC</p>`)}${without}</dd>`;
}

/** An outcome in words; its tone is a colour, never shown alone. */
const VERDICTS: Readonly<
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
