import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { licences } from './licences.js';

const HERE = fileURLToPath(import.meta.url);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Packages that carry native code are installed, not bundled; a keychain is only there where one can be. */
const INSTALLED = ['fs-native-extensions', '@napi-rs/keyring'];

/**
 * A bundle split at every dynamic import: each command reads only what it needs, and what is bundled need not be
 * installed. Names have no hash, so that a build under a running program's feet replaces like with like.
 */
const config = {
  cwd: ROOT,
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
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  await build(config);
  await writeShipped();
}

/** Man pages and schemas, from the program just built. */
export async function writeShipped() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { shippedFiles } = await import(new URL('../../dist/shipped.js', import.meta.url).href);
  for (const [name, text] of await shippedFiles(version)) {
    const path = join(ROOT, 'dist', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
