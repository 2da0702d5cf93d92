import { join } from 'node:path';
import { build, type Plugin } from 'rolldown';
import { ROOT } from '../../src/build/targets.ts';

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
