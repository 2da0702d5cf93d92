import { expect, it } from 'vitest';
import { batchTable } from '../../src/output/batch-table.ts';
import { redactedStrings } from '../../src/output/json-text.ts';
import { jobSummary } from '../../src/output/progress/ci-report.ts';
import { createProgress } from '../../src/output/progress/progress.ts';
import { plainTheme } from '../../src/output/theme.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { reportPage } from '../../src/report/page.ts';
import { testContext } from '../helpers/context.ts';
import { reportBatch, reportFacts } from '../report/samples.ts';
import { batch } from './samples.ts';
import { uiFor } from './ui-helper.ts';

// A batch that takes no part in an outcome is shown as such, in every view (api rule 7).
const LEFT = [
  ['left out', { leftOut: true }],
  ['left behind', { leftBehind: true }],
] as const;

it.each(LEFT)('a batch that is %s is shown so, without a phase and a status', async (words, parts) => {
  const counts = { recordsSent: null, successCount: null, failCount: null };
  const one = batch({ status: 'Draft', phase: 'not-run', outcome: 'not-run', ...counts, ...parts });
  const shown = `· ${words}`;
  for (const width of [40, 80, Number.POSITIVE_INFINITY]) {
    const table = await batchTable([one], plainTheme({ width }));
    expect(table).toContain(shown);
    expect(table).not.toMatch(/Draft|not run/);
  }
  const outcome = { job: 'J', outcome: null, batches: [one], error: null };
  expect(jobSummary('watch', outcome, (text) => text)).toContain(`| ${shown} |`);
  const facts = reportFacts({ batches: [reportBatch({ phase: 'not-run', status: 'Draft', ...parts })] });
  expect(reportPage(redactedStrings(facts, new Redactor()))).toContain(`>${shown}<`);
  const context = testContext();
  const { listener, stop } = await createProgress(await uiFor(context));
  listener({ event: 'watch.start', times: null });
  listener({ event: 'poll', batches: [one], now: 0, nextPollAt: null, silentSince: null });
  stop();
  expect(context.stderr.text).toMatch(new RegExp(`AUG_2020_INV ${words}$`, 'm'));
});
