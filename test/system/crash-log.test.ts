import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { sourceStack } from '../../src/system/crash-log.ts';
import { tempDir } from '../helpers/context.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** A place in the bundle, line and column counted from 1. */
function placeOf(text: string): string {
  const lines = readFileSync(join(DIST, 'main.js'), 'utf8').split('\n');
  const line = lines.findIndex((one) => one.includes(text));
  return `${line + 1}:${(lines[line] ?? '').indexOf(text) + 1}`;
}

const line = readFileSync(new URL('../../src/main.ts', import.meta.url), 'utf8')
  .split('\n')
  .findIndex((one) => one.includes('export async function main'));

it('a stack trace names places in the sources, for files and for URLs, in a folder of any name', async () => {
  const folder = join(tempDir(), 'an odd (folder)');
  mkdirSync(folder);
  for (const name of ['main.js', 'main.js.map']) copyFileSync(join(DIST, name), join(folder, name));
  const bundled = placeOf('async function main(');
  const path = join(folder, 'main.js');
  const stack = [
    'Error: no at all',
    `    at main (${path}:${bundled})`,
    `    at async ${path}:${bundled}`,
    `    at async start (${pathToFileURL(path).href}:${bundled})`,
    '    at node:internal/main/run_main_module:28:49',
  ].join('\n');
  const place = `src/main.ts:${line + 1}:`;
  const lines = (await sourceStack(stack)).split('\n');
  expect(lines[0]).toBe('Error: no at all');
  expect(lines[1]).toContain(`at main (${place}`);
  expect(lines[2]).toContain(`at async ${place}`);
  expect(lines[3]).toContain(`at async start (${place}`);
  expect(lines[4]).toBe('    at node:internal/main/run_main_module:28:49');
});

it('a place without a source map remains as it is', async () => {
  const path = join(tempDir(), 'lone.js');
  writeFileSync(path, '');
  expect(await sourceStack(`Error: x\n    at ${path}:1:1`)).toBe(`Error: x\n    at ${path}:1:1`);
});
