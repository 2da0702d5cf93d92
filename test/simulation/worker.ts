import { createHash } from 'node:crypto';
import { simulateMonth } from './month.ts';

// Timers of the real world have no place in the simulated one: the program uses some to draw.
const noTimer = () => ({
  unref: () => noTimer(),
  ref: () => noTimer(),
  hasRef: () => false,
  refresh: () => noTimer(),
});
Object.assign(globalThis, {
  setInterval: noTimer,
  setTimeout: noTimer,
  clearInterval: () => undefined,
  clearTimeout: () => undefined,
});

// A stack trace for every file that is not there would take most of the time.
Error.stackTraceLimit = 0;

/** What a worker says of its months, as one line of JSON. */
export interface Report {
  readonly months: number;
  readonly finished: number;
  readonly failures: readonly {
    readonly seed: number;
    readonly about: string;
    readonly what: readonly string[];
  }[];
  /** The last words of commands in months that never ended well, with their seeds. */
  readonly stuck: Readonly<Record<string, readonly number[]>>;
  readonly digest: string;
}

/** What to play, as the one argument. */
export interface Order {
  readonly seeds: readonly number[] | { readonly from: number; readonly to: number; readonly step: number };
  /** Stop at the first month that breaks a promise. */
  readonly first?: boolean;
  /** Print everything that happened. */
  readonly show?: boolean;
}

export async function playMonths({ seeds, first = false }: Order): Promise<Report> {
  const failures: Report['failures'][number][] = [];
  const digest = createHash('sha256');
  const stuck: Record<string, number[]> = {};
  let months = 0;
  let finished = 0;
  for (const seed of numbers(seeds)) {
    const month = await simulateMonth(seed);
    months += 1;
    if (month.finished) finished += 1;
    else {
      const last = month.trace.findLast((line) => /ends with \d/.test(line)) ?? 'nothing ended';
      const words = last.replace(/^\d+ \S+ /, '').replace(/\d+/g, 'N');
      stuck[words] = [...(stuck[words] ?? []), seed];
    }
    for (const line of month.trace) digest.update(line);
    const { lost, doubled, wrong } = month.judgement;
    const what = [
      ...lost.map((one) => `lost: ${one}`),
      ...doubled.map((one) => `doubled: ${one}`),
      ...wrong.map((one) => `wrong: ${one}`),
    ];
    if (what.length > 0) failures.push({ seed, about: month.about, what });
    if (first && what.length > 0) break;
  }
  return { months, finished, failures, stuck, digest: digest.digest('hex') };
}

function* numbers(seeds: Order['seeds']): Generator<number> {
  if ('step' in seeds) for (let seed = seeds.from; seed < seeds.to; seed += seeds.step) yield seed;
  else yield* seeds;
}

const order = JSON.parse(process.argv[2] ?? '{"seeds":[]}') as Order;
if (order.show === true)
  for (const seed of numbers(order.seeds)) {
    const { about, trace, judgement, finished } = await simulateMonth(seed);
    process.stdout.write(
      `${about}\n${trace.join('\n')}\n${JSON.stringify({ ...judgement, finished }, null, 2)}\n`,
    );
  }
else process.stdout.write(`${JSON.stringify(await playMonths(order))}\n`);
