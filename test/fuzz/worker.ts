import { Session } from 'node:inspector/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { randomFrom } from '../helpers/random.ts';
import { mutated } from './mutate.ts';
import { openTarget } from './targets.ts';

/** What a worker is started with. */
export interface Assignment {
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  /** Two 32-bit integers, the count of inputs so far and the length of the current one, and then its bytes. */
  readonly shared: SharedArrayBuffer;
}

export interface Findings {
  readonly executions: number;
  readonly edges: number;
  readonly corpus: number;
  /** `bytes` in base64. */
  readonly crashes: readonly { readonly where: string; readonly bytes: string }[];
}

// The loop runs in a thread of its own; the main thread stops it when an input takes too long.
const { target: name, seconds, seed, shared } = workerData as Assignment;
const progress = new Int32Array(shared, 0, 2);
const current = Buffer.from(shared, 8);
/** Inputs between two reads of the coverage, which cost more than most inputs do. */
const ROUND = 64;
const MAX_CORPUS = 4000;

const { target, corpus } = await openTarget(name);
const edgesSinceLastRead = await startCoverage(new URL('../../src/', import.meta.url).href);
const random = randomFrom(seed);
const known = new Set<string>();
const crashes = new Map<string, Buffer>();
let executions = 0;

function execute(bytes: Buffer): void {
  bytes.copy(current);
  Atomics.store(progress, 1, bytes.length);
  Atomics.add(progress, 0, 1);
  executions += 1;
  try {
    target.run(bytes);
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    const where = (stack ?? String(error)).split('\n').slice(0, 3).join(' | ');
    const before = crashes.get(where);
    if (before === undefined || bytes.length < before.length) crashes.set(where, Buffer.from(bytes));
  }
}

/** @returns whether there were new edges */
async function learn(): Promise<boolean> {
  const size = known.size;
  for (const edge of await edgesSinceLastRead()) known.add(edge);
  return known.size > size;
}

for (const bytes of corpus) execute(bytes);
await learn();
const end = Date.now() + seconds * 1000;
while (Date.now() < end) {
  const round: Buffer[] = [];
  for (let i = 0; i < ROUND; i++) {
    // The latest finds are tried most.
    const from = corpus[Math.floor(corpus.length * Math.sqrt(random()))] as Buffer;
    round.push(mutated(from, corpus, target.dictionary, random));
  }
  for (const bytes of round) execute(bytes);
  if (!(await learn())) continue;
  // Which inputs reached new code? Run each again alone, and keep one for each path.
  const paths = new Set<string>();
  for (const bytes of round) {
    execute(bytes);
    const path = (await edgesSinceLastRead()).join('\n');
    if (!paths.has(path)) {
      paths.add(path);
      corpus.push(bytes);
    }
    if (corpus.length > MAX_CORPUS) corpus.splice(target.seeds.length, 1000);
  }
}
const findings: Findings = {
  executions,
  edges: known.size,
  corpus: corpus.length,
  crashes: [...crashes].map(([where, bytes]) => ({ where, bytes: bytes.toString('base64') })),
};
parentPort?.postMessage(findings);

/**
 * Starts V8's own block coverage.
 * @param prefix of the modules that count
 * @returns reads the blocks run since the last read, each with the magnitude of its count
 */
async function startCoverage(prefix: string): Promise<() => Promise<string[]>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const edges: string[] = [];
    for (const { url, functions } of result) {
      if (!url.startsWith(prefix)) continue;
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) edges.push(`${url}:${startOffset}-${endOffset}:${32 - Math.clz32(count)}`);
    }
    return edges;
  };
}
