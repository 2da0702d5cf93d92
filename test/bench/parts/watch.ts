import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { ebill } from '../ebill.ts';
import { measure } from '../measure.ts';
import type { Part } from '../part.ts';

/** Batches watched. */
const COUNTS = [1, 10, 100];
/** From finalize to the end of the last batch: long enough for the watch to begin before it. */
const PROCESSING_MS = 4000;
/** Between two polls. */
const INTERVAL = '500ms';

export const part: Part = {
  runs: 3,
  async open({ folder, closing }) {
    const server = await startSandbox({ processingTimeMs: PROCESSING_MS });
    closing(() => server.close());
    for (let i = 1; i <= Math.max(...COUNTS); i++)
      writeFileSync(join(folder, `cus_${i}.csv`), `Account Number,Name\n${i},One\n`);
    const place = { env: { ...server.environment, EBILL_HOME: join(folder, 'home') }, cwd: folder };
    let loads = 0;
    let requestsBefore = 0;
    let finalAt = 0;
    const run = (...args: string[]) => measure({ ...place, command: ebill(...args) });
    const finalizedLoad = async (count: number) => {
      const job = `W${++loads}`;
      const files = Array.from({ length: count }, (_, i) => `cus_${i + 1}.csv`);
      await run('init', '--job', job, '--no-carry-forward-invoices');
      await run('upload', 'customer', ...files, '--job', job);
      await run('finalize', '--job', job);
      requestsBefore = server.requests.length;
      void server.waitForIdle().then(() => {
        finalAt = Date.now();
      });
      return { command: ebill('watch', '--job', job, '--interval', INTERVAL) };
    };
    return {
      about: `a poll each ${INTERVAL}, final ${PROCESSING_MS} ms after finalize`,
      candidates: COUNTS.map((count) => ({
        ...place,
        name: `${count} ${count === 1 ? 'batch' : 'batches'}`,
        group: 'ebill watch',
        command: [],
        before: () => finalizedLoad(count),
        after: () => ({
          'lag ms': Date.now() - finalAt,
          requests: server.requests.length - requestsBefore,
          'requests a batch': (server.requests.length - requestsBefore) / count,
        }),
      })),
    };
  },
};
