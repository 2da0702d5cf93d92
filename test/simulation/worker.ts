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

/** Plays the months `from`, `from + step`, … below `to`. */
export async function playMonths(from: number, to: number, step: number): Promise<Report> {
  const failures: Report['failures'][number][] = [];
  const digest = createHash('sha256');
  let months = 0;
  let finished = 0;
  const stuck: Record<string, number[]> = {};
  for (let seed = from; seed < to; seed += step) {
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
    const what = [...lost.map((one) => `lost: ${one}`), ...doubled.map((one) => `doubled: ${one}`), ...wrong];
    if (what.length > 0) failures.push({ seed, about: month.about, what });
  }
  return { months, finished, failures, stuck, digest: digest.digest('hex') };
}

const [from, to, step, show] = process.argv.slice(2);
if (show !== undefined) {
  const { about, trace, judgement, finished } = await simulateMonth(Number(from));
  process.stdout.write(
    `${about}\n${trace.join('\n')}\n${JSON.stringify({ ...judgement, finished }, null, 2)}\n`,
  );
} else if (step !== undefined) {
  process.stdout.write(`${JSON.stringify(await playMonths(Number(from), Number(to), Number(step)))}\n`);
}
