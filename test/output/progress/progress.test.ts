import ora, { type Ora } from 'ora';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoadEvent } from '../../../src/load/events.ts';
import { uploadedText } from '../../../src/output/progress/messages.ts';
import { createProgress } from '../../../src/output/progress/progress.ts';
import { loadOra } from '../../../src/output/screen.ts';
import { plainTheme } from '../../../src/output/theme.ts';
import { testContext } from '../../helpers/context.ts';
import { terminal } from '../terminal.ts';
import { uiFor } from '../ui-helper.ts';

// The real one, with its calls recorded.
vi.mock('ora', { spy: true });
beforeAll(async () => void (await loadOra()));
beforeEach(() => vi.mocked(ora).mockClear());

const start = (n: number, total: number): LoadEvent => ({
  event: 'upload.start',
  jobId: `J_ITM_${n}`,
  file: `itm_${n}.csv`,
  total,
});
const part = (n: number, bytes: number, total: number): LoadEvent => ({
  event: 'upload.progress',
  jobId: `J_ITM_${n}`,
  file: `itm_${n}.csv`,
  bytes,
  total,
});
const end = (n: number, total: number, ok = true): LoadEvent => ({
  event: 'upload.end',
  jobId: `J_ITM_${n}`,
  file: `itm_${n}.csv`,
  bytes: ok ? total : total / 2,
  total,
  ms: 2000,
  ok,
});
const HOSTILE = 'x\u001b[2J\r\ny';

afterEach(() => vi.useRealTimers());

describe('progress on a terminal', () => {
  it.each([40, 80])('draws bars, then lines, at %i columns, and clears them', async (columns) => {
    const term = terminal(columns);
    const ui = await uiFor(term.context);
    const { listener, stop } = await createProgress(ui);
    listener({ event: 'step', jobId: 'J_INV', message: 'J_INV created as batch 4' });
    for (let n = 1; n <= 6; n++) listener(start(n, n * 1_000_000));
    for (let tick = 1; tick <= 20; tick++) {
      term.context.clock += 100;
      for (let n = 1; n <= 6; n++) listener(part(n, tick * 40_000, n * 1_000_000));
      ui.screen.draw();
    }
    expect(`\n${(await term.screen()).join('\n')}\n`.replace(/[⠁-⣿]/, '*')).toMatchSnapshot();
    expect(term.cursorHidden()).toBe(true);
    listener(end(1, 1_000_000));
    ui.warn(`the clock is late ${HOSTILE}`);
    listener(end(2, 2_000_000, false));
    ui.screen.draw();
    const during = await term.screen();
    expect(during.filter((line) => line.includes('uploading'))).toHaveLength(1);
    stop();
    expect(`\n${(await term.screen()).join('\n')}\n`).toMatchSnapshot();
    expect(term.cursorHidden()).toBe(false);
  });

  it('keeps one copy of the live lines when the window gets narrower, wider and lower', async () => {
    const term = terminal(100);
    const ui = await uiFor(term.context);
    const { listener, stop } = await createProgress(ui);
    listener({ event: 'step', jobId: null, message: 'first' });
    for (let n = 1; n <= 3; n++) listener(start(n, 3_000_000));
    for (const [columns, rows] of [
      [50, 24],
      [90, 24],
      [40, 24],
      [120, 10],
    ] as const) {
      term.context.clock += 1000;
      for (let n = 1; n <= 3; n++) listener(part(n, 500_000, 3_000_000));
      ui.screen.draw();
      await term.screen();
      await term.resize(columns, rows);
      term.context.clock += 100;
      ui.screen.draw();
      const lines = await term.screen();
      expect(lines.filter((line) => line.includes('uploading'))).toHaveLength(1);
      expect(lines[0]).toContain('first');
      expect(lines).toHaveLength(5);
    }
    stop();
    expect(await term.screen()).toEqual(['✔ first']);
  });

  it('lets no control character of a server or file into the live lines', async () => {
    const term = terminal(80);
    const ui = await uiFor(term.context);
    const { listener, stop } = await createProgress(ui);
    listener({ event: 'wait.start', message: HOSTILE });
    listener({ event: 'upload.start', jobId: HOSTILE, file: HOSTILE, total: 10 });
    term.context.clock += 300;
    ui.screen.draw();
    listener({ event: 'upload.end', jobId: HOSTILE, file: HOSTILE, bytes: 10, total: 10, ms: 1, ok: true });
    stop();
    await term.screen();
    expect(term.raw()).toContain('x\\u001b[2J');
    expect(term.raw()).not.toContain('\u001b[2J');
    expect(term.raw()).not.toContain('\ny');
  });

  it('draws at most ten frames a second', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const term = terminal(80);
    const ui = await uiFor(term.context);
    const { listener, stop } = await createProgress(ui);
    listener(start(1, 1000));
    for (let ms = 0; ms < 3000; ms += 5) {
      term.context.clock += 5;
      listener(part(1, ms / 3, 1000));
      vi.advanceTimersByTime(5);
    }
    await term.screen();
    const frames = term.raw().split('\u001b[?7l').length - 1;
    expect(frames).toBeGreaterThan(20);
    expect(frames).toBeLessThanOrEqual(30);
    stop();
  });

  it('shows a wait with its time, and says when an upload stalls', async () => {
    const term = terminal(60);
    const ui = await uiFor(term.context);
    const { listener, stop } = await createProgress(ui);
    listener({ event: 'wait.start', message: 'waiting for J_INIT' });
    term.context.clock += 65_000;
    ui.screen.draw();
    expect(await term.screen()).toEqual([expect.stringMatching(/^. waiting for J_INIT {2}1 m 05 s$/)]);
    listener({ event: 'wait.end' });
    listener(start(1, 1000));
    listener(part(1, 500, 1000));
    term.context.clock += 20_000;
    listener(part(1, 500, 1000));
    term.context.clock += 20_000;
    ui.screen.draw();
    expect((await term.screen()).join('\n')).toContain('stalled');
    stop();
    expect(await term.screen()).toEqual([]);
  });
});

const wait = (message: string): LoadEvent => ({ event: 'wait.start', message });
const WAITED: LoadEvent = { event: 'wait.end' };

describe('the spinner', () => {
  async function scene() {
    const term = terminal(60);
    const ui = await uiFor(term.context);
    const progress = await createProgress(ui);
    const later = async (ms: number): Promise<string[]> => {
      term.context.clock += ms;
      ui.screen.draw();
      return (await term.screen()).map((line) => line.replace(/^[⠁-⣿] /, '* '));
    };
    return { ...progress, term, ui, later };
  }

  it('shows only a wait of more than 300 ms, and nothing of a shorter one', async () => {
    const { listener, stop, later, term } = await scene();
    for (let i = 0; i < 5; i++) {
      listener(wait(`creating J_ITM_${i}`));
      expect(await later(299)).toEqual([]);
      listener(WAITED);
      expect(await later(1)).toEqual([]);
    }
    expect(term.raw()).toBe('');
    listener(wait('creating J_INV'));
    expect(await later(300)).toEqual(['* creating J_INV']);
    expect(await later(1700)).toEqual(['* creating J_INV  2 s']);
    expect(term.cursorHidden()).toBe(true);
    listener(WAITED);
    expect(await later(0)).toEqual([]);
    expect(term.cursorHidden()).toBe(false);
    stop();
  });

  it('shows the latest of waits that overlap and nest', async () => {
    const { listener, stop, later } = await scene();
    listener(wait('creating J_ITM_1'));
    await later(200);
    listener(wait('creating J_ITM_2'));
    // Somebody has been waiting for 300 ms, though not the latest.
    expect(await later(100)).toEqual(['* creating J_ITM_2']);
    listener(WAITED);
    expect(await later(100)).toEqual(['* creating J_ITM_2']);
    listener(wait('creating J_ITM_3'));
    listener(wait('creating J_ITM_4'));
    expect(await later(0)).toEqual(['* creating J_ITM_4']);
    listener(WAITED);
    listener(WAITED);
    expect(await later(0)).toEqual(['* creating J_ITM_4']);
    listener(WAITED);
    expect(await later(500)).toEqual([]);
    // One end too many takes nothing from the next wait.
    listener(WAITED);
    listener(wait('looking for J_INV'));
    expect(await later(299)).toEqual([]);
    expect(await later(1)).toEqual(['* looking for J_INV']);
    stop();
    expect(await later(0)).toEqual([]);
  });

  it('is not confused by the check of the files', async () => {
    const { listener, stop, later } = await scene();
    listener({ event: 'check.start', files: 2 });
    listener(wait('looking for J_INV'));
    listener(WAITED);
    expect(await later(400)).toEqual(['* checking 2 files']);
    listener({ event: 'check.end', files: 2, records: 5, bytes: 100, bad: 0 });
    expect(await later(0)).toEqual(['✔ checked 2 files: 5 records, 100 B']);
    stop();
  });

  it('is below the bars, and disappears when a short wait follows them', async () => {
    const { listener, stop, later, term } = await scene();
    listener(start(1, 1000));
    listener(wait('creating J_ITM_2'));
    expect(await later(100)).toHaveLength(2);
    const both = await later(200);
    expect([both.length, both[0], both[2]]).toEqual([3, '* uploading 1 file', '* creating J_ITM_2']);
    listener(WAITED);
    listener(wait('creating J_ITM_3'));
    listener({ ...end(1, 1000), ms: 40 } as LoadEvent);
    expect(await later(100)).toEqual(['✔ itm_1.csv uploaded as J_ITM_1: 1 kB']);
    expect(term.cursorHidden()).toBe(false);
    stop();
  });

  it('is drawn by ora, which never runs beside other live lines', async () => {
    const { listener, stop, later } = await scene();
    listener(wait('creating J_INV'));
    expect(await later(300)).toEqual(['* creating J_INV']);
    const spinner = vi.mocked(ora).mock.results[0]?.value as Ora;
    expect(spinner.isSpinning).toBe(true);
    listener(start(1, 1000));
    expect((await later(0)).slice(1)).toEqual([expect.stringContaining('itm_1.csv'), '* creating J_INV']);
    expect(spinner.isSpinning).toBe(false);
    listener({ ...end(1, 1000), ms: 40 } as LoadEvent);
    expect(await later(0)).toEqual(['✔ itm_1.csv uploaded as J_ITM_1: 1 kB', '* creating J_INV']);
    expect(spinner.isSpinning).toBe(true);
    expect(ora).toHaveBeenCalledTimes(1);
    expect(vi.mocked(ora).mock.calls[0]?.[0]).toMatchObject({ discardStdin: false, hideCursor: false });
    stop();
    expect(spinner.isSpinning).toBe(false);
  });

  it('stays below lines that are written meanwhile, and is cleared in a narrower window', async () => {
    const { listener, stop, ui, term, later } = await scene();
    listener(wait('creating J_INV, which takes a while longer than it used to'));
    await later(300);
    ui.warn('the clock is off');
    const text = '* creating J_INV, which takes a while longer than it used to';
    expect(await later(0)).toEqual(['warning: the clock is off', `${text.slice(0, 58)}…`]);
    await term.resize(20, 24);
    const lines = await later(2000);
    expect(lines.join('')).toBe('warning: the clock is off* creating J_…  2 s');
    stop();
    expect((await term.screen()).join('')).toBe('warning: the clock is off');
  });

  it('is not used in a pipe, nor for a short wait', async () => {
    for (const options of [{}, { progress: 'json' }, { quiet: true }] as const) await drawn(options);
    const { listener, later, stop } = await scene();
    listener(wait('creating J_INV'));
    await later(100);
    listener(WAITED);
    stop();
    expect(ora).not.toHaveBeenCalled();
  });
});

const ALL: readonly LoadEvent[] = [
  { event: 'check.start', files: 1 },
  { event: 'check.end', files: 1, records: 20375, bytes: 1_400_000, bad: 0 },
  { event: 'step', jobId: 'J_CUS', message: 'created as batch 3' },
  { event: 'warning', jobId: null, message: HOSTILE },
  { event: 'retry', jobId: 'J_CUS', message: 'connection reset', attempt: 2, waitMs: 1500 },
  start(1, 1_400_000),
  part(1, 700_000, 1_400_000),
  end(1, 1_400_000),
  end(2, 1_400_000, false),
  { event: 'wait.start', message: 'waiting' },
  { event: 'wait.end' },
];

async function drawn(options: Parameters<typeof uiFor>[1]): Promise<string> {
  const context = testContext();
  const { listener, stop } = await createProgress(await uiFor(context, options));
  for (const event of ALL) listener(event);
  stop();
  await new Promise((resolve) => setImmediate(resolve));
  return context.stderr.text;
}

/** A pipe, and a clock that is moved by hand, second by second. */
async function silence(progress: 'plain' | 'json') {
  const term = terminal(80);
  const { listener, stop } = await createProgress(await uiFor(term.context, { progress }));
  const lines = (): string[] => term.raw().split('\n').slice(0, -1);
  return {
    listener,
    stop,
    lines,
    events: () => lines().map((line) => JSON.parse(line)),
    later: async (ms: number): Promise<void> => {
      for (let second = 0; second < ms / 1000; second++) {
        term.context.clock += 1000;
        vi.advanceTimersByTime(1000);
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('an upload that ended without its file being stored', () => {
  const text = (bytes: number, reason?: string): string =>
    uploadedText(
      { ...end(2, 2000), bytes, ok: false, ...(reason === undefined ? {} : { reason }) } as never,
      plainTheme(),
    );

  it('says why, and how far it came only where that is why', () => {
    expect(text(2000, 'the storage refused it (HTTP 403, AccessDenied)')).toBe(
      'itm_2.csv not uploaded (J_ITM_2): the storage refused it (HTTP 403, AccessDenied)',
    );
    expect(text(2000, '')).toBe(
      'itm_2.csv not uploaded (J_ITM_2): 2 kB sent, and not confirmed by the storage',
    );
    expect(text(500)).toBe('itm_2.csv not uploaded (J_ITM_2): stopped after 500 B of 2 kB');
  });
});

describe('progress without a terminal', () => {
  it('writes one plain line for each step in a pipe', async () => {
    expect((await drawn({})).split('\n')).toEqual([
      'checking 1 file',
      'checked 1 file: 20,375 records, 1.4 MB',
      'J_CUS: created as batch 3',
      'warning: x\\u001b[2J y',
      'J_CUS: connection reset – retry 2 in 1.5 s',
      'uploading itm_1.csv as J_ITM_1 (1.4 MB)',
      'itm_1.csv uploaded as J_ITM_1: 1.4 MB in 2 s (700 kB/s)',
      'itm_2.csv not uploaded (J_ITM_2): stopped after 700 kB of 1.4 MB',
      '',
    ]);
  });

  it('reports a wait in a pipe only when it lasts', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const context = testContext();
    const { listener, stop } = await createProgress(await uiFor(context));
    listener(wait('creating J_ITM_1'));
    vi.advanceTimersByTime(2000);
    listener(wait(`creating J_ITM_2 ${HOSTILE}`));
    listener(WAITED);
    vi.advanceTimersByTime(2999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(context.stderr.text).toBe('');
    vi.advanceTimersByTime(1);
    listener(WAITED);
    listener(WAITED);
    listener(wait('creating J_ITM_3'));
    stop();
    vi.advanceTimersByTime(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(context.stderr.text).toBe('creating J_ITM_2 x\\u001b[2J y\n');
  });

  it.each(['plain', 'json'] as const)(
    'gives a sign of life each minute of an upload: %s',
    async (progress) => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
      const { events, lines, listener, later, stop } = await silence(progress);
      listener(start(1, 4_000_000_000));
      listener(start(2, 1_000_000));
      listener(part(1, 1_000_000, 4_000_000_000));
      await later(5000);
      listener({ ...part(1, 1_200_000_000, 4_000_000_000), event: 'upload.progress' } as LoadEvent);
      listener(end(2, 1_000_000));
      await later(59_000);
      const before = lines().length;
      await later(1000);
      expect(lines()).toHaveLength(before + 1);
      await later(59_000);
      expect(lines()).toHaveLength(before + 1);
      await later(1000);
      const beats = lines().slice(before);
      if (progress === 'plain')
        expect(beats).toEqual([
          expect.stringMatching(
            /^\d\d:\d\d:\d\d still uploading itm_1\.csv: 1\.2 of 4 GB, (stalled|[\d.]+ MB\/s, .* left)$/,
          ),
          expect.stringMatching(/^\d\d:\d\d:\d\d still uploading itm_1\.csv: 1\.2 of 4 GB, stalled$/),
        ]);
      else
        expect(events().slice(before)).toEqual(
          [1, 2].map(() => ({
            time: expect.any(String),
            event: 'heartbeat',
            doing: 'uploading',
            files: 1,
            bytes: 1_200_000_000,
            total: 4_000_000_000,
          })),
        );
      stop();
      await later(200_000);
      expect(lines()).toHaveLength(before + 2);
    },
  );

  it('writes a heartbeat during a check, a wait and a silent stage, and none when nothing is going on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    const { lines, listener, later, stop } = await silence('plain');
    await later(180_000);
    expect(lines()).toEqual([]);
    listener({ event: 'check.start', files: 3 });
    await later(60_000);
    for (let second = 1; second <= 60; second += 1) {
      listener({ event: 'check.progress', bytes: second * 20_000_000, total: 9_600_000_000 });
      await later(1_000);
    }
    listener({ event: 'check.end', files: 3, records: 5, bytes: 100, bad: 0 });
    listener({ event: 'wait.start', message: `starting J_INIT ${HOSTILE}` });
    await later(63_000);
    listener({ event: 'wait.end' });
    listener({ event: 'stage.start', stage: 'results' });
    await later(60_000);
    listener({ event: 'stage.end', stage: 'results', outcome: 'done', message: null });
    await later(180_000);
    stop();
    expect(lines().map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
      'checking 3 files',
      'still checking 3 files',
      'still checking 3 files: 1.2 of 9.6 GB, 20 MB/s, 7 m 00 s left',
      'checked 3 files: 5 records, 100 B',
      'starting J_INIT x\\u001b[2J y',
      'still waiting, 1 m 03 s: starting J_INIT x\\u001b[2J y',
      'results: started',
      'still in stage results',
      'results: done',
    ]);
  });

  it('writes every event as a line of JSON when asked', async () => {
    const lines = (await drawn({ progress: 'json', quiet: true })).trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual(
      ALL.map(({ event }) => event).filter((event) => event !== 'upload.progress'),
    );
    expect(Object.keys(events[5])).toEqual(['time', 'event', 'jobId', 'file', 'bytes', 'total']);
    expect(events[5].time).toBe('2020-08-31T22:00:00.000Z');
    expect(events[3].message).toBe(HOSTILE);
  });

  it('writes at most ten progress events a second, some of every upload', async () => {
    const term = terminal(80);
    const { listener } = await createProgress(await uiFor(term.context, { progress: 'json' }));
    for (const n of [1, 2, 3]) listener(start(n, 1000));
    for (let ms = 0; ms < 3000; ms += 1) {
      term.context.clock += 1;
      for (const n of [1, 2, 3]) listener(part(n, ms / 3, 1000));
    }
    await term.screen();
    const events = term
      .raw()
      .split('\n')
      .filter((line) => line.includes('upload.progress'));
    expect(events.length).toBeGreaterThan(20);
    expect(events.length).toBeLessThanOrEqual(30);
    for (const n of [1, 2, 3])
      expect(events.filter((line) => line.includes(`itm_${n}`)).length).toBeGreaterThan(5);
  });

  it('leaves only warnings under --quiet', async () => {
    expect(await drawn({ quiet: true })).toBe('warning: x\\u001b[2J y\n');
  });
});
