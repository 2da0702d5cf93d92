import { setTimeout as delay } from 'node:timers/promises';
import { type SandboxOptions, type WorldName, worldOptions } from '../../src/sandbox/index.ts';
import { fastClock, machine } from '../e2e/harness.ts';
import { type Crash, startMonth } from './killed.ts';
import { monthLines, need, planLines, type Trial, trial } from './load.ts';
import type { Point } from './tally.ts';

/** How many times as fast as ours the worlds' clocks run. */
const TIMES = 100;
const PASSES = 10;
/** The worlds' minute. */
const MORE = ['--timeout', `${60_000 / TIMES}ms`];

interface WorldTrial extends Trial {
  readonly clock: NonNullable<Crash['clock']>;
  /** Types the lines until each has ended with 0. @returns whether all have */
  operate(lines: readonly (readonly string[])[]): Promise<boolean>;
}

/** A sandbox of these worlds and a machine, by one fast clock and with the usual settle times. */
function inWorlds<T>(
  names: readonly WorldName[],
  more: SandboxOptions,
  work: (one: WorldTrial) => Promise<T>,
): Promise<T> {
  const began = Date.now();
  const clock = fastClock(TIMES, began);
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    await clock.sleep(ms, signal).catch(() => undefined);
  };
  const options = { processingTimeMs: 1000, ...worldOptions(names), now: clock.now, sleep };
  const faults = [...(more.faults ?? []), ...(options.faults ?? [])];
  return trial(
    { ...options, ...more, faults },
    (one) => work({ ...one, clock: { began, times: TIMES }, operate: (lines) => operate(one, lines) }),
    (server) => machine(server, { EBILL_SETTLE: '' }, clock),
  );
}

/** As an operator does: the line that failed again, and the way out that a conflict names. */
async function operate({ at }: Trial, lines: readonly (readonly string[])[]): Promise<boolean> {
  const ways = new Map<number, string>();
  let said = '';
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let failed = false;
    for (const [i, line] of lines.entries()) {
      const way = ways.get(i);
      const { code, json } = await at.call([...line, ...MORE, ...(way === undefined ? [] : [way])]);
      if (code === 0) {
        ways.delete(i);
        continue;
      }
      said = `${line.join(' ')} ends with ${code}: ${json.error?.message} ${json.error?.hint}`;
      need(code !== 1 && (json.error?.hint ?? '').length > 10, said);
      const option = code === 8 ? /--adopt|--restart-invoice/.exec(json.error?.hint ?? '')?.[0] : undefined;
      if (option !== undefined) ways.set(i, option);
      failed = true;
      break;
    }
    if (!failed) return true;
  }
  last.set(at.home, said);
  return false;
}

/** The last output in each home. */
const last = new Map<string, string>();

/** The month through some worlds, by its commands or as a plan. */
export function worldPoint(names: readonly WorldName[], how: 'commands' | 'plan'): Point {
  return {
    name: `${names.join(' and ')}, ${how}`,
    run: () =>
      inWorlds(names, {}, async ({ operate, at }) => {
        const done = await operate(how === 'plan' ? planLines() : monthLines());
        // A batch that the server forgot is never accounted for.
        need(done || names.includes('forgetful'), `never came to an end: ${last.get(at.home)}`);
        return true;
      }),
  };
}

/** The program killed while the server holds its Nth request, then the month to its end. */
export function killedInWorld(name: WorldName, n: number, when: 'hang' | 'hang-after'): Point {
  const fault = `any@${n}=${when}`;
  return {
    name: `${name}, killed in request ${n} ${when}`,
    run: () =>
      inWorlds([name], { faults: [fault] }, async (one) => {
        const child = startMonth(one, { clock: one.clock }, monthLines(MORE));
        let over = false;
        void child.ended.then(() => {
          over = true;
        });
        const held = (): boolean => one.server.requests.some((request) => request.fault === fault);
        while (!over && !held()) await delay(3);
        const reached = held();
        child.kill('SIGKILL');
        await child.ended;
        const done = await one.operate(monthLines());
        need(done || name === 'forgetful', `never came to an end: ${last.get(one.at.home)}`);
        return reached;
      }),
  };
}
