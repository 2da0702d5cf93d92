import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { coverageOf } from './coverage.js';
import { mutated, randomFrom } from './mutate.js';
import { TARGETS } from './targets.js';

// The loop itself, in a thread of its own: the one that started it watches the clock and knows the input of the moment.
const { target, seconds, seed, modules, shared } = workerData;
const moment = new Int32Array(shared, 0, 2);
const room = Buffer.from(shared, 8);
/** Inputs between two looks at the coverage: a look costs more than most inputs do. */
const ROUND = 64;

const { seeds, dictionary, make } = TARGETS[target];
const run = await make((name) => import(join(modules, `${name}.js`)));
const coverage = await coverageOf(modules);
const random = randomFrom(seed);
const known = new Set();
const corpus = [...seeds.map((text) => Buffer.from(text)), ...regressions()];
const crashes = new Map();
let executions = 0;

function regressions() {
  const folder = new URL(`regression/${target}/`, import.meta.url);
  try {
    return readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));
  } catch {
    return [];
  }
}

function execute(bytes) {
  bytes.copy(room);
  Atomics.store(moment, 1, bytes.length);
  Atomics.add(moment, 0, 1);
  executions += 1;
  try {
    run(bytes);
  } catch (error) {
    const where = String(error?.stack ?? error)
      .split('\n')
      .slice(0, 3)
      .join(' | ');
    const before = crashes.get(where);
    if (before === undefined || bytes.length < before.length) crashes.set(where, Buffer.from(bytes));
  }
}

const learnt = async () => {
  let more = false;
  for (const edge of await coverage.edges()) {
    if (known.has(edge)) continue;
    known.add(edge);
    more = true;
  }
  return more;
};

for (const bytes of corpus) execute(bytes);
await learnt();
const until = Date.now() + seconds * 1000;
while (Date.now() < until) {
  const round = [];
  for (let i = 0; i < ROUND; i++) {
    // What was found last is tried most.
    const at = Math.floor(corpus.length * Math.sqrt(random()));
    round.push(mutated(corpus[at], corpus, dictionary, random));
  }
  for (const bytes of round) execute(bytes);
  if (!(await learnt())) continue;
  // Which of them went where none had been? Each is run again, alone; of those that go the same way one is kept.
  const fresh = new Set();
  for (const bytes of round) {
    execute(bytes);
    const edges = (await coverage.edges()).join('\n');
    if (!fresh.has(edges)) {
      fresh.add(edges);
      corpus.push(bytes);
    }
    if (corpus.length > 4000) corpus.splice(seeds.length, 1000);
  }
}
await coverage.end();
parentPort.postMessage({
  executions,
  edges: known.size,
  corpus: corpus.length,
  crashes: [...crashes].map(([where, bytes]) => ({ where, bytes: bytes.toString('base64') })),
});
