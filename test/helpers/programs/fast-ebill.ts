import { main, systemContext } from '../../../src/main.ts';
import { fastContext } from './fast-context.ts';

// The built program with a fast clock.
process.exitCode = await main(process.argv.slice(2), fastContext(systemContext()));
