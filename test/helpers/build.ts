import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The program is tested as it is shipped: built, and run as a process. Built only when a source is newer. */
export default function build(): void {
  const built = statSync(`${ROOT}dist/main.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (newest(`${ROOT}src`) < built) return;
  execFileSync(process.execPath, [`${ROOT}node_modules/rolldown/bin/cli.mjs`, '-c'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
}

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );
}
