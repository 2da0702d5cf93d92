/**
 * Parts of packages that are loaded with the rest but never used here, and what stands in their place. Each is asked for by
 * exactly the modules named, so that a new use of it fails the build's test and not a user.
 */
const STAND_INS = [
  {
    // commander starts other programs as subcommands; ours are all within. `child_process` brings the network along.
    asked: 'node:child_process',
    by: /[\\/]commander[\\/]lib[\\/]command\.js$/,
    code: 'export function spawn() { throw new Error("no subcommand is another program"); }',
  },
];

/** Leaves out of the bundle what is only ever loaded. */
export const slim = {
  name: 'slim',
  resolveId(asked, importer) {
    const index = STAND_INS.findIndex((one) => one.asked === asked && one.by.test(importer ?? ''));
    return index < 0 ? null : `\0stand-in:${index}`;
  },
  load(id) {
    const index = /^\0stand-in:(\d+)$/.exec(id)?.[1];
    return index === undefined ? null : { code: STAND_INS[Number(index)].code, moduleSideEffects: false };
  },
};
