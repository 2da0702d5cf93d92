import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './frame/measure.js';
import { EBILL, localServer } from './local-server.js';

export const runs = 15;

/** A load with an init and a customer file, on a server in this process; and a module that does nothing. */
export async function prepare({ folder, closing }) {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  writeFileSync(join(folder, 'cus.csv'), 'Account Number,Name\n1,One\n2,Two\n');
  const server = await localServer({ processingTimeMs: 0 });
  closing(() => server.close());
  const env = { ...server.environment, EBILL_HOME: join(folder, 'home') };
  for (const args of [
    ['init', '--job', 'BENCH'],
    ['upload', 'customer', 'cus.csv'],
  ])
    await measure({ command: [process.execPath, EBILL, ...args], env, cwd: folder });
  return { about: 'whole processes, piped', folder, empty, env };
}

export function candidates({ folder, empty, env }) {
  const node = (name, args, more = {}) => ({
    name,
    group: 'start-up',
    command: [process.execPath, ...args],
    env,
    cwd: folder,
    ...more,
  });
  return [
    node('node empty.mjs', [empty]),
    node('ebill --version', [EBILL, '--version'], { goal: 1.2 }),
    node('ebill --help', [EBILL, '--help'], { goal: 1.5 }),
    node('a usage error', [EBILL, 'status', '--jbo', 'X'], { exits: 2, goal: 1.5 }),
    node('ebill status', [EBILL, 'status'], { goal: 4 }),
  ];
}
