import { createProgress } from '../../../../src/output/progress/progress.ts';
import type { Scene } from '../stage.ts';

/** What moves, stopped at a moment. */
export const live: Scene = async ({
  run,
  quietly,
  sample,
  file,
  freeze,
  draw,
  later,
  context,
  server,
  env,
}) => {
  await draw('an upload under way', /and 1 more file/, async (ui) => {
    const { listener, stop } = await createProgress(ui, context);
    const files = ['inv_2020_08.csv', 'itm_1.csv', 'itm_2.csv', 'itm_3.csv', 'itm_4.csv'];
    const ids = ['INV', 'ITM_1', 'ITM_2', 'ITM_3', 'ITM_4'].map((id) => `AUG_2020_${id}`);
    listener({ event: 'check.start', files: 5 });
    later(1200);
    listener({ event: 'check.end', files: 5, records: 1_204_337, bytes: 5_100_000_000, bad: 0 });
    files.forEach((file, i) => {
      listener({ event: 'upload.start', jobId: ids[i] ?? '', file, total: 1_000_000_000 });
    });
    for (let second = 1; second <= 8; second += 1) {
      later(1000);
      files.forEach((file, i) => {
        const bytes = second * (12_500_000 - i * 2_000_000);
        listener({ event: 'upload.progress', jobId: ids[i] ?? '', file, bytes, total: 1_000_000_000 });
      });
    }
    return stop;
  });
  await draw('an upload that waits for the answer of the storage', /waiting for the answer/, async (ui) => {
    const { listener, stop } = await createProgress(ui, context);
    for (const [jobId, file, total] of [
      ['AUG_2020_INV', 'inv_2020_08.csv', 20_600],
      ['AUG_2020_ITM_1', 'itm_1.csv', 1_000_000],
    ] as const) {
      listener({ event: 'upload.start', jobId, file, total });
      later(1000);
      listener({ event: 'upload.progress', jobId, file, bytes: 20_600, total });
    }
    later(3000);
    return () => {
      const upload = {
        event: 'upload.end',
        file: 'inv_2020_08.csv',
        jobId: 'AUG_2020_INV',
        ms: 4000,
      } as const;
      const reason = 'the storage refused it (HTTP 403, Access Denied)';
      listener({ ...upload, bytes: 20_600, total: 20_600, ok: false, reason });
      stop();
    };
  });
  await draw('a check under way', /1.2 GB\/5.1 GB|23%/, async (ui) => {
    const { listener, stop } = await createProgress(ui, context);
    listener({ event: 'check.start', files: 5 });
    for (let second = 1; second <= 4; second += 1) {
      later(1000);
      listener({ event: 'check.progress', bytes: second * 300_000_000, total: 5_100_000_000 });
    }
    return stop;
  });
  await draw('results being fetched, of which one has not started', /MB\/s/, async (ui) => {
    const { listener, stop } = await createProgress(ui, context);
    listener({ event: 'wait.start', message: 'fetching result files' });
    later(2000);
    listener({ event: 'wait.progress', bytes: 24_000_000, total: null });
    // What comes and goes meanwhile does not take its place.
    listener({ event: 'wait.start', message: 'asking for AUG_2020_ITM_4' });
    later(500);
    listener({ event: 'wait.end' });
    return stop;
  });
  await sample({ records: 20, itemFiles: 3 });
  await quietly('init --job AUG_2020 --yes');
  await quietly('upload invoice INV_AUG_2020.csv --items ITM*.csv --concurrency 1 --finalize');
  freeze(3, /next poll in/);
  await run('watch');
  // The next month has other records.
  await sample({ records: 20, itemFiles: 3, month: 'SEP_2020', seed: 2 });
  const invoice = '  - file: INV_SEP_2020.csv\n    items: [ITM_SEP_2020_*.csv]\n';
  file('plan.yaml', `job: SEP_2020\ninit: {}\ncustomers: [CUS_SEP_2020.csv]\ninvoices:\n${invoice}`);
  freeze(12, /next poll in/);
  await run('run plan.yaml --concurrency 1', [[/Start the load/, 'y\r']]);
  // What cannot be undone is listed first: nothing is sent before the answer.
  await quietly(`profile add prod --base-url ${server.apiUrl} --auth bearer --production`);
  env['EBILL_PROFILE'] = 'prod';
  await sample({ records: 20, itemFiles: 3, month: 'OCT_2020', seed: 3 });
  await run('init --job OCT_2020', [[/Start the load/, 'y\r']]);
  await run('upload customer CUS_OCT_2020.csv', [[/Continue on/, 'y\r']]);
  await run('upload invoice INV_OCT_2020.csv --items ITM_OCT_2020_*.csv', [[/Continue on/, 'n\r']]);
  await run('finalize', [[/Continue on/, 'n\r']]);
};
