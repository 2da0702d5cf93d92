import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'postject';
import { build } from 'rolldown';
import { addonsFor, carriedAddons } from './addons.js';
import { licences } from './licences.js';
import { nodeFor } from './node.js';
import { ROOT } from './paths.js';
import { WHOLE_NAMES } from './program.js';
import { slim } from './slim.js';
import { unsigned } from './unsigned.js';

const run = promisify(execFile);

/** The mark in Node.js that says whether something was put into it, and where it looks for that. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const RESOURCE = 'NODE_SEA_BLOB';

/**
 * Makes one file that needs nothing else: Node.js of the target, and within it the program as one script, its native code
 * and its version (Node.js, "Single executable applications").
 * The same sources, packages and Node.js make the same bytes.
 * @param {string} folder where it is put, with the licences of all that is in it
 * @returns {Promise<string>} its path
 */
export async function makeExecutable(target, folder) {
  const work = mkdtempSync(join(tmpdir(), 'ebill-build-'));
  try {
    return await makeIn(work, target, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function makeIn(work, target, folder) {
  const [node, addons] = await Promise.all([nodeFor(target), addonsFor(target)]);
  await build({
    cwd: ROOT,
    logLevel: 'warn',
    input: join(ROOT, 'src', 'build', 'starter.js'),
    platform: 'node',
    plugins: [slim, carriedAddons, licences],
    output: {
      file: join(work, 'ebill.cjs'),
      format: 'cjs',
      codeSplitting: false,
      // Within an executable Node.js knows require alone.
      dynamicImportInCjs: false,
      minify: WHOLE_NAMES,
    },
  });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  writeFileSync(join(work, 'version'), version);
  const config = {
    // Relative: the names are kept, and are seen in stack traces.
    main: 'ebill.cjs',
    output: 'ebill.blob',
    disableExperimentalSEAWarning: true,
    // Compiled code is good for the very Node.js that compiled it.
    useCodeCache: node.builder === node.path,
    assets: { version: 'version', ...addons.assets },
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  await run(node.builder, ['--random-seed=1', '--experimental-sea-config', 'sea.json'], { cwd: work });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, target.file);
  writeFileSync(path, unsigned(readFileSync(node.path)), { mode: 0o755 });
  await quietly(() =>
    inject(path, RESOURCE, readFileSync(join(work, 'ebill.blob')), {
      sentinelFuse: FUSE,
      ...(target.name.startsWith('darwin') ? { machoSegmentName: 'NODE_SEA' } : {}),
    }),
  );
  const terms = [...addons.licences, { title: `Node.js ${node.version}`, text: node.licence }];
  const bundled = readFileSync(join(work, 'THIRD-PARTY-LICENCES.txt'), 'utf8');
  const line = `\n${'-'.repeat(80)}\n\n`;
  writeFileSync(
    join(folder, 'THIRD-PARTY-LICENCES.txt'),
    [bundled, ...terms.map(({ title, text }) => `${title}\n\n${text.trim()}\n`)].join(line),
  );
  return path;
}

/** The injector tells of section names it does not know, of no use to anybody. */
async function quietly(work) {
  const { warn, error } = console;
  console.warn = console.error = () => undefined;
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, error });
  }
}
