import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { regressionFolder, TARGET_NAMES } from './targets.ts';
import type { Assignment, Findings } from './worker.ts';

/*
 * npm run fuzz -- TARGET… [--seconds N] [--seed N]: mutates inputs at random, keeps those that reach new code, and reports
 * those that break a promise: an unexpected error, or more than ten seconds for one input. Each is written to
 * `regression/TARGET`, where the test suite repeats it. Exit code 1 when there was one.
 */
const LIMIT_MS = 10_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const names = positionals.length > 0 ? positionals : TARGET_NAMES;
const unknown = names.filter((name) => !TARGET_NAMES.includes(name));
if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: not among ${TARGET_NAMES.join(', ')}`);
for (const name of names) {
  const { executions, edges, corpus, crashes } = await fuzz(name);
  const perSecond = Math.round(executions / Number(values.seconds));
  const megabytes = Math.round(process.memoryUsage.rss() / 1048576);
  process.stdout.write(
    `${name}: ${executions} executions (${perSecond}/s), ${edges} edges, ${corpus} inputs kept, ${crashes.length} crashes, ${megabytes} MB\n`,
  );
  for (const { where, bytes } of crashes) {
    process.exitCode = 1;
    process.stdout.write(`  ${where}\n  ${keep(name, Buffer.from(bytes, 'base64'))}\n`);
  }
}

function fuzz(target: string): Promise<Findings> {
  const shared = new SharedArrayBuffer(8 + (1 << 17));
  const progress = new Int32Array(shared, 0, 2);
  const workerData: Assignment = {
    target,
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    shared,
  };
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    let before = -1;
    const watchdog = setInterval(() => {
      const executions = Atomics.load(progress, 0);
      if (executions === before) {
        void worker.terminate();
        const bytes = Buffer.from(Buffer.from(shared, 8, Atomics.load(progress, 1)));
        const crash = { where: `an input took over ${LIMIT_MS} ms`, bytes: bytes.toString('base64') };
        settle(() => resolve({ executions, edges: 0, corpus: 0, crashes: [crash] }));
      }
      before = executions;
    }, LIMIT_MS);
    const settle = (end: () => void): void => {
      clearInterval(watchdog);
      end();
    };
    worker.on('message', (findings: Findings) => settle(() => resolve(findings)));
    worker.on('error', (error) => settle(() => reject(error)));
  });
}

/** @returns the path of the input, as the test suite will find it */
function keep(name: string, bytes: Buffer): string {
  const folder = regressionFolder(name);
  mkdirSync(folder, { recursive: true });
  const path = fileURLToPath(new URL(createHash('sha256').update(bytes).digest('hex').slice(0, 12), folder));
  writeFileSync(path, bytes);
  return path;
}
