import { describe, expect, it } from 'vitest';
import type { BatchView } from '../../src/batch/types.ts';
import type { BoardFacts, PlannedRow } from '../../src/output/board-model.ts';
import { createRunView, type RunView } from '../../src/output/run-view.ts';
import { batch } from './samples.ts';
import { type Terminal, terminal } from './terminal.ts';
import { uiFor } from './ui-helper.ts';

const file = (name: string, records: number) => ({ name, bytes: records * 100, records });

function facts(items: number, parts: Partial<BoardFacts> = {}): BoardFacts {
  const rows: PlannedRow[] = [
    { stage: 'init', jobId: 'AUG_2020_INIT', file: null, parent: null },
    { stage: 'customers', jobId: 'AUG_2020_CUS', file: file('cus.csv', 2403), parent: null },
    { stage: 'invoices', jobId: 'AUG_2020_INV', file: file('inv.csv', 20_375), parent: null },
    ...Array.from(
      { length: items },
      (_, i): PlannedRow => ({
        stage: 'invoices',
        jobId: `AUG_2020_ITM_${i + 1}`,
        file: file(`itm_${i + 1}.csv`, 8000),
        parent: 'AUG_2020_INV',
      }),
    ),
  ];
  return {
    job: 'AUG_2020',
    server: 'https://ebill.example.com',
    profile: 'prod',
    rows,
    times: () => ({ since: null, estimateMs: null }),
    ...parts,
  };
}

const item = (n: number, parts: Partial<BatchView> = {}): BatchView =>
  batch({
    jobId: `AUG_2020_ITM_${n}`,
    kind: 'items',
    file: `itm_${n}.csv`,
    recordsSent: 8000,
    successCount: 8000,
    failCount: 0,
    ...parts,
  });

async function begun(
  term: Terminal,
  items: number,
  parts: Partial<BoardFacts> = {},
): Promise<{ view: RunView; shown: () => Promise<string[]> }> {
  const ui = await uiFor(term.context);
  const view = createRunView(ui, term.context);
  view.listener({ event: 'stage.start', stage: 'check' });
  view.listener({
    event: 'stage.end',
    stage: 'check',
    outcome: 'done',
    message: `${items + 2} files, 30,778 records`,
  });
  view.plan(facts(items, parts));
  view.listener({ event: 'stage.start', stage: 'init' });
  term.context.clock += 1500;
  view.listener({ event: 'stage.end', stage: 'init', outcome: 'done', message: null });
  view.listener({ event: 'stage.start', stage: 'customers' });
  view.listener({ event: 'upload.start', jobId: 'AUG_2020_CUS', file: 'cus.csv', total: 240_300 });
  const shown = async (): Promise<string[]> => {
    ui.screen.draw();
    return (await term.screen()).map((line) => line.replace(/[⠁-⣿]/, '*'));
  };
  return { view, shown };
}

/** Into the invoices: one item file sent, one half-way, the rest waiting. */
function invoices(term: Terminal, view: RunView): void {
  view.listener({
    event: 'upload.end',
    jobId: 'AUG_2020_CUS',
    file: 'cus.csv',
    bytes: 240_300,
    total: 240_300,
    ms: 900,
    ok: true,
  });
  const now = term.context.clock;
  view.watch.update(
    [
      batch({
        jobId: 'AUG_2020_CUS',
        kind: 'customer',
        file: 'cus.csv',
        recordsSent: 2403,
        successCount: 2400,
        failCount: 3,
        phase: 'partial',
      }),
    ],
    {
      now,
      nextPollMs: null,
      lastAnswerAt: now,
    },
  );
  term.context.clock += 65_000;
  view.listener({
    event: 'stage.end',
    stage: 'customers',
    outcome: 'done',
    message: '3 failed records, which the plan accepts',
  });
  view.listener({ event: 'stage.start', stage: 'invoices' });
  view.listener({ event: 'upload.start', jobId: 'AUG_2020_INV', file: 'inv.csv', total: 2_037_500 });
  view.listener({
    event: 'upload.end',
    jobId: 'AUG_2020_INV',
    file: 'inv.csv',
    bytes: 2_037_500,
    total: 2_037_500,
    ms: 1000,
    ok: true,
  });
  view.listener({ event: 'upload.start', jobId: 'AUG_2020_ITM_1', file: 'itm_1.csv', total: 800_000 });
  view.listener({ event: 'upload.start', jobId: 'AUG_2020_ITM_2', file: 'itm_2.csv', total: 800_000 });
  view.listener({
    event: 'upload.end',
    jobId: 'AUG_2020_ITM_1',
    file: 'itm_1.csv',
    bytes: 800_000,
    total: 800_000,
    ms: 1000,
    ok: true,
  });
  term.context.clock += 2000;
  view.listener({
    event: 'upload.progress',
    jobId: 'AUG_2020_ITM_2',
    file: 'itm_2.csv',
    bytes: 400_000,
    total: 800_000,
  });
  term.context.clock += 1000;
}

describe('the board', () => {
  it.each([
    [40, 12, 4],
    [60, 20, 4],
    [80, 24, 100],
    [120, 30, 4],
  ])('at %i columns and %i rows, with %i item files', async (columns, rows, items) => {
    const term = terminal(columns, rows);
    const { view, shown } = await begun(term, items);
    const screens: string[][] = [await shown()];
    invoices(term, view);
    screens.push(await shown());
    const now = term.context.clock;
    const handed = now - 130_000;
    view.plan(facts(items, { times: () => ({ since: handed, estimateMs: 300_000 }) }));
    for (let n = 1; n <= items; n++)
      view.listener({
        event: 'upload.end',
        jobId: `AUG_2020_ITM_${n}`,
        file: `itm_${n}.csv`,
        bytes: 1,
        total: 1,
        ms: 1,
        ok: true,
      });
    const running = {
      status: 'InProgress',
      phase: 'running',
      outcome: 'running',
      successCount: null,
      failCount: null,
    } as const;
    const children = Array.from({ length: items }, (_, i) =>
      item(
        i + 1,
        i === 1 ? { phase: 'failed', outcome: 'failed', successCount: 0, failCount: 8000 } : running,
      ),
    );
    view.watch.update([batch({ jobId: 'AUG_2020_INV', file: 'inv.csv', ...running, children })], {
      now,
      nextPollMs: 8000,
      lastAnswerAt: now,
    });
    screens.push(await shown());
    for (const screen of screens) {
      expect(screen.length).toBeLessThan(rows);
      for (const line of screen) expect(line.length).toBeLessThan(columns);
    }
    expect(`\n${screens.map((screen) => screen.join('\n')).join('\n\n')}\n`).toMatchSnapshot();
    view.stop();
    expect(await term.screen()).toEqual([]);
    expect(term.cursorHidden()).toBe(false);
  });

  it('survives a window that shrinks and grows', async () => {
    const term = terminal(100, 30);
    const { view, shown } = await begun(term, 12);
    invoices(term, view);
    await shown();
    await term.resize(40, 10);
    const small = await shown();
    expect(small.length).toBeLessThan(10);
    expect(small.join('\n')).toContain('AUG_2020_ITM_2');
    await term.resize(100, 30);
    const large = await shown();
    expect(large.filter((line) => line.includes('AUG_2020_ITM_12'))).toHaveLength(1);
    view.stop();
    expect((await term.screen()).filter((line) => line.includes('ITM'))).toEqual([]);
  });

  it('says since when nobody answers, and what takes longer than it did', async () => {
    const term = terminal(80, 24);
    const { view, shown } = await begun(term, 0);
    const now = term.context.clock;
    view.plan(facts(0, { times: () => ({ since: now - 400_000, estimateMs: 120_000 }) }));
    view.listener({
      event: 'upload.end',
      jobId: 'AUG_2020_CUS',
      file: 'cus.csv',
      bytes: 1,
      total: 1,
      ms: 1,
      ok: true,
    });
    view.watch.update(
      [
        batch({
          jobId: 'AUG_2020_CUS',
          kind: 'customer',
          file: 'cus.csv',
          status: 'Queued',
          phase: 'queued',
          successCount: 0,
          failCount: 0,
        }),
      ],
      {
        now,
        nextPollMs: 4000,
        lastAnswerAt: now - 60_000,
      },
    );
    const text = (await shown()).join('\n');
    expect(text).toMatch(/AUG_2020_CUS {2}… queued {2}6 m 40 s, much longer than before \(2 m\)/);
    expect(text).toMatch(/no answer since \d\d:\d\d:\d\d, next look in 4 s$/);
    view.stop();
  });

  it('leaves warnings and tries again above it, and hides for a question', async () => {
    const term = terminal(80, 24);
    const { view, shown } = await begun(term, 0);
    view.listener({ event: 'warning', jobId: null, message: 'the clock is off' });
    view.listener({ event: 'retry', jobId: 'AUG_2020_CUS', message: 'HTTP 503', attempt: 1, waitMs: 500 });
    const lines = await shown();
    expect(lines[0]).toBe('warning: the clock is off');
    expect(lines[1]).toContain('HTTP 503');
    expect(lines[2]).toContain('AUG_2020  prod');
    view.listener({ event: 'stage.end', stage: 'check', outcome: 'done', message: null });
    expect(await term.screen()).toHaveLength(2);
    view.stop();
  });
});
