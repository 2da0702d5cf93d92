import { describe, expect, it } from 'vitest';
import type { BatchView } from '../../src/batch/types.ts';
import { type MetricsFacts, metricsText } from '../../src/output/metrics.ts';
import { readMetrics } from '../helpers/metrics.ts';
import { batch } from './samples.ts';

const AT = Date.UTC(2020, 8, 1, 3, 0, 0, 250);
const FACTS: MetricsFacts = {
  command: 'run',
  job: 'AUG_2020',
  batches: [],
  exitCode: 0,
  endedAt: AT,
  durationMs: 61_500,
};
const of = (facts: Partial<MetricsFacts>, earlier: string | null = null) =>
  readMetrics(metricsText({ ...FACTS, ...facts }, earlier));
const records = (batches: readonly BatchView[]) =>
  of({ batches })
    .filter(({ name }) => name === 'ebill_records')
    .map(({ labels, value }) => `${labels['kind']} ${labels['outcome']} ${value}`);

describe('metrics', () => {
  it('say when the command succeeded, how long it took and its exit code, with the load as a label', () => {
    const labels = { command: 'run', load: 'AUG_2020' };
    expect(of({})).toEqual([
      { name: 'ebill_last_success_timestamp_seconds', labels, value: AT / 1000 },
      { name: 'ebill_last_run_timestamp_seconds', labels, value: AT / 1000 },
      { name: 'ebill_duration_seconds', labels, value: 61.5 },
      { name: 'ebill_exit_code', labels, value: 0 },
    ]);
  });

  it('keep the time of the last success, of another load too, when this one failed', () => {
    const july = metricsText({ ...FACTS, job: 'JUL "2020"\\', endedAt: 1_000_000 }, null);
    const failed = metricsText({ ...FACTS, exitCode: 3 }, july);
    const [success, , , code] = readMetrics(failed);
    expect(success).toEqual({
      name: 'ebill_last_success_timestamp_seconds',
      labels: { command: 'run', load: 'JUL "2020"\\' },
      value: 1000,
    });
    expect(code).toMatchObject({ name: 'ebill_exit_code', labels: { load: 'AUG_2020' }, value: 3 });
    expect(readMetrics(metricsText({ ...FACTS, exitCode: 6 }, failed))[0]).toEqual(success);
    expect(readMetrics(metricsText(FACTS, failed))[0]?.value).toBe(AT / 1000);
  });

  it('have no success where none is known: nothing, never 0, and nothing of a damaged file', () => {
    for (const earlier of [
      null,
      '',
      'ebill_last_success_timestamp_seconds{load="x"} NaN\n# EOF\n',
      'ebill_last_success_timestamp_seconds{load="x"y"} 1\n',
      '# ebill_last_success_timestamp_seconds{load="x"} 1\n',
      '\0'.repeat(5000),
    ])
      expect(of({ exitCode: 4 }, earlier).map(({ name }) => name)).toEqual([
        'ebill_last_run_timestamp_seconds',
        'ebill_duration_seconds',
        'ebill_exit_code',
      ]);
  });

  it('escape the name of a load, which is on one line', () => {
    for (const job of ['a"b', 'a\\', 'a\nebill_exit_code{load="x"} 0', '{},="', 'é\u{1f600}'])
      expect(of({ job })[0]?.labels['load']).toBe(job);
    expect(of({ job: 'a\ud800b' })[0]?.labels['load']).toBe('a\ufffdb');
    expect(of({ job: null })[0]?.labels).toEqual({ command: 'run' });
  });

  it('count records by kind and outcome, of final batches alone', () => {
    const final = { phase: 'partial', outcome: 'partial' } as const;
    expect(
      records([
        batch({ kind: 'customer', ...final, recordsSent: 10, successCount: 8, failCount: 1 }),
        batch({ kind: 'customer', ...final, recordsSent: 5, successCount: 5, failCount: 0 }),
        batch({
          kind: 'invoice',
          ...final,
          recordsSent: 4,
          successCount: 3,
          failCount: 1,
          children: [batch({ kind: 'items', phase: 'running', outcome: 'running', recordsSent: 9 })],
        }),
      ]),
    ).toEqual([
      'customer loaded 13',
      'customer rejected 1',
      'customer unaccounted 1',
      'invoice loaded 3',
      'invoice rejected 1',
      'invoice unaccounted 0',
    ]);
  });

  it('leave out what the server does not say', () => {
    const counts = { recordsSent: 5, successCount: null, failCount: null };
    expect(
      records([batch({ kind: 'customer', phase: 'succeeded', outcome: 'succeeded', ...counts })]),
    ).toEqual([]);
    expect(records([batch({ kind: 'customer', phase: 'missing', outcome: 'missing', ...counts })])).toEqual([
      'customer unaccounted 5',
    ]);
  });

  it('count a corrected record as loaded, once', () => {
    const first = batch({
      jobId: 'A',
      kind: 'customer',
      phase: 'partial',
      outcome: 'succeeded',
      recordsSent: 10,
      successCount: 7,
      failCount: 3,
      settled: { corrected: 2, waived: 1 },
    });
    const correction = batch({
      jobId: 'A_COR',
      kind: 'customer',
      phase: 'succeeded',
      outcome: 'succeeded',
      recordsSent: 2,
      successCount: 2,
      failCount: 0,
      corrects: { jobId: 'A', replaces: 2 },
    });
    expect(records([first, correction])).toEqual([
      'customer loaded 9',
      'customer rejected 0',
      'customer unaccounted 0',
      'customer waived 1',
    ]);
  });
});
