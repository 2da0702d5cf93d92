import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBeside } from './beside.js';
import { makeExecutable } from './executable.js';
import { ROOT } from './paths.js';
import { HERE, TARGETS } from './targets.js';

// `npm run build:binary [-- --target win32-x64]`: the executable, in `binary/TARGET/` with its papers.
const { values } = parseArgs({ options: { target: { type: 'string', default: HERE } } });
const target = TARGETS.find(({ name }) => name === values.target);
if (target === undefined) {
  process.stderr.write(
    `There is no target ${values.target}. Name one of ${TARGETS.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exitCode = 2;
} else {
  const folder = join(ROOT, 'binary', target.name);
  rmSync(folder, { recursive: true, force: true });
  const path = await makeExecutable(target, folder);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  await writeBeside(folder, version);
  const told = [
    `${relative(process.cwd(), path)} is made. It needs nothing beside it: there are its licences, man pages and schemas.`,
  ];
  if (target.name !== HERE) told.push(`It was not run: this is ${HERE}.`);
  if (target.name.startsWith('darwin'))
    told.push(
      'macOS runs it only when it is signed. On a Mac: codesign --force --sign - ebill (or with your Developer ID)',
    );
  if (target.name.startsWith('win32'))
    told.push(
      "Node.js's own signature is taken off. Sign it with yours: signtool sign /fd SHA256 /a ebill.exe",
    );
  process.stdout.write(`${told.join('\n')}\n`);
}
