import type { Scene } from '../stage.ts';

/** A load from its files to its report. */
export const month: Scene = async ({ run, sample, server, later }) => {
  await sample({ records: 20, bad: 1, itemFiles: 3 });
  await run('validate --customer CUS*.csv --invoice INV*.csv --items ITM*.csv');
  await run('run --init-plan');
  await run('run plan.yaml --dry-run');
  await run('init --job AUG_2020', [[/Start the load/, 'y\r']]);
  await run('upload customer CUS_AUG_2020.csv');
  await run('finalize');
  await run('status');
  await run('watch');
  await run('results --rejects');
  server.addFault('put:items@1=slowdown');
  await run('upload invoice INV_AUG_2020.csv --items ITM*.csv --concurrency 1 --wait');
  await run('report');
  later(7_300_000);
  await run('loads');
  await run('loads show AUG_2020');
  await run('upload customer CUS_AUG_2020.csv');
  await run('');
};
