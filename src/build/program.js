import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { codeSplitting, roomPlan } from './chunks.js';
import { licences } from './licences.js';
import { slim } from './slim.js';

const HERE = fileURLToPath(import.meta.url);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Packages that carry native code are installed, not bundled; a keychain is only there where one can be. */
const INSTALLED = ['fs-native-extensions', '@napi-rs/keyring'];

/** The files are CommonJS, which Node starts in less time than it takes to ready itself for an ES module. */
const commonJs = {
  name: 'common-js',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' });
  },
};

/** No rewriting: a stack trace reads as the source does, and its maps are small. */
export const WHOLE_NAMES = { compress: false, mangle: false, codegen: { removeWhitespace: true } };

/**
 * A bundle split at dynamic imports: each command reads only what it needs, and what is bundled need not be
 * installed. Names have no hash, so that a build under a running program's feet replaces like with like.
 */
const config = {
  cwd: ROOT,
  logLevel: 'warn',
  input: { main: 'src/main.ts', shipped: 'src/build/shipped.ts' },
  platform: 'node',
  external: INSTALLED,
  // Nobody imports these files by name but the program itself.
  preserveEntrySignatures: 'allow-extension',
  plugins: [slim, roomPlan, commonJs, licences],
  output: {
    dir: 'dist',
    codeSplitting,
    format: 'cjs',
    minify: WHOLE_NAMES,
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
