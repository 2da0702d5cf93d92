import { main, systemContext } from '../../../src/main.ts';
import { fastContext } from './fast-context.ts';

// The built program with a fast clock and host names of the test: EBILL_TEST_NAMES = { name: address }.
const context = fastContext(systemContext());
const names = JSON.parse(process.env['EBILL_TEST_NAMES'] ?? '{}') as Readonly<Record<string, string>>;

process.exitCode = await main(process.argv.slice(2), {
  ...context,
  lookup: (name, options, callback) => {
    const address = names[name];
    if (address === undefined) return context.lookup(name, options, callback);
    const family = address.includes(':') ? 6 : 4;
    if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  },
});
