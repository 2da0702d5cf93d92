import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build as bundle } from 'rolldown';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The program is tested as it is shipped: built, and run as a process. Built only when a source is newer. */
export default async function build(): Promise<void> {
  const built = statSync(`${ROOT}dist/main.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (newest(`${ROOT}src`) < built) return;
  const config: { default: BuildOptions; writeShipped(): Promise<void> } = await import(
    `${ROOT}src/build/program.js`
  );
  await bundle(config.default);
  await config.writeShipped();
}

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );
}
