import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from '../../src/build/build.ts';
import { ROOT } from '../../src/build/npm-package.ts';

/** Builds the program if a source is newer: it is tested as it is shipped. */
export default async function setup(): Promise<void> {
  const built = statSync(join(ROOT, 'dist', 'main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (newest(join(ROOT, 'src')) >= built) await buildPackage();
}

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );
}
