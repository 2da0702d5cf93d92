import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** Packs the program and installs it into an empty folder. */
export async function prepare({ folder }) {
  const { stdout } = await run('npm', [
    'pack',
    ROOT,
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    folder,
  ]);
  const [packed] = JSON.parse(stdout);
  const into = join(folder, 'installed');
  mkdirSync(into);
  writeFileSync(join(into, 'package.json'), '{ "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', ['install', ...options, join(folder, packed.filename)], { cwd: into });
  return {
    about: 'npm pack, and npm install into an empty folder',
    packed,
    modules: join(into, 'node_modules'),
  };
}

export const candidates = () => [];

export function facts({ packed, modules }) {
  const packages = packagesIn(modules);
  const ours = packages.filter(({ name }) => name === 'ebill');
  return [
    fact('packed', kilobytes(packed.size), 'kB'),
    fact('unpacked', kilobytes(packed.unpackedSize), 'kB'),
    fact('files', packed.entryCount, ''),
    fact('packages installed', packages.length, packages.map(({ name }) => name).join(' ')),
    fact('on the disk, ebill itself', kilobytes(sum(ours)), 'kB'),
    fact('on the disk, all', kilobytes(sum(packages)), 'kB'),
  ];
}

const fact = (name, value, unit) => ({ name, value, unit });
const kilobytes = (bytes) => Math.round(bytes / 1000);
const sum = (packages) => packages.reduce((total, { bytes }) => total + bytes, 0);

/** The packages in a folder of modules, and in those inside them. */
function packagesIn(modules) {
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((own) => `${name}/${own}`) : [name],
  );
  return names
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const folder = join(modules, name);
      const { name: called } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return [{ name: called, bytes: bytesIn(folder) }, ...packagesIn(join(folder, 'node_modules'))];
    });
}

const bytesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && !join(entry.parentPath, '/').includes('node_modules/', folder.length),
    )
    .reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0);
