import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'rolldown';
import { ROOT } from '../../src/build/targets.ts';
import type { Order, Report } from './worker.ts';

const HERE = import.meta.dirname;
const FILE_SYSTEM = new Set(['node:fs/promises', 'node:fs', 'fs-native-extensions']);

/** The program with its file system, its locks and its network replaced by simulated ones. */
const simulated: Plugin = {
  name: 'simulated',
  resolveId(id, importer = '') {
    if (importer.startsWith(HERE)) return null;
    if (FILE_SYSTEM.has(id)) return join(HERE, 'fs.ts');
    if (/(?:^|\/)transport\.ts$/.test(id)) return join(HERE, 'network.ts');
    return null;
  },
};

/**
 * Bundles `worker.ts` with the program.
 * @param change of a source, to prove that the simulation sees a program that is broken
 */
export async function bundleSimulation(file: string, change: Plugin[] = []): Promise<void> {
  await build({
    cwd: ROOT,
    logLevel: 'warn',
    platform: 'node',
    external: ['@napi-rs/keyring'],
    input: join(HERE, 'worker.ts'),
    plugins: [simulated, ...change],
    output: { file, format: 'es', codeSplitting: false },
  });
}

/** Runs a bundle in a process of its own. @returns its output */
export async function runWorker(program: string, order: Order): Promise<string> {
  const args = ['--max-old-space-size=768', program, JSON.stringify(order)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 });
  return stdout;
}

export const play = async (program: string, order: Order): Promise<Report> =>
  JSON.parse(await runWorker(program, order)) as Report;
