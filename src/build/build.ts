import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build as bundle, type Plugin } from 'rolldown';
import { ROOT } from './targets.ts';

/** Packages with native code are installed, not bundled. The keychain is optional. */
const INSTALLED = ['fs-native-extensions', '@napi-rs/keyring'];

/** Names stay as they are: a stack trace reads as the source does, and the source maps are small. */
export const MINIFY = { compress: false, mangle: false, codegen: { removeWhitespace: true } };

/** Node.js starts CommonJS faster than ES modules. */
const commonJs: Plugin = {
  name: 'common-js',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' });
  },
};

/**
 * Exports values that never change as plain properties. The bundler writes a getter for each, which V8 compiles as a function
 * of its own at every start.
 */
const plainExports: Plugin = {
  name: 'plain-exports',
  generateBundle(_options, output) {
    for (const chunk of Object.values(output)) {
      if (chunk.type !== 'chunk') continue;
      // Getters of packages are elsewhere in the file; only at its end they change no place in the source map.
      chunk.code = chunk.code.replace(EXPORTS, (getters) =>
        getters.replace(GETTER, (getter, exported: string, local: string) =>
          isAssignedAgain(chunk.code, local) ? getter : `exports.${exported}=${local};`,
        ),
      );
    }
  },
};

const GETTER =
  /Object\.defineProperty\(exports,"([\w$]+)",\{enumerable:true,get:function\(\)\{return ([\w$]+)\}\}\);/g;
const EXPORTS = new RegExp(String.raw`(?:${GETTER.source})+(?=\s*(?://# sourceMappingURL=.*)?\s*$)`);

/** Whether a binding may get another value than its first. A local variable of the same name makes it look so, too. */
function isAssignedAgain(code: string, local: string): boolean {
  const name = local.replaceAll('$', '\\$');
  const count = (pattern: string): number => code.match(new RegExp(pattern, 'g'))?.length ?? 0;
  const declared = count(`(?:function\\*?|class) ${name}(?![\\w$])`);
  const initialised = count(`(?:const|var) ${name}=`);
  const assigned = count(`(?<![\\w$.])${name}(?:[-+*/%&|^?<>]{0,3}=(?![=>])|\\+\\+|--)`);
  return declared + initialised !== 1 || assigned !== initialised;
}

/** Writes the licences of all bundled packages next to the bundle, as their terms ask for. */
export const licences: Plugin = {
  name: 'licences',
  generateBundle(_options, output) {
    const folders = new Set<string>();
    for (const chunk of Object.values(output)) {
      for (const module of chunk.type === 'chunk' ? chunk.moduleIds : []) {
        const folder = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(module)?.[1];
        if (folder !== undefined) folders.add(folder);
      }
    }
    const source = [...folders]
      .sort()
      .map(licenceOf)
      .join(`\n${'-'.repeat(80)}\n\n`);
    this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENCES.txt', source });
  },
};

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  const file = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)(?:\.|$)/i.test(entry));
  const text =
    file === undefined ? '(no licence file in the package)' : readFileSync(join(folder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

/**
 * A bundle split at dynamic imports: each command reads only what it needs, and no bundled package needs to be installed.
 * File names have no hash: a rebuild under a running program replaces each file by its successor.
 * @param dir where the files go
 */
export const packageBundle = (dir: string, sourcemap = true): BuildOptions => ({
  cwd: ROOT,
  logLevel: 'warn',
  // rolldown only warns of an import it cannot resolve. Here it means that a package has moved a module (undici's are
  // imported one by one), and the program would fail at run time.
  onLog: (level, log, handle) => handle(log.code === 'UNRESOLVED_IMPORT' ? 'error' : level, log),
  input: { main: 'src/main.ts', shipped: 'src/build/shipped.ts' },
  platform: 'node',
  external: INSTALLED,
  // Only the program itself imports these files.
  preserveEntrySignatures: 'allow-extension',
  plugins: [slim, chunkPlan, commonJs, plainExports, licences],
  output: {
    dir,
    cleanDir: true,
    codeSplitting,
    format: 'cjs',
    minify: MINIFY,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    sourcemap,
    // The sources are published elsewhere; a stack trace needs lines and columns only.
    sourcemapExcludeSources: true,
  },
});

/** Builds `dist/`: the program, man pages and JSON schemas. */
export async function buildPackage(): Promise<void> {
  const dist = join(ROOT, 'dist');
  await bundle(packageBundle(dist));
  await writeShippedFiles(dist, dist);
}

/**
 * Writes man pages and JSON schemas into `folder`.
 * @param dist a built bundle
 */
export async function writeShippedFiles(dist: string, folder: string): Promise<void> {
  const { shippedFiles } = (await import(pathToFileURL(join(dist, 'shipped.js')).href)) as {
    shippedFiles(version: string): Promise<ReadonlyMap<string, string>>;
  };
  for (const [name, text] of await shippedFiles(packageVersion())) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Sets the modes of all packed files, so that the tarball does not depend on the umask of the builder. */
function setModes(): void {
  const inFolders = ['bin', 'dist'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const files = [
    'package.json',
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'LICENSE',
    'src/build/Containerfile',
    '.github/actions/setup-ebill/action.yml',
    '.github/workflows/load.yml',
  ];
  for (const path of [...inFolders, ...files.map((name) => join(ROOT, name))])
    chmodSync(path, path === join(ROOT, 'bin', 'ebill.js') ? 0o755 : 0o644);
}

/**
 * Which modules share a file. To find and read a file costs more than unused code in it, which V8 only scans. So what
 * every command needs is one file, and what every command that talks to a server needs is another.
 */
const CHUNKS: readonly { readonly name: string; readonly roots: readonly string[] }[] = [
  { name: 'start', roots: ['src/system/context.ts', 'src/system/startup-failure.ts'] },
  { name: 'program', roots: ['src/program.ts'] },
  { name: 'page', roots: ['src/help/text.ts'] },
  { name: 'parse', roots: ['src/parse.ts', 'src/commands/shared/selection.ts'] },
  // Options that only some commands have: a usage error of the others does not need them.
  { name: 'upload-options', roots: ['src/commands/shared/upload-options.ts'] },
  // Commands use it beside their options; in a later chunk it would bring the network.
  { name: 'verdict', roots: ['src/batch/verdict.ts'] },
  // For `--json`.
  { name: 'json', roots: ['src/output/json.ts'] },
  // What asks the server, and shows the answer.
  {
    name: 'session',
    roots: [
      ...['session', 'targets', 'batch-result'].map((name) => `src/commands/shared/${name}.ts`),
      'src/load/refresh.ts',
    ],
  },
  // What changes something.
  { name: 'steps', roots: ['wait', 'load-steps'].map((name) => `src/commands/shared/${name}.ts`) },
];

/** Module id → the name of its chunk; known after all modules are. */
const chunkOf = new Map<string, string>();

/** Gives each module to the first chunk whose roots need it, by static imports only. */
const chunkPlan: Plugin = {
  name: 'chunk-plan',
  buildEnd(error) {
    if (error) return;
    chunkOf.clear();
    const ids = [...this.getModuleIds()];
    for (const { name, roots } of CHUNKS) {
      const waiting = roots.map((root) => moduleAt(ids, root));
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        if (chunkOf.has(id)) continue;
        chunkOf.set(id, name);
        waiting.push(...(this.getModuleInfo(id)?.importedIds ?? []));
      }
    }
  },
};

export const codeSplitting = {
  // A module stays in the chunk it was given to, whichever chunk imports it first.
  includeDependenciesRecursively: false,
  groups: CHUNKS.map(({ name }, i) => ({
    name,
    priority: CHUNKS.length - i,
    test: (id: string) => chunkOf.get(id) === name,
  })),
};

function moduleAt(ids: readonly string[], path: string): string {
  const found = ids.find((id) => id.replaceAll('\\', '/').endsWith(`/${path}`));
  if (found === undefined)
    throw new Error(`CHUNKS in src/build/build.ts names ${path}, which is not in the program.`);
  return found;
}

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
      throw new Error(`Nothing imports ${unused.join(', ')} any more (src/build/build.ts).`);
  },
};

// `npm run build`; before packing `npm run build -- --modes`.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPackage();
  if (process.argv.includes('--modes')) setModes();
}
