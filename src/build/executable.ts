import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'rolldown';
import { licences, MINIFY, packageVersion } from './build.ts';
import { lockedPackage, ROOT } from './npm-package.ts';
import { slim } from './slim.ts';
import { nodeFor, type Target } from './targets.ts';

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

/** Where Node.js looks for an embedded program, and the mark that says whether there is one. */
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
    input: join(ROOT, 'src', 'build', 'sea-entry.ts'),
    platform: 'node',
    plugins: [slim, embeddedAddons, licences],
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

/** Replaces the modules that look for native code in package folders: the executable carries it as assets. */
const embeddedAddons: Plugin = {
  name: 'embedded-addons',
  resolveId(id, importer) {
    if (id === '@napi-rs/keyring') return `${ADDON}${KEYCHAIN}`;
    if (id === './binding' && /[\\/]fs-native-extensions[\\/]index\.js$/.test(importer ?? ''))
      return `${ADDON}${LOCK}`;
    return null;
  },
  load(id) {
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
