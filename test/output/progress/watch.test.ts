import { describe, expect, it, vi } from 'vitest';
import type { BatchView } from '../../../src/batch/types.ts';
import type { LoadEvent, TimesOf } from '../../../src/load/events.ts';
import { timeOfDay } from '../../../src/output/format.ts';
import { createProgress } from '../../../src/output/progress/progress.ts';
import type { Ui } from '../../../src/output/ui.ts';
import { batch, month } from '../samples.ts';
import { terminal } from '../terminal.ts';
import { uiFor } from '../ui-helper.ts';

const running = (n: number, parts: Partial<BatchView> = {}): BatchView =>
  batch({
    jobId: `J_ITM_${n}`,
    kind: 'items',
    status: 'Running',
    phase: 'running',
    outcome: 'running',
    successCount: null,
    failCount: null,
    ...parts,
  });
type Poll = Omit<Extract<LoadEvent, { readonly event: 'poll' }>, 'event' | 'batches'>;

const good = (now: number): Poll => ({ now, nextPollAt: now + 8000, silentSince: null });

/** The polls of one watch. */
async function watching(ui: Ui, times: TimesOf | null = null) {
  const { listener, stop } = await createProgress(ui);
  listener({ event: 'watch.start', times });
  return {
    update: (batches: readonly BatchView[], poll: Poll): void =>
      listener({ event: 'poll', batches, ...poll }),
    stop: (): void => {
      listener({ event: 'watch.end' });
      stop();
    },
  };
}

describe('watching on a terminal', () => {
  it.each([40, 80])('shows a line for each batch at %i columns', async (columns) => {
    const term = terminal(columns);
    const ui = await uiFor(term.context);
    const view = await watching(ui);
    view.update(month, good(term.context.clock));
    term.context.clock += 3000;
    ui.screen.draw();
    const lines = await term.screen();
    expect(lines).toHaveLength(9);
    expect(`\n${lines.join('\n').replace(/[⠁-⣿]/, '*')}\n`).toMatchSnapshot();
    view.stop();
    expect(await term.screen()).toEqual([]);
    expect(term.cursorHidden()).toBe(false);
  });

  it('counts down, restarts the time at a change, and says since when the server has not answered', async () => {
    const term = terminal(80);
    const ui = await uiFor(term.context);
    const view = await watching(ui);
    const began = term.context.clock;
    view.update([running(1), running(2)], good(began));
    term.context.clock += 125_000;
    view.update([running(1), batch({ jobId: 'J_ITM_2' })], {
      now: term.context.clock,
      nextPollAt: null,
      silentSince: began,
    });
    ui.screen.draw();
    const lines = await term.screen();
    expect(lines[0]).toMatch(/^J_ITM_1 {2}… running {2} {2}2 m 05 s$/);
    expect(lines[1]).toMatch(/^J_ITM_2 {2}✔ succeeded +20,375 loaded, 0 rejected$/);
    expect(lines[2]).toMatch(new RegExp(`. no answer since ${timeOfDay(began)}, polling$`));
    view.stop();
  });

  it.each([
    [80, 'J_INV  … running    2 m 00 s, about 3 m left'],
    [44, 'J_INV  … running  2 m 00 s, about 3 m left'],
    [34, 'J_INV  … running  2 m 00 s'],
    [18, 'J_INV  … running'],
  ])(
    'at %i columns it counts from the hand-over, and tells what earlier loads make one expect',
    async (columns, line) => {
      const term = terminal(columns);
      const ui = await uiFor(term.context);
      const { clock } = term.context;
      const view = await watching(ui, () => ({ since: clock - 120_000, estimateMs: 300_000 }));
      const batches = [
        running(1, { jobId: 'J_INV' }),
        batch({ jobId: 'J_CUS', recordsSent: 1, successCount: 1, failCount: 0 }),
      ];
      view.update(batches.slice(0, columns > 60 ? 2 : 1), good(clock));
      ui.screen.draw();
      const lines = await term.screen();
      expect(lines[0]).toBe(line);
      // What is over takes no time any more.
      if (columns > 60) expect(lines[1]).not.toMatch(/left|\d s/);
      view.stop();
    },
  );

  it('shows no counts while there are none, and polls when it is time', async () => {
    const term = terminal(80);
    const ui = await uiFor(term.context);
    const view = await watching(ui);
    const { clock } = term.context;
    const batches = [
      running(1, { successCount: 0, failCount: 0 }),
      running(2, { successCount: 700, failCount: 0 }),
      batch({ jobId: 'J_ITM_3', successCount: 0, failCount: 0, phase: 'failed' }),
    ];
    view.update(batches, { now: clock, nextPollAt: clock + 400, silentSince: null });
    ui.screen.draw();
    expect(await term.screen()).toEqual([
      'J_ITM_1  … running  0 s',
      'J_ITM_2  … running  0 s, 700 loaded',
      'J_ITM_3  ✖ failed   20,375 unaccounted, 0 rejected, 0 loaded',
      expect.stringMatching(/^. polling$/),
    ]);
    view.stop();
  });

  it('fits the height: active batches stay, the rest is counted', async () => {
    const term = terminal(60, 8);
    const ui = await uiFor(term.context);
    const view = await watching(ui);
    const batches = Array.from({ length: 40 }, (_, i) =>
      i % 10 === 9 ? running(i) : batch({ jobId: `J_ITM_${i}` }),
    );
    view.update(batches, good(term.context.clock));
    ui.screen.draw();
    const lines = await term.screen();
    expect(lines).toHaveLength(7);
    for (const n of [9, 19, 29, 39]) expect(lines.join('\n')).toContain(`J_ITM_${n} `);
    expect(lines[5]).toBe('and 35 more: 35 succeeded');
    view.stop();
  });
});

describe('watching without a terminal', () => {
  it('repeats no final batch in the next wait of a run, and shows one that is not as it was', async () => {
    const term = terminal(80);
    const ui = await uiFor(term.context, { progress: 'plain' });
    const { listener, stop } = await createProgress(ui);
    const init = batch({ jobId: 'J_INIT' });
    const wait = (batches: readonly BatchView[]): void => {
      listener({ event: 'watch.start', times: null });
      listener({ event: 'poll', batches, ...good(term.context.clock) });
      listener({ event: 'watch.end' });
    };
    wait([init, running(1)]);
    wait([init, running(1)]);
    wait([batch({ jobId: 'J_INIT', failCount: 1 })]);
    stop();
    const lines = term
      .raw()
      .split('\n')
      .map((line) => line.slice(9).trim());
    expect(lines.filter((line) => line !== '')).toEqual([
      'J_INIT succeeded, 20,375 loaded, 0 rejected',
      'J_ITM_1 running',
      'J_ITM_1 running',
      'J_INIT succeeded, 20,375 loaded, 1 rejected',
    ]);
  });

  it('writes a line for each change, and a heartbeat each minute', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const term = terminal(80);
    const ui = await uiFor(term.context, { progress: 'plain' });
    const view = await watching(ui);
    const t0 = term.context.clock;
    view.update([running(1, { successCount: 0, failCount: 0 }), running(2)], good(t0));
    view.update(
      [running(1, { successCount: 5, failCount: 0 }), running(2, { successCount: 0, failCount: 0 })],
      good(t0),
    );
    view.update(
      [batch({ jobId: 'J_ITM_1', successCount: 20373, failCount: 2, phase: 'partial' }), running(2)],
      good(t0),
    );
    term.context.clock = t0 + 61_000;
    vi.advanceTimersByTime(61_000);
    view.update([running(2)], { now: t0 + 61_000, nextPollAt: t0 + 121_000, silentSince: t0 });
    view.stop();
    await term.screen();
    vi.useRealTimers();
    const [a, b] = [timeOfDay(t0), timeOfDay(t0 + 61_000)];
    expect(term.raw().split('\n')).toEqual([
      `${a} J_ITM_1 running`,
      `${a} J_ITM_2 running`,
      `${a} J_ITM_1 running → partial (Success), 20,373 loaded, 2 rejected`,
      `${b} still watching: 1 partial, 1 running`,
      `${b} no answer since ${a}`,
      '',
    ]);
  });

  it('writes an event for each change', async () => {
    const term = terminal(80);
    const view = await watching(await uiFor(term.context, { progress: 'json' }));
    const t0 = term.context.clock;
    view.update([running(1)], good(t0));
    view.update([running(1)], good(t0));
    view.update([running(1)], { now: t0 + 5000, nextPollAt: t0 + 5001, silentSince: t0 });
    view.update([batch({ jobId: 'J_ITM_1' })], good(t0));
    await term.screen();
    const events = term
      .raw()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event, phase }) => [event, phase])).toEqual([
      ['batch.change', 'running'],
      ['watch.silent', undefined],
      ['watch.answer', undefined],
      ['batch.change', 'succeeded'],
    ]);
    expect(Object.keys(events[0])).toEqual([
      'time',
      'event',
      'jobId',
      'id',
      'kind',
      'status',
      'phase',
      'outcome',
      'recordsSent',
      'successCount',
      'failCount',
    ]);
  });

  it('writes an event each minute between polls that are further apart', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const term = terminal(80);
    const view = await watching(await uiFor(term.context, { progress: 'json' }));
    const t0 = term.context.clock;
    view.update([running(1)], { now: t0, nextPollAt: t0 + 300_000, silentSince: null });
    for (let second = 0; second < 130; second++) {
      term.context.clock += 1000;
      vi.advanceTimersByTime(1000);
    }
    view.stop();
    vi.advanceTimersByTime(300_000);
    await term.screen();
    vi.useRealTimers();
    const events = term.raw().trimEnd().split('\n').slice(1);
    expect(events.map((line) => JSON.parse(line))).toEqual(
      [240_000, 180_000].map((nextPollMs) => ({
        time: expect.any(String),
        event: 'watch.waiting',
        nextPollMs,
      })),
    );
  });

  it('writes nothing with --progress none', async () => {
    const term = terminal(80);
    const view = await watching(await uiFor(term.context, { quiet: true }));
    view.update(month, good(0));
    expect(await term.screen()).toEqual([]);
  });
});

describe('watching thousands of batches', () => {
  const many = (phase: 'running' | 'succeeded', bad: readonly number[] = []): readonly BatchView[] => [
    batch({
      ...{ jobId: 'J_INV', kind: 'invoice', phase, outcome: phase, status: null },
      children: Array.from({ length: 5000 }, (_, i) => {
        const own = bad.includes(i) ? 'failed' : phase;
        return running(i, { phase: own, outcome: own, status: null });
      }),
    }),
  ];

  it('names what is bad in a log, and counts the other changes by state', async () => {
    const term = terminal(80);
    const ui = await uiFor(term.context, { progress: 'plain' });
    const view = await watching(ui);
    view.update(many('running'), good(0));
    view.update(many('succeeded', [7, 8]), good(1000));
    view.stop();
    const said = term.context.stderr.text
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ /, ''));
    expect(said).toEqual([
      expect.stringMatching(/^J_INV running/),
      '5,000 batches running',
      expect.stringMatching(/^J_INV running → succeeded/),
      expect.stringMatching(/^J_ITM_7 running → failed/),
      expect.stringMatching(/^J_ITM_8 running → failed/),
      '4,998 batches running → succeeded',
    ]);
  });

  it('draws them on a terminal once a second', async () => {
    const term = terminal(80);
    const ui = await uiFor(term.context);
    const view = await watching(ui);
    view.update(many('running'), good(term.context.clock));
    let drawn = 0;
    const clean = ui.err.clean;
    Object.assign(ui.err, {
      clean: (text: string) => {
        drawn += 1;
        return clean(text);
      },
    });
    ui.screen.draw();
    const first = drawn;
    for (let i = 0; i < 9; i += 1) {
      term.context.clock += 100;
      ui.screen.draw();
    }
    expect(drawn).toBe(first);
    term.context.clock += 200;
    ui.screen.draw();
    expect(drawn).toBeGreaterThan(first);
    view.stop();
  });
});
