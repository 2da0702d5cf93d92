// The program's side of the pty: plays one scene and ends.
import { EbillError } from '../../../src/errors.ts';
import { scenes } from './scenes/index.ts';
import { openStage } from './stage.ts';

const scene = scenes[process.argv[2] ?? ''];
if (scene === undefined) throw new EbillError('USAGE', 'No such scene.', { hint: 'See scenes/index.ts.' });
// Many commands share this process's streams.
for (const stream of [process.stdin, process.stdout, process.stderr]) stream.setMaxListeners(100);
const stage = await openStage();
await scene(stage);
await stage.server.close();
// Whatever a command left behind must not keep the terminal open: main itself never needs this.
process.exit(0);
