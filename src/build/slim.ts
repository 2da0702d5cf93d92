import type { Plugin } from 'rolldown';

/**
 * Modules of packages that would be loaded with the rest but are never used. Each is replaced by a stub that throws, so a
 * use that we did not foresee is an error and not a wrong answer. `importer` is the module that asks for `path`.
 */
const STUBS = [
  {
    // Subcommands that are programs of their own; we have none. `child_process` would load the network modules.
    importer: /\/commander\/lib\/command\.js$/,
    path: 'node:child_process',
    code: 'exports.spawn = () => { throw new Error("no subcommand is another program"); };',
  },
  {
    // HTTP/2, which undici uses only with `allowH2`. It would load TLS even for plain HTTP.
    importer: /\/undici\/lib\/dispatcher\/client\.js$/,
    path: './client-h2.js',
    code: 'module.exports = () => { throw new Error("HTTP/2 is not supported"); };',
  },
  {
    // A form as a request body, which would load all of `fetch`.
    importer: /\/undici\/lib\/dispatcher\/client-h1\.js$/,
    path: '../web/fetch/body.js',
    code: 'exports.extractBody = () => { throw new Error("form bodies are not supported"); };',
  },
  {
    // Tables are measured with `textWidth` (src/output/table.ts).
    importer: /\/cli-table3\/src\/utils\.js$/,
    path: 'string-width',
    code: 'module.exports = () => { throw new Error("text is not measured by cli-table3"); };',
  },
  {
    // Tables are coloured before they are drawn.
    importer: /\/cli-table3\/src\/cell\.js$/,
    path: '@colors/colors/safe',
    code: 'throw new Error("cells are not coloured by cli-table3");',
  },
];

const used = new Set<number>();

/** Puts the stubs into the bundle. A stub that nothing imports fails the build: the package has changed. */
export const slim: Plugin = {
  name: 'slim',
  buildStart() {
    used.clear();
  },
  resolveId(path, importer) {
    const from = importer?.replaceAll('\\', '/') ?? '';
    const index = STUBS.findIndex((stub) => stub.path === path && stub.importer.test(from));
    if (index < 0) return null;
    used.add(index);
    return `\0stub:${index}.cjs`;
  },
  load(id) {
    const index = /^\0stub:(\d+)\.cjs$/.exec(id)?.[1];
    return index === undefined ? null : { code: STUBS[Number(index)]?.code ?? '' };
  },
  buildEnd(error) {
    if (error) return;
    const unused = STUBS.filter((_, index) => !used.has(index)).map(({ path }) => path);
    if (unused.length > 0)
      throw new Error(`Nothing imports ${unused.join(', ')} any more (src/build/slim.ts).`);
  },
};
