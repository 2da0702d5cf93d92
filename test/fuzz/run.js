import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { TARGETS } from './targets.js';

/**
 * npm run fuzz -- TARGET… [--seconds N] [--seed N]: changes inputs at random, keeps those that reach code none reached
 * before, and tells of what broke a promise: an error that is none of ours, an input that takes longer than ten seconds. Each is left
 * in `regression/TARGET`, where the suite tries it again. Exit code 1 when there was one.
 */
const MODULES = fileURLToPath(new URL('../../node_modules/.cache/ebill-fuzz', import.meta.url));
/** ms an input may take. */
const LIMIT = 10_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(TARGETS);
writeFileSync(`${MODULES}/package.json`, '{"type":"module"}\n');
for (const name of names) {
  if (!Object.hasOwn(TARGETS, name)) throw new Error(`${name} is none of ${Object.keys(TARGETS).join(', ')}`);
  const { executions, edges, corpus, crashes } = await fuzzed(name);
  const perSecond = Math.round(executions / Number(values.seconds));
  process.stdout.write(
    `${name}: ${executions} executions (${perSecond}/s), ${edges} edges, ${corpus} inputs kept, ${crashes.length} crashes, ${Math.round(process.memoryUsage.rss() / 1048576)} MB\n`,
  );
  for (const { where, bytes } of crashes) {
    process.exitCode = 1;
    process.stdout.write(`  ${where}\n  ${kept(name, Buffer.from(bytes, 'base64'))}\n`);
  }
}

function fuzzed(target) {
  const shared = new SharedArrayBuffer(8 + (1 << 17));
  const moment = new Int32Array(shared, 0, 2);
  const workerData = {
    target,
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    modules: MODULES,
    shared,
  };
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    let before = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(moment, 0);
      if (now === before) {
        worker.terminate();
        const bytes = Buffer.from(Buffer.from(shared, 8, Atomics.load(moment, 1)));
        settle(resolve, {
          executions: now,
          edges: 0,
          corpus: 0,
          crashes: [{ where: `an input took over ${LIMIT} ms`, bytes: bytes.toString('base64') }],
        });
      }
      before = now;
    }, LIMIT);
    const settle = (end, value) => {
      clearInterval(watch);
      end(value);
    };
    worker.on('message', (result) => settle(resolve, result));
    worker.on('error', (error) => settle(reject, error));
  });
}

function kept(name, bytes) {
  const folder = new URL(`regression/${name}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const path = fileURLToPath(new URL(createHash('sha256').update(bytes).digest('hex').slice(0, 12), folder));
  writeFileSync(path, bytes);
  return path;
}
