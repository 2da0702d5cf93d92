import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import { ROOT } from './paths.js';
import program from './program.js';

/** What goes with an executable for those who read: its licence, the man pages and the JSON schemas. It runs without. */
export async function writeBeside(folder, version) {
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  const work = mkdtempSync(join(tmpdir(), 'ebill-build-'));
  try {
    await build({ ...program, output: { ...program.output, dir: work, sourcemap: false } });
    const { shippedFiles } = createRequire(import.meta.url)(join(work, 'shipped.js'));
    for (const [name, text] of await shippedFiles(version)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
