// The built program with a fast clock, and names of the test's own: EBILL_TEST_NAMES = { name: address }.
import { main, systemContext } from '../../dist/main.js';

const context = systemContext();
const names = JSON.parse(process.env.EBILL_TEST_NAMES ?? '{}');
process.exitCode = await main(process.argv.slice(2), {
  ...context,
  sleep: (ms, signal) => context.sleep(ms / 50, signal),
  lookup: (name, options, callback) => {
    const address = names[name];
    const family = address?.includes(':') ? 6 : 4;
    if (address === undefined) context.lookup(name, options, callback);
    else if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  },
});
