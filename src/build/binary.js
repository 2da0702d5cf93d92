import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { makeExecutable } from './executable.js';
import { ROOT } from './paths.js';
import { HERE, TARGETS } from './targets.js';

// `npm run build:binary [-- --target win32-x64]`: the executable and the licences that go with it, in `binary/TARGET/`.
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
  const told = [`${relative(process.cwd(), path)} is made, with the licences of what is in it beside it.`];
  if (target.name !== HERE) told.push(`It was not run: this is ${HERE}.`);
  if (target.name.startsWith('darwin'))
    told.push(
      'macOS runs it only when it is signed. On a Mac: codesign --force --sign - ebill (or with your Developer ID)',
    );
  process.stdout.write(`${told.join('\n')}\n`);
}
