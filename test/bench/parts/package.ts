import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../../src/build/targets.ts';
import type { Fact, Part } from '../part.ts';

const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly entryCount: number;
}

/** Packs the program and installs it into an empty folder. */
export const part: Part = {
  async open({ folder }) {
    const pack = ['pack', ROOT, '--json', '--ignore-scripts', '--pack-destination', folder];
    const { stdout } = await run('npm', pack);
    const [packed] = JSON.parse(stdout) as readonly Packed[];
    if (packed === undefined) throw new Error(`npm pack printed ${stdout}`);
    const into = join(folder, 'installed');
    mkdirSync(into);
    writeFileSync(join(into, 'package.json'), '{ "private": true }\n');
    const options = ['--no-audit', '--no-fund', '--prefer-offline'];
    await run('npm', ['install', ...options, join(folder, packed.filename)], { cwd: into });
    const packages = packagesIn(join(into, 'node_modules'));
    return {
      about: 'npm pack, and npm install into an empty folder',
      candidates: [],
      facts: () => [
        fact('packed', kilobytes(packed.size), 'kB'),
        fact('unpacked', kilobytes(packed.unpackedSize), 'kB'),
        fact('files', packed.entryCount, ''),
        fact('packages installed', packages.length, packages.map(({ name }) => name).join(' ')),
        fact('on the disk, ebill itself', sum(packages.filter(({ name }) => name === 'ebill')), 'kB'),
        fact('on the disk, all', sum(packages), 'kB'),
      ],
    };
  },
};

interface Installed {
  readonly name: string;
  readonly bytes: number;
}

const fact = (name: string, value: number, unit: string): Fact => ({ name, value, unit });
const kilobytes = (bytes: number): number => Math.round(bytes / 1000);
const sum = (packages: readonly Installed[]): number =>
  kilobytes(packages.reduce((total, { bytes }) => total + bytes, 0));

/** The packages in a folder of modules and in those nested in it. */
function packagesIn(modules: string): Installed[] {
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((scoped) => `${name}/${scoped}`) : [name],
  );
  return names
    .filter((name) => !name.startsWith('.'))
    .flatMap((folder) => {
      const path = join(modules, folder);
      const { name } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { name: string };
      return [{ name, bytes: bytesIn(path) }, ...packagesIn(join(path, 'node_modules'))];
    });
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && !join(entry.parentPath, '/').includes('node_modules/', folder.length),
    )
    .reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0);
