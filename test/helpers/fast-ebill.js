// The built program with a clock that waits a fiftieth as long: what a process test would otherwise sleep away.
import { main, systemContext } from '../../dist/main.js';

const context = systemContext();
const SPEED = 50;
process.exitCode = await main(process.argv.slice(2), {
  ...context,
  sleep: (ms, signal) => context.sleep(ms / SPEED, signal),
});
