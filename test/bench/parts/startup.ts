import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeExecutable } from '../../../src/build/executable.ts';
import { HERE, TARGETS } from '../../../src/build/targets.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { ebill } from '../ebill.ts';
import { measure } from '../measure.ts';
import type { Candidate, Part } from '../part.ts';

/**
 * A load with an init and a customer file on a server in this process, against a module that does nothing: the package, and
 * the executable, whose Node.js is the one that runs the bench.
 */
export const part: Part = {
  runs: 15,
  async open({ folder, closing }) {
    const empty = join(folder, 'empty.mjs');
    writeFileSync(empty, '');
    writeFileSync(join(folder, 'cus.csv'), 'Account Number,Name\n1,One\n2,Two\n');
    const server = await startSandbox({ processingTimeMs: 0 });
    closing(() => server.close());
    const env = { ...server.environment, EBILL_HOME: join(folder, 'home') };
    const target = TARGETS.find(({ name }) => name === HERE);
    const executable = target === undefined ? null : await makeExecutable(target, folder);
    for (const args of [
      ['init', '--job', 'BENCH'],
      ['upload', 'customer', 'cus.csv'],
    ])
      await measure({ command: ebill(...args), env, cwd: folder });
    const starts = (group: string, program: (...args: string[]) => string[]): Candidate[] =>
      [
        { name: 'node empty.mjs', command: [process.execPath, empty] },
        { name: 'ebill --version', command: program('--version'), goal: { atMost: 1.1 } },
        { name: 'ebill --help', command: program('--help'), goal: { atMost: 1.35 } },
        { name: 'a usage error', command: program('status', '--jbo', 'X'), exits: 2, goal: { atMost: 1.35 } },
        { name: 'ebill status', command: program('status'), goal: { atMost: 3 } },
      ].map((candidate) => ({ group, env, cwd: folder, ...candidate }));
    return {
      about: 'whole processes, piped',
      candidates: [
        ...starts('start-up', ebill),
        ...(executable === null
          ? []
          : starts('start-up of the executable', (...args) => [executable, ...args])),
      ],
    };
  },
};
