import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './frame/measure.js';
import { EBILL, localServer } from './local-server.js';

/** Batches watched. */
const COUNTS = [1, 10, 100];
/** ms from finalize to the end of the last batch: long enough for the watch to begin before it. */
const PROCESSING_MS = 4000;
/** Between two looks. */
const INTERVAL = '500ms';

export const runs = 3;

export async function prepare({ folder, closing }) {
  const server = await localServer({ processingTimeMs: PROCESSING_MS });
  closing(() => server.close());
  for (let i = 1; i <= Math.max(...COUNTS); i++)
    writeFileSync(join(folder, `cus_${i}.csv`), `Account Number,Name\n${i},One\n`);
  const env = { ...server.environment, EBILL_HOME: join(folder, 'home') };
  return { about: `a look each ${INTERVAL}, final ${PROCESSING_MS} ms after finalize`, folder, server, env };
}

export function candidates({ folder, server, env }) {
  let loads = 0;
  let asked = 0;
  let finalAt = 0;
  const ebill = (...args) => measure({ command: [process.execPath, EBILL, ...args], env, cwd: folder });
  const before = async (count) => {
    const job = `W${++loads}`;
    const files = Array.from({ length: count }, (_, i) => `cus_${i + 1}.csv`);
    await ebill('init', '--job', job, '--no-carry-forward-invoices');
    await ebill('upload', 'customer', ...files, '--job', job);
    await ebill('finalize', '--job', job);
    asked = server.requests.length;
    void server.waitForIdle().then(() => {
      finalAt = Date.now();
    });
    return { command: [process.execPath, EBILL, 'watch', '--job', job, '--interval', INTERVAL] };
  };
  return COUNTS.map((count) => ({
    name: `${count} ${count === 1 ? 'batch' : 'batches'}`,
    group: 'ebill watch',
    command: [],
    env,
    cwd: folder,
    before: () => before(count),
    after: () => ({
      'lag ms': Date.now() - finalAt,
      requests: server.requests.length - asked,
      'requests a batch': (server.requests.length - asked) / count,
    }),
  }));
}
