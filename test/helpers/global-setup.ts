import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type InputOptions, type Plugin } from 'rolldown';
import { buildPackage } from '../../src/build/build.ts';
import { ROOT } from '../../src/build/targets.ts';
import { COMPILED, COUNT_IO, FAST_EBILL, LIST_MODULES, MONTH_EBILL } from './programs.ts';

/**
 * Builds the program, which is tested as it is shipped, and the programs that tests run, if a source is newer. Puts all
 * temporary folders of the run into one, and removes it at the end.
 */
export default async function setup(): Promise<(() => void) | undefined> {
  if (newest(join(ROOT, 'src')) >= built(join(ROOT, 'dist', 'main.js'))) await buildPackage();
  const outputs = [FAST_EBILL, MONTH_EBILL, COUNT_IO, LIST_MODULES];
  if (newest(import.meta.dirname) >= Math.min(...outputs.map(built))) await compilePrograms();
  return oneTemporaryFolder();
}

/** Each project of a run calls the setup; the first one makes the folder, and removes it. */
function oneTemporaryFolder(): (() => void) | undefined {
  if (process.env['EBILL_TEST_RUN'] !== undefined) return undefined;
  const folder = realpathSync(mkdtempSync(join(inMemory() ?? tmpdir(), 'ebill-run-')));
  // Some tests run the program as another user, who has to get through.
  chmodSync(folder, 0o755);
  process.env['EBILL_TEST_RUN'] = folder;
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A file system in memory with room for all temporary files, from which programs can be run. */
function inMemory(): string | null {
  const folder = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < 4 * 1024 ** 3) return null;
    const program = join(mkdtempSync(join(folder, 'ebill-run-')), 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    const { status } = spawnSync(program);
    rmSync(dirname(program), { recursive: true });
    return status === 0 ? folder : null;
  } catch {
    return null;
  }
}

const built = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );
}

async function compilePrograms(): Promise<void> {
  const source = (name: string): string => join(import.meta.dirname, 'programs', `${name}.ts`);
  const options: InputOptions = { cwd: ROOT, logLevel: 'warn', platform: 'node', plugins: [builtProgram] };
  await build({
    ...options,
    input: ['fast-ebill', 'month-ebill'].map(source),
    output: { dir: COMPILED, format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
  });
  for (const [name, file] of [
    ['count-io', COUNT_IO],
    ['list-modules', LIST_MODULES],
  ] as const)
    await build({ ...options, input: source(name), output: { file, format: 'cjs' } });
}

/** The test programs run the built program, whatever its sources look like by then. */
const builtProgram: Plugin = {
  name: 'built-program',
  resolveId: (id) =>
    id.endsWith('/src/main.ts')
      ? { id: pathToFileURL(join(ROOT, 'dist', 'main.js')).href, external: true }
      : null,
};
