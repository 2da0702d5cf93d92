import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build, type Plugin } from 'rolldown';
import { licences, MINIFY, packageBundle, packageVersion, slim, writeShippedFiles } from './build.ts';
import { HERE, lockedPackage, nodeFor, ROOT, TARGETS, type Target } from './targets.ts';

const run = promisify(execFile);

/** Postject has no types. */
const { inject } = createRequire(import.meta.url)('postject') as {
  inject(
    path: string,
    resource: string,
    data: Buffer,
    options: { readonly sentinelFuse: string; readonly machoSegmentName?: string },
  ): Promise<void>;
};

/** Where Node.js looks for an embedded program, and the mark for its presence. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Makes one file that needs nothing else: Node.js of the target with the program as one script, its native code and its
 * version inside (Node.js manual, "Single executable applications"). The same sources, packages and Node.js make the
 * same bytes. The licences of everything in it are written next to it.
 * @returns its path
 */
export async function makeExecutable(target: Target, folder: string): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'ebill-build-'));
  try {
    return await makeIn(work, target, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function makeIn(work: string, target: Target, folder: string): Promise<string> {
  const [node, addons] = await Promise.all([nodeFor(target), addonsFor(target)]);
  await build({
    cwd: ROOT,
    logLevel: 'warn',
    input: ENTRY,
    platform: 'node',
    plugins: [slim, embedding, licences],
    output: {
      file: join(work, 'ebill.cjs'),
      format: 'cjs',
      codeSplitting: false,
      // Within an executable Node.js supports only `require`.
      dynamicImportInCjs: false,
      minify: MINIFY,
    },
  });
  writeFileSync(join(work, 'version'), packageVersion());
  const config = {
    // Relative paths: they are kept, and shown in stack traces.
    main: 'ebill.cjs',
    output: 'ebill.blob',
    disableExperimentalSEAWarning: true,
    // Compiled code works only in the Node.js that compiled it.
    useCodeCache: node.builder === node.path,
    assets: { version: 'version', ...addons.assets },
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  await run(node.builder, ['--random-seed=1', '--experimental-sea-config', 'sea.json'], { cwd: work });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, target.file);
  writeFileSync(path, withoutSignature(readFileSync(node.path)), { mode: 0o755 });
  await silenced(() =>
    inject(path, RESOURCE, readFileSync(join(work, 'ebill.blob')), {
      sentinelFuse: FUSE,
      ...(target.name.startsWith('darwin') ? { machoSegmentName: 'NODE_SEA' } : {}),
    }),
  );
  const texts = [
    readFileSync(join(work, 'THIRD-PARTY-LICENCES.txt'), 'utf8'),
    ...[...addons.licences, { title: `Node.js ${node.version}`, text: node.licence }].map(
      ({ title, text }) => `${title}\n\n${text.trim()}\n`,
    ),
  ];
  writeFileSync(join(folder, 'THIRD-PARTY-LICENCES.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
  return path;
}

/** Postject warns about section names that it does not know. */
async function silenced<T>(work: () => Promise<T>): Promise<T> {
  const { warn, error } = console;
  console.warn = console.error = () => undefined;
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, error });
  }
}

/** Names of the assets with native code: file locks and the keychain. */
const LOCK = 'lock';
const KEYCHAIN = 'keychain';
const ADDON = '\0addon:';
const ENTRY = '\0entry';

/**
 * Replaces the modules that look for native code in package folders: the executable carries it as assets. Starts the program
 * with its version, since there is no package.json to read it from.
 */
const embedding: Plugin = {
  name: 'embedding',
  resolveId(id, importer) {
    if (id === ENTRY) return id;
    if (id === '@napi-rs/keyring') return `${ADDON}${KEYCHAIN}`;
    if (id === './binding' && /[\\/]fs-native-extensions[\\/]index\.js$/.test(importer ?? ''))
      return `${ADDON}${LOCK}`;
    return null;
  },
  load(id) {
    if (id === ENTRY)
      return `import { getAsset } from 'node:sea';
import { start } from ${JSON.stringify(join(ROOT, 'src', 'main.ts'))};
void start(getAsset('version', 'utf8'));`;
    if (!id.startsWith(ADDON)) return null;
    const loader = JSON.stringify(join(ROOT, 'src', 'build', 'sea-addons.ts'));
    return `module.exports = require(${loader}).addon(${JSON.stringify(id.slice(ADDON.length))});`;
  },
};

interface Addons {
  /** Asset name → path. */
  readonly assets: Readonly<Record<string, string>>;
  readonly licences: readonly { readonly title: string; readonly text: string }[];
}

async function addonsFor({ name, keyring }: Target): Promise<Addons> {
  const [locks, keychain] = await Promise.all([
    lockedPackage('fs-native-extensions'),
    lockedPackage(keyring),
  ]);
  const native = readdirSync(keychain).find((file) => file.endsWith('.node'));
  if (native === undefined) throw new Error(`${keyring} has no native code`);
  const licence = (title: string, ...path: string[]) => ({
    title,
    text: readFileSync(join(...path), 'utf8'),
  });
  return {
    assets: {
      [`addon/${LOCK}`]: join(locks, 'prebuilds', name, 'fs-native-extensions.node'),
      [`addon/${KEYCHAIN}`]: join(keychain, native),
    },
    licences: [
      licence('fs-native-extensions', locks, 'LICENSE'),
      licence('@napi-rs/keyring', ROOT, 'node_modules', '@napi-rs', 'keyring', 'LICENSE'),
      licence(`what ${keyring} is made of`, keychain, 'LICENSE.third-party.md'),
    ],
  };
}

/** Of a PE file (PE format, "Optional Header Data Directories"): the fifth data directory is the certificate table. */
const MAGIC_PE32_PLUS = 0x20b;
const CERTIFICATES = 4;

/**
 * Removes the signature of a Windows executable: it would be invalid once the program is inside.
 * @returns any other file unchanged
 */
export function withoutSignature(bytes: Buffer): Buffer {
  if (bytes.toString('latin1', 0, 2) !== 'MZ') return bytes;
  const header = bytes.readUInt32LE(0x3c) + 24;
  if (bytes.readUInt16LE(header) !== MAGIC_PE32_PLUS) return bytes;
  const entry = header + 112 + 8 * CERTIFICATES;
  const [start, size] = [bytes.readUInt32LE(entry), bytes.readUInt32LE(entry + 4)];
  // Certificates are at the end of the file and are not loaded.
  const stripped = Buffer.from(start + size === bytes.length && size > 0 ? bytes.subarray(0, start) : bytes);
  stripped.fill(0, entry, entry + 8);
  return stripped;
}

// `npm run build:binary [-- --target win32-x64]`: the executable in `binary/TARGET/`, with licences, man pages and schemas.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { target: { type: 'string', default: HERE } } });
  const target = TARGETS.find(({ name }) => name === values.target);
  if (target === undefined) {
    const names = TARGETS.map(({ name }) => name).join(', ');
    process.stderr.write(`There is no target ${values.target}. Targets: ${names}.\n`);
    process.exitCode = 2;
  } else await buildBinary(target);
}

async function buildBinary(target: Target): Promise<void> {
  const folder = join(ROOT, 'binary', target.name);
  rmSync(folder, { recursive: true, force: true });
  const path = await makeExecutable(target, folder);
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  const work = mkdtempSync(join(tmpdir(), 'ebill-build-'));
  try {
    await build(packageBundle(work, false));
    await writeShippedFiles(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const lines = [
    `Wrote ${relative(process.cwd(), path)}. It runs on its own; licences, man pages and schemas are next to it.`,
  ];
  if (target.name !== HERE) lines.push(`It was not run: this system is ${HERE}.`);
  if (target.name.startsWith('darwin'))
    lines.push('macOS runs it only when it is signed. On a Mac: codesign --force --sign - ebill');
  if (target.name.startsWith('win32'))
    lines.push(
      "Node.js's own signature was removed. Sign it with yours: signtool sign /fd SHA256 /a ebill.exe",
    );
  process.stdout.write(`${lines.join('\n')}\n`);
}
