import { count } from '../output/format.ts';
import type { Redacted } from '../redact/redactor.ts';
import { GENERATOR, type ReportFacts } from './facts.ts';
import { Html, html } from './html.ts';
import {
  fileSection,
  moment,
  reasonSection,
  recordSection,
  recordsSection,
  timeSection,
  totalSection,
  VERDICTS,
} from './sections.ts';

/**
 * A load as one self-contained page: no script, and a policy that forbids loading anything. The same facts make the same bytes.
 * Text from the server and the files is escaped by `html`.
 */
export function reportPage(facts: Redacted<ReportFacts>): Redacted {
  const { job, outcome, verdict, warnings, source, batches } = facts;
  const { sign, words, tone } = VERDICTS[outcome ?? 'draft'];
  const rejected = batches.reduce((sum, batch) => sum + (batch.rejected ?? 0), 0);
  const title =
    outcome === 'partial' && rejected > 0
      ? `Loaded, but ${count(rejected)} ${rejected === 1 ? 'record was' : 'records were'} rejected`
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
${totalSection(facts)}
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
figure { margin: .5rem 0 1rem; } figure svg { display: block; max-width: 100%; min-width: 40rem; height: auto; }
figcaption { color: var(--faint); font-size: .875rem; }
.key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .35rem 0 .9rem; vertical-align: -.05rem; } .key.thin { height: .3rem; vertical-align: .2rem; }
.k-loaded { background: var(--loaded); } .k-rejected { background: var(--rejected); } .k-lost { background: var(--lost); } .k-sent { background: var(--sent); }
@media print { :root { --paper: #fff; --ink: #000; --faint: #444; --rule: #bbb; --wash: #fff; --good: #0f5130; --warn: #6b4000; --bad: #8c1c18; }
  @page { margin: 16mm 14mm; } html { font-size: 10.5pt; } body { max-width: none; padding: 0; } .skip { display: none; }
  .record { break-before: page; } tr, figure, dl { break-inside: avoid; } h2, h3, caption { break-after: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; } code { white-space: normal; overflow-wrap: anywhere; } table { font-size: 8.5pt; } .wide { min-width: 0; } figure svg { min-width: 0; } }
`;
