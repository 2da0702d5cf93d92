import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { ebill } from '../ebill.ts';
import { measure } from '../measure.ts';
import type { Candidate, Part } from '../part.ts';

/** A load with an init and a customer file on a server in this process, against a module that does nothing. */
export const part: Part = {
  runs: 15,
  async open({ folder, closing }) {
    const empty = join(folder, 'empty.mjs');
    writeFileSync(empty, '');
    writeFileSync(join(folder, 'cus.csv'), 'Account Number,Name\n1,One\n2,Two\n');
    const server = await startSandbox({ processingTimeMs: 0 });
    closing(() => server.close());
    const env = { ...server.environment, EBILL_HOME: join(folder, 'home') };
    const whole = (name: string, command: string[], more: Partial<Candidate> = {}): Candidate => ({
      name,
      group: 'start-up',
      command,
      env,
      cwd: folder,
      ...more,
    });
    for (const args of [
      ['init', '--job', 'BENCH'],
      ['upload', 'customer', 'cus.csv'],
    ])
      await measure(whole('set-up', ebill(...args)));
    return {
      about: 'whole processes, piped',
      candidates: [
        whole('node empty.mjs', [process.execPath, empty]),
        whole('ebill --version', ebill('--version'), { goal: { atMost: 1.1 } }),
        whole('ebill --help', ebill('--help'), { goal: { atMost: 1.35 } }),
        whole('a usage error', ebill('status', '--jbo', 'X'), {
          exits: 2,
          goal: { atMost: 1.35 },
        }),
        whole('ebill status', ebill('status'), { goal: { atMost: 3 } }),
      ],
    };
  },
};
