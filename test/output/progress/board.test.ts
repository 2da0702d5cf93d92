import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BatchView } from '../../../src/batch/types.ts';
import type { LoadEvent, PlanEntry, Stage } from '../../../src/load/events.ts';
import { timeOfDay } from '../../../src/output/format.ts';
import { createProgress, type Progress } from '../../../src/output/progress/progress.ts';
import { batch } from '../samples.ts';
import { type Terminal, terminal } from '../terminal.ts';
import { uiFor } from '../ui-helper.ts';

const file = (name: string, records: number) => ({ name, bytes: records * 100, records });

const plannedItem = (n: number): PlanEntry => ({
  stage: 'invoices',
  jobId: `AUG_2020_ITM_${n}`,
  file: file(`itm_${n}.csv`, 8000),
  parent: 'AUG_2020_INV',
});

type Plan = Extract<LoadEvent, { readonly event: 'plan' }>;

function planOf(items: number, parts: Partial<Plan> = {}): Plan {
  return {
    event: 'plan',
    server: 'https://ebill.example.com',
    profile: 'prod',
    entries: [
      { stage: 'init', jobId: 'AUG_2020_INIT', file: null, parent: null },
      { stage: 'customers', jobId: 'AUG_2020_CUS', file: file('cus.csv', 2403), parent: null },
      { stage: 'invoices', jobId: 'AUG_2020_INV', file: file('inv.csv', 20_375), parent: null },
      ...Array.from({ length: items }, (_, i) => plannedItem(i + 1)),
    ],
    recorded: [],
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

const customers = (parts: Partial<BatchView> = {}): BatchView =>
  batch({
    jobId: 'AUG_2020_CUS',
    kind: 'customer',
    file: 'cus.csv',
    recordsSent: 2403,
    successCount: 2403,
    ...parts,
  });

const RUNNING = {
  status: 'InProgress',
  phase: 'running',
  outcome: 'running',
  successCount: null,
  failCount: null,
} as const;

const poll = (batches: readonly BatchView[], now: number): LoadEvent & { readonly event: 'poll' } => ({
  event: 'poll',
  batches,
  now,
  nextPollAt: now + 8000,
  silentSince: null,
});

/** A run on a terminal, driven by events. */
interface Scene {
  readonly term: Terminal;
  readonly progress: Progress;
  plan(event: Plan): void;
  start(stage: Stage): void;
  done(stage: Stage, message?: string | null): void;
  begin(jobId: string, name: string, total: number): void;
  sent(jobId: string, name: string, total: number): void;
  /** A look that was answered just now. */
  look(...batches: readonly BatchView[]): void;
  later(ms: number): void;
  shown(): Promise<string[]>;
}

async function scene(columns: number, rows: number, job = 'AUG_2020'): Promise<Scene> {
  const term = terminal(columns, rows);
  const ui = await uiFor(term.context);
  const progress = await createProgress(ui, term.context);
  progress.listener({ event: 'run.start', job });
  const upload = { jobId: '', file: '', total: 0 };
  return {
    term,
    progress,
    plan: progress.listener,
    start: (stage) => progress.listener({ event: 'stage.start', stage }),
    done: (stage, message = null) => {
      progress.listener({ event: 'watch.end' });
      progress.listener({ event: 'stage.end', stage, outcome: 'done', message });
    },
    begin: (jobId, name, total) =>
      progress.listener({ ...upload, event: 'upload.start', jobId, file: name, total }),
    sent: (jobId, name, total) =>
      progress.listener({ event: 'upload.end', jobId, file: name, bytes: total, total, ms: 1000, ok: true }),
    look: (...batches) => {
      const now = term.context.clock;
      progress.listener(poll(batches, now));
    },
    later: (ms) => {
      term.context.clock += ms;
    },
    shown: async () => {
      ui.screen.draw();
      return (await term.screen()).map((line) => line.replace(/[⠁-⣿]/, '*'));
    },
  };
}

/** Checked, initialised, and the customers on their way. */
async function begun(columns: number, rows: number, items: number, parts: Partial<Plan> = {}) {
  const it = await scene(columns, rows);
  it.start('check');
  it.later(3200);
  it.done('check', `${items + 2} files, 30,778 records`);
  it.plan(planOf(items, parts));
  it.start('init');
  it.later(1500);
  it.done('init');
  it.start('customers');
  it.begin('AUG_2020_CUS', 'cus.csv', 240_300);
  return it;
}

/** Into the invoices: one item file sent, one half-way, the rest waiting. */
function invoices(it: Scene): void {
  it.sent('AUG_2020_CUS', 'cus.csv', 240_300);
  it.look(
    customers({ successCount: 2400, failCount: 3, phase: 'partial', errorMessage: 'Row 12: \u001b[2J?' }),
  );
  it.later(65_000);
  it.done('customers', '3 failed records, which the plan accepts');
  it.start('invoices');
  it.begin('AUG_2020_INV', 'inv.csv', 2_037_500);
  it.sent('AUG_2020_INV', 'inv.csv', 2_037_500);
  it.begin('AUG_2020_ITM_1', 'itm_1.csv', 800_000);
  it.begin('AUG_2020_ITM_2', 'itm_2.csv', 800_000);
  it.sent('AUG_2020_ITM_1', 'itm_1.csv', 800_000);
  it.later(2000);
  part(it, 400_000);
  it.later(1000);
}

const part = ({ progress }: Scene, bytes: number): void =>
  progress.listener({
    event: 'upload.progress',
    jobId: 'AUG_2020_ITM_2',
    file: 'itm_2.csv',
    bytes,
    total: 800_000,
  });

/** Everything handed over, the second item file failed. */
function handedOver(it: Scene, items: number): void {
  const now = it.term.context.clock;
  it.plan(planOf(items, { times: () => ({ since: now - 130_000, estimateMs: 300_000 }) }));
  for (let n = 1; n <= items; n++) it.sent(`AUG_2020_ITM_${n}`, `itm_${n}.csv`, 1);
  const failed = {
    phase: 'failed',
    outcome: 'failed',
    successCount: 0,
    failCount: 8000,
    errorMessage: 'The file could not be parsed after record 4,000.',
  } as const;
  const children = Array.from({ length: items }, (_, i) => item(i + 1, i === 1 ? failed : RUNNING));
  it.look(batch({ jobId: 'AUG_2020_INV', file: 'inv.csv', ...RUNNING, children }));
}

afterEach(() => vi.useRealTimers());

describe('the board', () => {
  it.each([
    [40, 10, 4],
    [60, 20, 12],
    [80, 24, 100],
    [200, 50, 4],
  ])('is drawn at %i columns and %i rows, with %i item files', async (columns, rows, items) => {
    const it = await begun(columns, rows, items);
    const screens: string[][] = [await it.shown()];
    invoices(it);
    screens.push(await it.shown());
    handedOver(it, items);
    screens.push(await it.shown());
    for (const screen of screens) {
      expect(screen.length).toBeLessThan(rows);
      for (const line of screen) expect(line.length).toBeLessThan(columns);
      expect(screen.join('\n')).not.toContain('\u001b');
    }
    expect(screens[2]?.join('\n')).toContain('✖ failed');
    expect(`\n${screens.map((screen) => screen.join('\n')).join('\n\n')}\n`).toMatchSnapshot();
    it.progress.stop();
    expect(await it.term.screen()).toEqual([]);
    expect(it.term.cursorHidden()).toBe(false);
  });

  it('survives a window that shrinks and grows', async () => {
    const it = await begun(100, 30, 12);
    invoices(it);
    await it.shown();
    for (const [columns, rows] of [
      [40, 10],
      [40, 5],
      [20, 3],
      [100, 2],
      [60, 14],
    ] as const) {
      await it.term.resize(columns, rows);
      const lines = await it.shown();
      expect(lines.length).toBeLessThan(rows);
      expect(lines.filter((line) => line.includes('invoices'))).toHaveLength(1);
      if (rows >= 10) expect(lines.join('\n')).toMatch(/ITM_2 +↑ uploading/);
    }
    await it.term.resize(100, 30);
    const large = await it.shown();
    expect(large.filter((line) => line.includes('AUG_2020_ITM_12'))).toHaveLength(1);
    it.progress.stop();
    expect((await it.term.screen()).filter((line) => line.includes('ITM'))).toEqual([]);
  });

  it('draws no more than ten frames a second', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const it = await begun(80, 24, 100);
    invoices(it);
    for (let ms = 0; ms < 3000; ms += 5) {
      it.later(5);
      part(it, 400_000 + ms * 100);
      vi.advanceTimersByTime(5);
    }
    await it.term.screen();
    const frames = it.term.raw().split('\u001b[?7l').length - 1;
    expect(frames).toBeGreaterThan(10);
    expect(frames).toBeLessThanOrEqual(30);
    it.progress.stop();
  });

  it('keeps its lines where they are when a short wait comes and goes', async () => {
    const it = await begun(60, 12, 12);
    invoices(it);
    const before = await it.shown();
    it.progress.listener({ event: 'wait.start', message: 'creating AUG_2020_ITM_3' });
    it.later(400);
    const during = await it.shown();
    expect(during.at(-1)).toBe('creating AUG_2020_ITM_3');
    expect(during.slice(0, -1)).toHaveLength(before.length);
    it.progress.listener({ event: 'wait.end' });
    expect(await it.shown()).toHaveLength(before.length);
    it.progress.stop();
  });

  it('shows how long a batch takes, by the journal and by earlier loads', async () => {
    const it = await begun(100, 24, 2);
    it.sent('AUG_2020_CUS', 'cus.csv', 240_300);
    const since = it.term.context.clock;
    it.plan(planOf(2, { times: () => ({ since, estimateMs: 120_000 }) }));
    const shown = async (ms: number): Promise<string> => {
      it.term.context.clock = since + ms;
      it.look(customers({ ...RUNNING, status: 'Queued', phase: 'queued' }));
      return (await it.shown()).filter((line) => /customers|CUS/.test(line)).join('\n');
    };
    expect(await shown(10_000)).toMatch(
      /customers {2}1 queued, about 2 m left\n.*… queued {2}10 s, about 2 m left/,
    );
    expect(await shown(118_000)).toMatch(/customers {2}1 queued, a few s left\n.*1 m 58 s, a few s left/);
    expect(await shown(130_000)).toMatch(/customers {2}1 queued\n.*2 m 10 s, due now/);
    expect(await shown(400_000)).toMatch(
      /customers {2}longer than usual, 1 queued\n.*6 m 40 s, longer than usual \(2 m\)/,
    );
    it.progress.stop();
  });

  it('shows a time once: next to the invoice batch, and next to its items only when that is final', async () => {
    const it = await begun(100, 24, 2);
    invoices(it);
    handedOver(it, 2);
    const rows = async (): Promise<string[]> =>
      (await it.shown()).filter((line) => /_INV|_ITM/.test(line)).map((line) => line.trim());
    expect(await rows()).toEqual([
      expect.stringMatching(/^AUG_2020_INV .*… running {2}2 m 10 s, about 3 m left$/),
      expect.stringMatching(/^├ AUG_2020_ITM_1 .*… running$/),
      expect.stringMatching(/^└ AUG_2020_ITM_2 .*✖ failed +8,000 rejected, 0 loaded {2}The file could/),
    ]);
    it.look(batch({ jobId: 'AUG_2020_INV', file: 'inv.csv', children: [item(1, RUNNING), item(2)] }));
    expect(await rows()).toEqual([
      expect.stringMatching(/^AUG_2020_INV .*✔ succeeded {2}20,375 loaded, 0 rejected$/),
      expect.stringMatching(/^├ AUG_2020_ITM_1 .*… running +2 m 10 s, about 3 m left$/),
      expect.stringMatching(/^└ AUG_2020_ITM_2 .*✔ succeeded {2}8,000 loaded, 0 rejected$/),
    ]);
    it.progress.stop();
  });

  it('distinguishes a stalled upload from one that waits for its answer', async () => {
    const it = await begun(100, 24, 2);
    invoices(it);
    const row = async (): Promise<string> => (await it.shown()).find((line) => line.includes('ITM_2')) ?? '';
    expect(await row()).toMatch(/↑ uploading {2}━+─+ +50% {3}200 kB\/s {4}2 s left {2}400 kB\/800 kB$/);
    it.later(24_000);
    expect(await row()).toMatch(/50% {2}stalled for 25 s$/);
    part(it, 800_000);
    expect(await row()).toMatch(/↑ uploading {2}waiting for the answer, 800 kB sent$/);
    it.later(7000);
    expect(await row()).toMatch(/↑ uploading {2}waiting for the answer, 7 s, 800 kB sent$/);
    it.progress.stop();
  });

  it('says since when the server has not answered', async () => {
    const it = await begun(80, 24, 0);
    it.sent('AUG_2020_CUS', 'cus.csv', 240_300);
    const now = it.term.context.clock;
    it.progress.listener({
      ...poll([customers(RUNNING)], now),
      nextPollAt: now + 4000,
      silentSince: now - 60_000,
    });
    expect((await it.shown()).at(-1)).toBe(`no answer since ${timeOfDay(now - 60_000)}, next poll in 4 s`);
    // Who waits for the end must not lose the board with it.
    it.progress.listener({ event: 'watch.end' });
    expect((await it.shown()).join('\n')).toContain('AUG_2020_CUS');
    it.progress.stop();
  });

  it('shows what was done before, from the journal', async () => {
    const uploaded = { status: 'Draft', phase: 'uploaded', outcome: 'uploaded', successCount: 0 } as const;
    const it = await begun(80, 24, 3, {
      recorded: [
        customers(),
        batch({
          jobId: 'AUG_2020_INV',
          file: 'inv.csv',
          ...uploaded,
          children: [item(1, uploaded), item(2, { ...uploaded, phase: 'draft', outcome: 'draft' })],
        }),
      ],
    });
    it.sent('AUG_2020_CUS', 'cus.csv', 240_300);
    it.done('customers');
    it.start('invoices');
    const text = (await it.shown()).join('\n');
    expect(text).toContain('✔ customers  2,403 loaded, 0 rejected');
    expect(text).toContain('invoices   2 of 4 files uploaded, 2.8 of 4.4 MB');
    expect(text).toMatch(/AUG_2020_INV .*… uploaded/);
    expect(text).toMatch(/├ AUG_2020_ITM_1 .*… uploaded/);
    expect(text).toMatch(/├ AUG_2020_ITM_2 .* {2}waiting/);
    it.progress.stop();
  });

  it('ignores another batch with a file of the same name, but follows a file to another job id', async () => {
    const entries: PlanEntry[] = [
      { stage: 'customers', jobId: 'AUG_2020_CUS_2', file: file('cus.csv', 10), parent: null },
      { stage: 'customers', jobId: 'AUG_2020_CUS_3', file: file('more.csv', 10), parent: null },
    ];
    const draft = { jobId: 'AUG_2020_CUS_2', status: 'Draft', phase: 'draft', outcome: 'draft' } as const;
    const it = await scene(80, 24);
    it.plan(planOf(0, { entries, recorded: [customers(), customers({ ...draft, successCount: 0 })] }));
    it.start('customers');
    const row = async (): Promise<string> =>
      (await it.shown()).find((line) => line.startsWith('    AUG')) ?? '';
    expect(await row()).toMatch(/AUG_2020_CUS_2 .* {2}waiting/);
    // The server refused to take that job id again.
    it.begin('AUG_2020_CUS_3', 'cus.csv', 1000);
    expect(await row()).toMatch(/AUG_2020_CUS_3 .*↑ uploading/);
    it.sent('AUG_2020_CUS_3', 'cus.csv', 1000);
    expect(await row()).toMatch(/AUG_2020_CUS_3 .*… uploaded {2}10 records/);
    it.look(customers({ ...RUNNING, jobId: 'AUG_2020_CUS_3' }));
    expect(await row()).toMatch(/AUG_2020_CUS_3 .*… running/);
    expect((await it.shown()).find((line) => line.includes('more.csv'))).toMatch(/ {2}waiting/);
    it.progress.stop();
  });

  it('shows what an init carries forward, and items that were not planned', async () => {
    const it = await scene(80, 24);
    it.plan(planOf(1));
    it.start('init');
    const carried = { jobId: null, file: null, recordsSent: null } as const;
    it.look(
      batch({
        ...carried,
        ...RUNNING,
        jobId: 'AUG_2020_INIT',
        kind: 'init',
        children: [
          batch({ ...carried, kind: 'carryForwardInvoice', successCount: 1200, failCount: 0 }),
          batch({ ...carried, ...RUNNING, kind: 'carryForwardCreditMemo' }),
        ],
      }),
    );
    it.later(12_000);
    const rows = async (): Promise<string[]> => (await it.shown()).filter((line) => line.startsWith('    '));
    expect(await rows()).toEqual([
      '    AUG_2020_INIT    … running    12 s',
      '    ├ open invoices  ✔ succeeded  1,200 loaded, 0 rejected',
      '    └ credit memos   … running',
    ]);
    it.done('init');
    it.start('invoices');
    it.look(
      batch({
        jobId: 'AUG_2020_INV',
        ...RUNNING,
        children: [item(1, RUNNING), item(9, { recordsSent: null })],
      }),
    );
    expect((await rows()).map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
      'AUG_2020_INV',
      '├ AUG_2020_ITM_1',
      '└ AUG_2020_ITM_9',
    ]);
    it.progress.stop();
  });

  it('gives a stage the sign of its worst batch, and shows unknown counts as unknown', async () => {
    const it = await begun(80, 24, 1);
    it.sent('AUG_2020_CUS', 'cus.csv', 240_300);
    it.look(customers({ successCount: 2401 }));
    it.done('customers');
    it.start('invoices');
    it.look(batch({ jobId: 'AUG_2020_INV', successCount: null, failCount: null, children: [item(1)] }));
    it.done('invoices');
    const lines = await it.shown();
    expect(lines[3]).toMatch(/^✖ customers {2}2 unaccounted, 2,401 loaded, 0 rejected/);
    expect(lines[4]).toMatch(/^✔ invoices {3}– loaded, – rejected/);
    it.progress.stop();
  });

  it('keeps columns aligned with wide characters, and drops no name', async () => {
    const it = await scene(50, 20, 'AUGUST_八月_請求');
    it.plan(
      planOf(0, {
        entries: ['甲', '乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未', 'x'].map((name) => ({
          stage: 'customers' as const,
          jobId: `CUS_${name}`,
          file: file(`${name}.csv`, 10),
          parent: null,
        })),
      }),
    );
    it.start('customers');
    await it.shown();
    // string-width comes with the first wide character, and the frame after it is exact.
    await vi.waitFor(async () => {
      const rows = (await it.shown()).filter((line) => line.includes('waiting'));
      const buffer = rows.map((line) => [...(line.split('waiting')[0] ?? '')].length + wide(line));
      expect(new Set(buffer).size).toBe(1);
    });
    it.progress.stop();
  });

  it('leaves warnings, retries and failed uploads above it, and disappears for a question', async () => {
    const it = await begun(80, 24, 0);
    it.progress.listener({ event: 'warning', jobId: null, message: 'the clock is off' });
    it.progress.listener({
      event: 'retry',
      jobId: 'AUG_2020_CUS',
      message: 'HTTP 503',
      attempt: 1,
      waitMs: 500,
    });
    it.progress.listener({
      event: 'upload.end',
      jobId: 'AUG_2020_CUS',
      file: 'cus.csv',
      bytes: 100,
      total: 1000,
      ms: 5,
      ok: false,
    });
    const lines = await it.shown();
    expect(lines.slice(0, 3)).toEqual([
      'warning: the clock is off',
      '↻ AUG_2020_CUS: HTTP 503 – retry 1 in 0.5 s',
      '✖ cus.csv not uploaded (AUG_2020_CUS): stopped after 100 B of 1 kB',
    ]);
    expect(lines[3]).toContain('AUG_2020  prod');
    it.done('check');
    expect(await it.term.screen()).toHaveLength(3);
    it.progress.stop();
  });
});

const wide = (line: string): number => [...line].filter((char) => /[一-鿿]/.test(char)).length;

const MONTH: readonly LoadEvent[] = [
  { event: 'stage.start', stage: 'check' },
  { event: 'stage.end', stage: 'check', outcome: 'done', message: '1 file, 2,403 records' },
  { event: 'stage.end', stage: 'init', outcome: 'skipped', message: 'not in the plan' },
  { event: 'stage.start', stage: 'customers' },
  { event: 'upload.start', jobId: 'AUG_2020_CUS', file: 'cus.csv', total: 240_300 },
  {
    event: 'upload.end',
    jobId: 'AUG_2020_CUS',
    file: 'cus.csv',
    bytes: 240_300,
    total: 240_300,
    ms: 1000,
    ok: true,
  },
];

async function shown(mode: 'plain' | 'json' | 'none'): Promise<string[]> {
  const term = terminal(80);
  const { listener, stop } = await createProgress(
    await uiFor(term.context, { progress: mode }),
    term.context,
  );
  listener({ event: 'run.start', job: 'AUG_2020' });
  listener(planOf(0));
  for (const event of MONTH) listener(event);
  const now = term.context.clock;
  listener({ event: 'watch.start', times: null });
  listener(poll([customers(RUNNING)], now));
  listener(poll([customers()], now));
  listener({ event: 'watch.end' });
  listener({ event: 'stage.end', stage: 'customers', outcome: 'stopped', message: null });
  listener({ event: 'warning', jobId: null, message: 'the clock is off' });
  stop();
  await term.screen();
  return term.raw().trimEnd().split('\n');
}

describe('a month without a terminal', () => {
  it('is a line for each change in a pipe', async () => {
    const at = timeOfDay(terminal(80).context.clock);
    expect(await shown('plain')).toEqual([
      'init: skipped, not in the plan',
      'customers: started',
      'uploading cus.csv as AUG_2020_CUS (240 kB)',
      'cus.csv uploaded as AUG_2020_CUS: 240 kB in 1 s (240 kB/s)',
      `${at} AUG_2020_CUS running`,
      `${at} AUG_2020_CUS running → succeeded, 2,403 loaded, 0 rejected`,
      'customers: stopped',
      'warning: the clock is off',
    ]);
  });

  it('is an event for each change with --progress json, with these fields and no others', async () => {
    const events = (await shown('json')).map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual([
      ...MONTH.map(({ event }) => event),
      'batch.change',
      'batch.change',
      'stage.end',
      'warning',
    ]);
    expect(events[0]).toEqual({ time: expect.any(String), event: 'stage.start', stage: 'check' });
    expect(events[2]).toEqual({
      time: expect.any(String),
      event: 'stage.end',
      stage: 'init',
      outcome: 'skipped',
      message: 'not in the plan',
    });
  });

  it('is only warnings with --progress none', async () => {
    expect(await shown('none')).toEqual(['warning: the clock is off']);
  });
});
