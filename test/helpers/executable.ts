import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeExecutable } from '../../src/build/executable.ts';
import { CACHE, HERE, ROOT, TARGETS } from '../../src/build/targets.ts';

const EXECUTABLES = join(CACHE, 'executables');

/** The executable for this system; kept while sources, packages and Node.js stay the same. */
export async function executable(): Promise<string> {
  const folder = join(EXECUTABLES, sourcesKey());
  const made = join(folder, 'ebill');
  if (existsSync(made)) return made;
  const target = TARGETS.find(({ name }) => name === HERE);
  if (target === undefined) throw new Error(`No executable is made for ${HERE}`);
  // A hundred megabytes each: remove those of earlier sources.
  rmSync(EXECUTABLES, { recursive: true, force: true });
  mkdirSync(EXECUTABLES, { recursive: true });
  const work = mkdtempSync(join(EXECUTABLES, '.new-'));
  await makeExecutable(target, work);
  renameSync(work, folder);
  return made;
}

function sourcesKey(): string {
  const hash = createHash('sha256').update(process.version);
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of [...sources, join(ROOT, 'package.json'), join(ROOT, 'package-lock.json')])
    hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}
