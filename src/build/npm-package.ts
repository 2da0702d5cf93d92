import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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
