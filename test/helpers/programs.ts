import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the global setup puts the programs of `programs/`, compiled. */
export const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/ebill-test/', import.meta.url));

/** The built program with a fast clock. */
export const FAST_EBILL = join(COMPILED, 'fast-ebill.mjs');
/** The same running a whole load, with crashes and disk faults. */
export const MONTH_EBILL = join(COMPILED, 'month-ebill.mjs');
/** To be `--require`d: counts flushes and bytes read. */
export const COUNT_IO = join(COMPILED, 'count-io.cjs');
/** To be `--require`d: lists loaded modules. */
export const LIST_MODULES = join(COMPILED, 'list-modules.cjs');
