import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redactedStrings } from '../../src/output/json-text.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import type { ReportFacts } from '../../src/report/facts.ts';
import { reportPage } from '../../src/report/page.ts';
import { tempDir } from '../helpers/context.ts';
import { hasBrowser, launch } from './browser.ts';
import { reportBatch, reportFacts, reportMonths } from './samples.ts';

const pageOf = (facts: ReportFacts): string => reportPage(redactedStrings(facts, new Redactor()));

const HOSTILE = [
  '<script>document.title="run"</script>',
  '"><img src=x onerror="document.title=\'run\'">',
  "'--></style></title><script>document.title='run'</script>",
  ']]><svg onload="document.title=\'run\'">',
  'javascript:document.title="run"',
  '\u202eevil\u0000\u001b[31m',
  '&lt;b&gt;',
];

/** Run in the page: the texts of charts that are not whole in their place. */
const CUT_LABELS = `[...document.querySelectorAll('.chart .name, .chart .value')].filter((one) => {
  if (one.textContent === '') return false;
  const range = document.createRange();
  range.selectNodeContents(one);
  const [box, text] = [one.getBoundingClientRect(), range.getBoundingClientRect()];
  return text.left < box.left - 1 || text.right > box.right + 1 || text.left < 0 || text.right > innerWidth;
}).map((one) => one.textContent)`;

/** Every text of the facts is a stranger's. */
function hostile(): ReportFacts {
  const evil = HOSTILE.join(' ');
  return reportFacts({
    job: evil,
    verdict: [evil],
    warnings: [evil],
    batches: [
      reportBatch({
        id: evil,
        jobId: evil,
        file: evil,
        status: evil,
        phase: 'failed',
        message: evil,
        rejected: 3,
      }),
    ],
    reasons: [{ jobId: evil, message: evil, count: 3 }],
    totals: [{ kind: 'customer', files: 1, records: 1, amount: evil }],
    files: [
      {
        file: evil,
        kind: 'customer',
        jobId: evil,
        id: evil,
        bytes: 1,
        records: 1,
        amount: evil,
        sha256: evil,
        md5: evil,
      },
    ],
    timeline: [
      {
        time: evil,
        event: evil,
        jobId: evil,
        id: evil,
        file: evil,
        bytes: 1,
        records: 1,
        outcome: null,
        status: evil,
        message: evil,
      },
    ],
    made: { at: evil, by: evil, user: evil, host: evil },
    source: { profile: evil, server: evil, startedAt: evil, asOf: evil },
  });
}

describe('the page as text', () => {
  it('is the same for the same facts, and holds no script, no address to load from, no raw control character', () => {
    for (const facts of [reportFacts(), hostile()]) {
      const page = pageOf(facts);
      expect(pageOf(facts)).toBe(page);
      expect(page).not.toMatch(/<(?:script|img|link|iframe|object)|<[a-z][^>]*\son\w+=|@import|url\(/i);
      expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }
  });

  it('shows the last loads in charts and a table once there is another load', () => {
    expect(pageOf(reportFacts())).not.toContain('The last loads');
    expect(pageOf(reportFacts({ months: reportMonths.slice(-1) }))).not.toContain('The last loads');
    const page = pageOf(
      reportFacts({
        months: [
          ...reportMonths.slice(0, 11),
          ...reportMonths.slice(11).map((month) => ({ ...month, closedAt: null })),
        ],
      }),
    );
    expect(page.match(/<h3>(?:Records|Amount of the invoices|Rejected records)<\/h3>/g)).toHaveLength(3);
    // An unknown figure is no 0, and no bar.
    expect(page).toMatch(/DEC_2019<\/th><td class="nowrap">2019-12-30<\/td>.*<td class="n">–<\/td>/);
    expect(page).toMatch(/AUG_2020<\/th><td class="nowrap">open<\/td>/);
    const unknown = pageOf(
      reportFacts({
        months: reportMonths.map((month) => ({ ...month, records: null, amount: null, rejected: null })),
      }),
    );
    expect(unknown.slice(unknown.indexOf('The last loads')).match(/<rect/g)).toBeNull();
  });

  it('stays small and whole with a thousand batches', () => {
    const batches = Array.from({ length: 1000 }, (_, i) =>
      reportBatch({ jobId: `J_ITM_${i}`, rejected: i % 2 }),
    );
    const page = pageOf(reportFacts({ batches }));
    expect(page).toContain('The chart shows 30 of 1000 batches');
    expect(page.match(/<tr>/g)?.length).toBeGreaterThan(1000);
    expect(page.length).toBeLessThan(600_000);
  });
});

describe.skipIf(!hasBrowser)('the page in Chromium', () => {
  const folder = tempDir('ebill report é ');
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  /** The page opened from its file, and all that went wrong or was asked for meanwhile. */
  async function open(
    facts: ReportFacts,
    options: Parameters<Browser['newPage']>[0] = {},
  ): Promise<{ page: Page; problems: string[] }> {
    const path = join(folder, `${Math.random()}.html`);
    writeFileSync(path, pageOf(facts));
    const page = await browser.newPage(options);
    const problems: string[] = [];
    page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('dialog', (dialog) => problems.push(dialog.message()));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(path).href) problems.push(request.url());
    });
    await page.goto(pathToFileURL(path).href);
    return { page, problems };
  }

  it('renders without an error or a request, and says the verdict first', async () => {
    const { page, problems } = await open(reportFacts());
    expect(await page.title()).toBe('AUG_2020: Loaded, but 19 records were rejected');
    expect((await page.locator('body').innerText()).slice(0, 200)).toMatch(
      /AUG_2020.*\n+◐ Loaded, but 19 records were rejected/,
    );
    expect(await page.locator('figure .chart').count()).toBe(3);
    for (const chart of await page.locator('figure .chart').all())
      expect((await chart.boundingBox())?.height).toBeGreaterThan(40);
    // What a chart says is in its table too; a reader who cannot see it is told so.
    expect(
      await page
        .locator('figure [role=img]')
        .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? '')),
    ).toEqual(expect.arrayContaining([expect.stringContaining('the numbers are in the table below')]));
    expect(
      await page
        .locator('table')
        .evaluateAll((all) => all.filter((one) => one.querySelector('caption') === null).length),
    ).toBe(0);
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    const levels = await page
      .locator('h1, h2, h3')
      .evaluateAll((all) => all.map((one) => Number(one.tagName[1])));
    expect(levels[0]).toBe(1);
    levels.forEach((level, i) => {
      expect(level - (levels[i - 1] ?? 1)).toBeLessThanOrEqual(1);
    });
    expect(problems).toEqual([]);
    await page.close();
  });

  it('keeps hostile text as text', { tags: 'slow' }, async () => {
    const { page, problems } = await open(hostile());
    expect(await page.title()).toContain('<script>');
    expect(
      await page.evaluate(
        "[document.scripts.length, document.images.length, document.links.length - document.querySelectorAll('a.skip').length]",
      ),
    ).toEqual([0, 0, 0]);
    expect(await page.locator('body').innerText()).toContain('<img src=x onerror=');
    expect(problems).toEqual([]);
    await page.close();
  });

  // Colours move nothing: each width has one of them.
  it.each([
    [390, 'light'],
    [1100, 'dark'],
  ] as const)(
    'shows every label whole, in charts as wide as the text, at %i pixels, %s',
    { tags: 'slow' },
    async (width, colorScheme) => {
      const reasons = [
        { jobId: 'AUG_2020_ITM_4', message: `The account ${'number '.repeat(30)}does not exist`, count: 17 },
        { jobId: 'AUG_2020_INV', message: 'W'.repeat(120), count: 2 },
      ];
      const { page } = await open(reportFacts({ reasons, months: reportMonths }), {
        viewport: { width, height: 900 },
        colorScheme,
      });
      const labels = await page.locator('.chart .name').allInnerTexts();
      for (const { message } of reasons) expect(labels).toContain(message);
      for (const { job } of reportMonths) expect(labels.filter((label) => label === job)).toHaveLength(3);
      expect(await page.evaluate(CUT_LABELS)).toEqual([]);
      const text = await page.locator('h2').first().boundingBox();
      for (const chart of await page.locator('figure > .chart, figure > .small').all()) {
        const box = await chart.boundingBox();
        expect(box?.x).toBeCloseTo(text?.x ?? -1, 0);
        expect(box?.width).toBeCloseTo(text?.width ?? -1, 0);
      }
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      // Every bar has a width that can be seen, and lies within its column.
      const bars = await page.locator('.chart rect').evaluateAll((all) =>
        all.map((bar) => {
          const [own, column] = [bar.getBoundingClientRect(), bar.parentElement?.getBoundingClientRect()];
          return own.width >= 0.5 && own.right <= (column?.right ?? 0) + 1;
        }),
      );
      expect(bars.length).toBeGreaterThan(40);
      expect(bars).not.toContain(false);
      await page.close();
    },
  );

  it('fits a phone, follows light and dark, and prints', { tags: 'slow' }, async () => {
    const { page } = await open(reportFacts(), {
      viewport: { width: 390, height: 800 },
      colorScheme: 'dark',
    });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    const colours = async (): Promise<readonly string[]> =>
      page.evaluate(
        "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.querySelector('svg [fill^=var]')).fill]",
      );
    const dark = await colours();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await colours();
    expect(dark[0]).toBe('rgb(22, 24, 27)');
    expect(light[0]).toBe('rgb(255, 255, 255)');
    expect(light[1]).toMatch(/^rgb/);
    expect(light[1]).not.toBe(dark[1]);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length).toBeGreaterThanOrEqual(2);
    await page.close();
  });
});
