import { journalPath } from '../../../../src/load/journal-places.ts';
import { lockLoad } from '../../../../src/system/lock.ts';
import type { Scene } from '../stage.ts';

/** What goes wrong: the call, the files, the authorisation, the network, a conflict, a loss. */
export const trouble: Scene = async ({ run, quietly, freeze, file, server, env, context }) => {
  file('cus.csv', 'Account Number,Name\n1,Ann\n2,Bob\n3,Cid\n');
  file('bad.csv', 'Account Number,Name\n1,Ann,extra\n2,"Bob\n');
  await run('stauts');
  await run('watch --intervall 5s');
  await run('status');
  await run('upload customer nope.csv --job AUG_2020');
  await run('upload customer bad.csv --job AUG_2020');
  await quietly('init --job AUG_2020 --yes');
  env['EBILL_TOKEN'] = 'wrong-token';
  await run('upload customer cus.csv');
  env['EBILL_TOKEN'] = 'test-token-1';
  await quietly('upload customer cus.csv');
  const lock = await lockLoad(
    context,
    journalPath(context.paths.state, { baseUrl: server.apiUrl }, 'AUG_2020'),
    { job: 'AUG_2020', command: 'ebill upload invoice' },
    () => undefined,
  );
  freeze(3, /waiting for ebill/);
  await run('finalize');
  await lock.release();
  file('cus.csv', 'Account Number,Name\n1,Ann\n2,Bob\n3,Cid\n4,Dee\n');
  await run('upload customer cus.csv', [[/How\s+do\s+you\s+want/, '1\r']]);
  await run('watch');
  server.addFault('finalize[AUG_2020_CUS]=lose-records:1');
  await quietly('finalize');
  await run('watch --max-wait 4s');
  await run('watch');
  server.addFault('create=status:400');
  file('inv.csv', 'Invoice Number,Amount\n1,2.00\n');
  await run('upload invoice inv.csv');
  server.addFault('status@*=status:503');
  await run('status --job-id AUG_2020_CUS --verbose --retries 1');
  freeze(4, /no answer/);
  await run('watch --job-id AUG_2020_CUS --patience 20s --retries 0');
  env['EBILL_BASE_URL'] = 'http://127.0.0.1:1';
  await run('status --job AUG_2020 --retries 2');
};
