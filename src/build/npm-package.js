import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE } from './paths.js';

const run = promisify(execFile);

/**
 * A package of npm, fetched but not installed: for systems other than this one npm would refuse to install it.
 * @param {{ package: string, version: string, integrity: string }} wanted with its checksum as in a lock file
 * @returns {Promise<string>} the folder of its files
 */
export async function npmPackage({ package: name, version, integrity }) {
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
    const archive = join(work, JSON.parse(stdout)[0].filename);
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

/** A package of the lock file, for whatever system: installed here, or fetched as the lock file says. */
export async function lockedPackage(name, root) {
  const installed = join(root, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  return npmPackage({ package: name, version, integrity });
}
