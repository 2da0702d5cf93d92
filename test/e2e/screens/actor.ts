// The program's side of the pty: plays the scenes it gets, one after the other.
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { EbillError } from '../../../src/errors.ts';
import { cueText, type Order } from './cue.ts';
import { scenes } from './scenes/index.ts';
import { openStage, signalled } from './stage.ts';

const [, , orderFile = ''] = process.argv;
// Many commands share this process and its streams.
for (const emitter of [process, process.stdin, process.stdout, process.stderr]) emitter.setMaxListeners(0);

for (;;) {
  const ordered = signalled();
  process.stdout.write(cueText('ready'));
  await ordered;
  const { scene, columns, root } = JSON.parse(readFileSync(orderFile, 'utf8')) as Order;
  const play = scenes[scene];
  if (play === undefined) throw new EbillError('USAGE', 'No such scene.', { hint: 'See scenes/index.ts.' });
  while (process.stdout.columns !== columns) await turn();
  const stage = await openStage(root);
  await play(stage);
  await stage.server.close();
}
