import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build as bundle, type Plugin } from 'rolldown';
import { chunkPlan, codeSplitting } from './chunks.ts';
import { ROOT } from './npm-package.ts';
import { slim } from './slim.ts';

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
  plugins: [slim, chunkPlan, commonJs, licences],
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
  const files = ['package.json', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'];
  for (const path of [...inFolders, ...files.map((name) => join(ROOT, name))])
    chmodSync(path, path === join(ROOT, 'bin', 'ebill.js') ? 0o755 : 0o644);
}

// `npm run build`; before packing `npm run build -- --modes`.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPackage();
  if (process.argv.includes('--modes')) setModes();
}
