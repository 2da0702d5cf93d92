import { count } from '../output/format.ts';
import type { Redacted } from '../redact/redactor.ts';
import { GENERATOR, type ReportFacts } from './facts.ts';
import { Html, html } from './html.ts';
import {
  fateSection,
  fileSection,
  reasonSection,
  recordSection,
  timeSection,
  totalSection,
} from './sections.ts';
import { STYLE } from './style.ts';
import { moment, VERDICTS } from './words.ts';

/**
 * A load as one self-contained page: no script, and a policy that lets nothing be loaded. The same facts make the same
 * bytes. Everything from the server or the files is escaped where it is put in (html.ts).
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
<body><a class="skip" href="#verdict">To the verdict</a>
<header><h1>${job} <span class="faint">on ${source.server}</span></h1>
<p class="verdict ${tone}" id="verdict">${sign} ${title}</p>
<ul class="lines">${verdict.map((line) => html`<li>${line}</li>`)}</ul>
<p class="faint">As of ${moment(source.asOf)} UTC.</p>
${warnings.map((warning) => html`<p class="note">${warning}</p>`)}</header>
<main>
${timeSection(facts)}
${fateSection(facts)}
${reasonSection(facts)}
${totalSection(facts)}
${fileSection(facts)}
${recordSection(facts)}
</main></body></html>
`;
  // Made of redacted facts and our own words alone.
  return page.text as Redacted;
}
