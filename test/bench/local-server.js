import { fileURLToPath } from 'node:url';

/** The built program. */
export const EBILL = fileURLToPath(new URL('../../bin/ebill.js', import.meta.url));

/** A module of the program, compiled by `npm run bench`. */
export const compiled = (path) =>
  import(new URL(`../../node_modules/.cache/ebill-modules/${path}`, import.meta.url).href);

/** The eBill server that comes with the program, in this process: its CPU is in nobody's figures. */
export async function localServer(options) {
  const { startSandbox } = await compiled('sandbox/index.js');
  return startSandbox(options);
}
