import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'rolldown';
import { packageBundle, writeShippedFiles } from './build.ts';
import { makeExecutable } from './executable.ts';
import { ROOT } from './npm-package.ts';
import { HERE, TARGETS } from './targets.ts';

// `npm run build:binary [-- --target win32-x64]`: the executable in `binary/TARGET/`, with licences, man pages and schemas.
const { values } = parseArgs({ options: { target: { type: 'string', default: HERE } } });
const target = TARGETS.find(({ name }) => name === values.target);
if (target === undefined) {
  const names = TARGETS.map(({ name }) => name).join(', ');
  process.stderr.write(`There is no target ${values.target}. Targets: ${names}.\n`);
  process.exitCode = 2;
} else {
  const folder = join(ROOT, 'binary', target.name);
  rmSync(folder, { recursive: true, force: true });
  const path = await makeExecutable(target, folder);
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  await writeDocuments(folder);
  const lines = [
    `Wrote ${relative(process.cwd(), path)}. It runs on its own; licences, man pages and schemas are next to it.`,
  ];
  if (target.name !== HERE) lines.push(`It was not run: this system is ${HERE}.`);
  if (target.name.startsWith('darwin'))
    lines.push('macOS runs it only when it is signed. On a Mac: codesign --force --sign - ebill');
  if (target.name.startsWith('win32'))
    lines.push(
      "Node.js's own signature was removed. Sign it with yours: signtool sign /fd SHA256 /a ebill.exe",
    );
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function writeDocuments(folder: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'ebill-build-'));
  try {
    await build(packageBundle(work, false));
    await writeShippedFiles(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
