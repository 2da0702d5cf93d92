import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const HERE = fileURLToPath(import.meta.url);

/** Packages that carry native code are installed, not bundled; a keychain is only there where one can be. */
const INSTALLED = ['fs-native-extensions', '@napi-rs/keyring'];

/** The folder of the package a module of node_modules is from; `null` for our own. */
function packageOf(module) {
  const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(module);
  return match?.[1] ?? null;
}

/** What is bundled is passed on, and with it the terms it came under. */
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const folders = new Set();
    for (const chunk of Object.values(bundle)) {
      for (const module of chunk.type === 'chunk' ? chunk.moduleIds : []) {
        const folder = packageOf(module);
        if (folder !== null) folders.add(folder);
      }
    }
    const texts = [...folders].sort().map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)(?:\.|$)/i.test(entry));
      const text =
        file === undefined ? '(no licence file in the package)' : readFileSync(join(folder, file), 'utf8');
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    });
    const source = texts.join(`\n${'-'.repeat(80)}\n\n`);
    this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENCES.txt', source });
  },
};

/**
 * A bundle split at every dynamic import: each command reads only what it needs, and what is bundled need not be
 * installed. Names have no hash, so that a build under a running program's feet replaces like with like.
 */
const config = {
  cwd: dirname(HERE),
  logLevel: 'warn',
  input: { main: 'src/main.ts', context: 'src/context.ts', shipped: 'src/shipped.ts' },
  platform: 'node',
  external: INSTALLED,
  plugins: [licences],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    sourcemap: true,
    // The sources are published elsewhere: lines and columns are all a stack trace needs.
    sourcemapExcludeSources: true,
  },
};

export default config;

// `npm run build`: without what an earlier build left, and without a list of files.
if (process.argv[1] === HERE) {
  rmSync(join(dirname(HERE), 'dist'), { recursive: true, force: true });
  await build(config);
  await writeShipped();
}

/** Man pages and schemas, from the program just built. */
export async function writeShipped() {
  const root = dirname(HERE);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { shippedFiles } = await import(new URL('dist/shipped.js', import.meta.url).href);
  for (const [name, text] of await shippedFiles(version)) {
    const path = join(root, 'dist', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
