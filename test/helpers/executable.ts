import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'ebill-build', 'executables');

interface Build {
  readonly executable: { makeExecutable(target: unknown, folder: string): Promise<string> };
  readonly targets: { readonly TARGETS: readonly { readonly name: string }[]; readonly HERE: string };
}

/** The executable of this system, made once of the same sources, packages and Node.js. */
export async function executable(): Promise<string> {
  const folder = join(CACHE, sourcesKey());
  const made = join(folder, 'ebill');
  if (existsSync(made)) return made;
  const { executable, targets } = await buildModules();
  mkdirSync(CACHE, { recursive: true });
  // Each is a hundred megabytes: those of earlier sources go.
  for (const name of readdirSync(CACHE)) rmSync(join(CACHE, name), { recursive: true, force: true });
  const work = mkdtempSync(join(CACHE, '.new-'));
  await executable.makeExecutable(
    targets.TARGETS.find(({ name }) => name === targets.HERE),
    work,
  );
  renameSync(work, folder);
  return made;
}

/** What builds the package has no types; it is not part of the program. */
async function buildModules(): Promise<Build> {
  const [executable, targets] = await Promise.all(
    ['executable', 'targets'].map((name) => import(join(ROOT, 'src', 'build', `${name}.js`))),
  );
  return { executable, targets };
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
