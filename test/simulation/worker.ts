import { createHash } from 'node:crypto';
import { nextTurn } from './clock.ts';
import { type Size, simulateMonth } from './month.ts';

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
  /** Of everything that happened, a short one for each month. */
  readonly digests: readonly string[];
}

/** What to play, as the one argument. */
export interface Order {
  readonly seeds: readonly number[] | { readonly from: number; readonly to: number; readonly step: number };
  /** Months of a certain size, to be played before the others. */
  readonly cases?: readonly (readonly [seed: number, size: Size])[];
  /** Stop at the first month that breaks a promise. */
  readonly first?: boolean;
  /** Print everything that happened. */
  readonly show?: boolean;
}

/** Of 256 months one is large and four are small. */
const sizeOf = (seed: number): Size => (seed % 256 === 0 ? 'large' : seed % 64 === 1 ? 'small' : 'tiny');

function* monthsOf({ seeds, cases = [] }: Order): Generator<readonly [seed: number, size: Size]> {
  yield* cases;
  for (const seed of numbers(seeds)) yield [seed, sizeOf(seed)];
}

export async function playMonths(order: Order): Promise<Report> {
  const failures: Report['failures'][number][] = [];
  const digests: string[] = [];
  const stuck: Record<string, number[]> = {};
  let months = 0;
  let finished = 0;
  for (const [seed, size] of monthsOf(order)) {
    // Between months the event loop gets its turn.
    await nextTurn();
    const month = await simulateMonth(seed, size);
    months += 1;
    if (month.finished) finished += 1;
    else {
      const last = month.trace.findLast((line) => /ends with \d/.test(line)) ?? 'nothing ended';
      const words = last.replace(/^\d+ \S+ /, '').replace(/\d+/g, 'N');
      stuck[words] = [...(stuck[words] ?? []), seed];
    }
    digests.push(createHash('sha256').update(month.trace.join('\n')).digest('base64').slice(0, 12));
    const { lost, doubled, wrong } = month.judgement;
    const what = [
      ...lost.map((one) => `lost: ${one}`),
      ...doubled.map((one) => `doubled: ${one}`),
      ...wrong.map((one) => `wrong: ${one}`),
    ];
    if (what.length > 0) failures.push({ seed, about: month.about, what });
    if (order.first === true && what.length > 0) break;
  }
  return { months, finished, failures, stuck, digests };
}

function* numbers(seeds: Order['seeds']): Generator<number> {
  if ('step' in seeds) for (let seed = seeds.from; seed < seeds.to; seed += seeds.step) yield seed;
  else yield* seeds;
}

const order = JSON.parse(process.argv[2] ?? '{"seeds":[]}') as Order;
if (order.show === true)
  for (const [seed, size] of monthsOf(order)) {
    const { about, trace, judgement, finished } = await simulateMonth(seed, size);
    process.stdout.write(
      `${about}\n${trace.join('\n')}\n${JSON.stringify({ ...judgement, finished }, null, 2)}\n`,
    );
  }
else process.stdout.write(`${JSON.stringify(await playMonths(order))}\n`);
