import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npmPackage } from './npm-package.js';
import { BUILDERS, HERE } from './targets.js';

/**
 * The Node.js that goes into the executable of a target: for this system the one that runs, for others npm's.
 * @returns {Promise<{ path: string, builder: string, version: string, licence: string }>} `builder`: the same version,
 *   for this system
 */
export async function nodeFor({ name, node }) {
  if (name === HERE) {
    const path = process.execPath;
    const licence = near(path) ?? (await licenceOf(process.versions.node));
    return { path, builder: path, version: process.versions.node, licence };
  }
  const { version } = node;
  const path = join(await npmPackage(node), node.file);
  const builder = version === process.versions.node ? process.execPath : await fetched(version);
  return { path, builder, version, licence: await licenceOf(version) };
}

/** Where installations of Node.js keep their licence. */
function near(path) {
  const prefix = dirname(dirname(path));
  const found = [join(prefix, 'LICENSE'), join(prefix, 'share', 'doc', 'nodejs', 'LICENSE')].find(existsSync);
  if (found === undefined) return null;
  const text = readFileSync(found, 'utf8');
  return text.includes('Node.js') ? text : null;
}

function pinned(version) {
  const found = BUILDERS.find((one) => one.version === version);
  if (found === undefined)
    throw new Error(
      `The licence of Node.js ${version} was not found. Build with Node.js ${BUILDERS[0].version}.`,
    );
  return npmPackage(found);
}

async function fetched(version) {
  if (HERE !== 'linux-x64') throw new Error('Executables for other systems are made on Linux x64.');
  const found = BUILDERS.find((one) => one.version === version);
  return join(await pinned(version), found.file);
}

async function licenceOf(version) {
  return readFileSync(join(await pinned(version), 'LICENSE'), 'utf8');
}
