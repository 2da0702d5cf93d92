import { it } from 'vitest';
import { machine, sandbox } from './harness.ts';
import { collide } from './same-object.ts';

it('64 times two processes upload one file name to two loads, and one of them is refused', async () => {
  const server = await sandbox();
  const at = machine(server);
  for (let round = 1; round <= 64; round += 1) await collide(server, at, round, at.run);
}, 600_000);
