/**
 * Parts of packages that would be loaded with the rest and are never used here. In the place of each stands one line, and it
 * throws: should something come to need the part after all, that is an error on the first try and not a wrong answer.
 * `by` is the module that asks, `path` what it asks for.
 */
export const STAND_INS = [
  {
    // Subcommands that are programs of their own; ours are all within. `child_process` brings the network along.
    by: /\/commander\/lib\/command\.js$/,
    path: 'node:child_process',
    code: 'exports.spawn = () => { throw new Error("no subcommand is another program"); };',
  },
  {
    // HTTP/2, which undici speaks only where `allowH2` says so. It brings TLS along, also where there is none.
    by: /\/undici\/lib\/dispatcher\/client\.js$/,
    path: './client-h2.js',
    code: 'module.exports = () => { throw new Error("HTTP/2 is not spoken here"); };',
  },
  {
    // A form as a body takes all of `fetch` with it.
    by: /\/undici\/lib\/dispatcher\/client-h1\.js$/,
    path: '../web/fetch/body.js',
    code: 'exports.extractBody = () => { throw new Error("no form is sent here"); };',
  },
];

const asked = new Set();

/** Leaves out of the bundle what is only ever loaded. A stand-in nobody asks for fails the build: the package has changed. */
export const slim = {
  name: 'slim',
  buildStart() {
    asked.clear();
  },
  resolveId(path, importer) {
    const by = importer?.replaceAll('\\', '/') ?? '';
    const index = STAND_INS.findIndex((one) => one.path === path && one.by.test(by));
    if (index < 0) return null;
    asked.add(index);
    return `\0stand-in:${index}.cjs`;
  },
  load(id) {
    const index = /^\0stand-in:(\d+)\.cjs$/.exec(id)?.[1];
    return index === undefined ? null : { code: STAND_INS[Number(index)].code };
  },
  buildEnd(error) {
    if (error) return;
    const unasked = STAND_INS.filter((_, index) => !asked.has(index));
    if (unasked.length > 0)
      throw new Error(`Nothing asks any more for ${unasked.map(({ path }) => path).join(', ')} (slim.js).`);
  },
};
