import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type SandboxOptions, WORLD_NAMES, worldOptions } from '../../src/sandbox/index.ts';
import { type Document, fastClock, machine } from '../e2e/harness.ts';
import { randomFrom } from '../helpers/random.ts';
import { ACTIONS, ACTIONS_OF, CALLS } from '../helpers/random-faults.ts';
import { type Child, type Crash, type Ended, markOf, startMonth } from './killed.ts';
import {
  CUSTOMERS,
  Doubled,
  type Duplicates,
  INVOICES,
  JOB,
  judge,
  Lost,
  need,
  planLines,
  quiet,
  type Trial,
  trial,
} from './load.ts';
import type { Point } from './tally.ts';

/*
 * A kill storm: a month by the real program, in a process for each command line, on a server with random habits and
 * faults. Random signals hit it at a request, at a journal write or at some time; then the operator types the same line
 * again. One seed decides everything but the scheduling of the processes.
 */

/** How many times as fast as ours the clock of the server and of the program runs. */
const TIMES = 60;
/** Longer than the longest effect of a world after its request, by that clock. */
const SETTLE = '3m';
const LATEST_EFFECT_MS = 80_000 / TIMES;
const PASSES = 16;
/** A process that neither ends nor is stopped, on a machine that is busy. */
const STUCK_MS = 600_000;

export class Dice {
  readonly random: () => number;
  constructor(seed: number) {
    this.random = randomFrom(seed);
  }
  chance(p: number): boolean {
    return this.random() < p;
  }
  upTo(n: number): number {
    return Math.floor(this.random() * n);
  }
  pick<T>(all: readonly T[]): T {
    return all[this.upTo(all.length)] as T;
  }
  shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((one) => ({ one, at: this.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ one }) => one);
  }
}

type Line = readonly string[];

interface Blow {
  readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGSTOP';
  /** At the Nth request from now, which may be held by the server; at the Nth journal write of a process; or after a time. */
  readonly at:
    | { readonly request: number; readonly held: 'hang' | 'hang-after' | null }
    | { readonly write: number; readonly how: 'before' | 'half' | 'written' | 'synced' }
    | { readonly ms: number };
  /** After SIGSTOP. */
  readonly stoppedMs: number;
  readonly afterStop: 'SIGCONT' | 'SIGKILL';
  /** Somebody types the same line while the process is stopped. */
  readonly meanwhile: boolean;
  /** An impatient operator: SIGTERM or SIGINT once more. */
  readonly twice: boolean;
}

interface Storm {
  readonly lines: readonly Line[];
  readonly options: SandboxOptions;
  readonly settle: string;
  readonly blows: readonly Blow[];
  /** Begins again with the first line, not with the one that failed. */
  readonly fromTheTop: boolean;
  /** The server forgets a batch, which is never accounted for. */
  readonly forgetful: boolean;
  readonly about: string;
}

/** Worlds, faults and habits of a server. */
function serverOf(dice: Dice): Pick<Storm, 'options' | 'settle' | 'forgetful' | 'about'> {
  const worlds = dice.chance(0.5)
    ? []
    : Array.from({ length: 1 + dice.upTo(2) }, () => dice.pick(WORLD_NAMES));
  const world = worldOptions(worlds);
  const faults = Array.from({ length: dice.upTo(4) }, () => {
    const call = dice.pick(CALLS);
    const action = dice.pick([...ACTIONS, ...(ACTIONS_OF[call] ?? [])]);
    return `${call}@${1 + dice.upTo(call === 'any' ? 40 : 8)}=${action}`;
  });
  const options: SandboxOptions = {
    processingTimeMs: 1000 * (1 + dice.upTo(20)),
    latencyMs: 1000 * dice.upTo(3),
    duplicates: dice.pick(['refuse', 'reissue', 'conflict'] as const),
    repeats: dice.chance(0.5) ? 'execute' : 'refuse',
    missingFiles: dice.pick(['refuse', 'fail'] as const),
    ...world,
    faults: [...faults, ...(world.faults ?? [])],
  };
  // Without a settle time only the server's own refusal keeps a late effect from being asked for twice.
  const certain = options.repeats === 'refuse' && !isLate(options);
  return {
    options,
    settle: certain && dice.chance(0.4) ? '0s' : SETTLE,
    forgetful: worlds.includes('forgetful'),
    about: [...worlds, ...faults, options.duplicates, `repeats ${options.repeats}`].join(' '),
  };
}

const isLate = ({ faults = [] }: SandboxOptions): boolean =>
  faults.some((fault) => /late|gateway|hidden/.test(fault));

const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT', 'SIGSTOP', 'SIGSTOP'] as const;

function blowOf(dice: Dice): Blow {
  const signal = dice.pick(SIGNALS);
  const where = dice.random();
  const at: Blow['at'] =
    where < 0.4
      ? { request: 1 + dice.upTo(25), held: dice.pick([null, 'hang', 'hang-after']) }
      : where < 0.8
        ? {
            write: 1 + dice.upTo(20),
            how:
              signal === 'SIGKILL' && dice.chance(0.3) ? 'half' : dice.pick(['before', 'written', 'synced']),
          }
        : { ms: 100 + dice.upTo(1500) };
  return {
    signal,
    at,
    stoppedMs: 50 + dice.upTo(dice.chance(0.3) ? 4000 : 400),
    afterStop: dice.chance(0.25) ? 'SIGKILL' : 'SIGCONT',
    meanwhile: dice.chance(0.4),
    twice: dice.chance(0.25),
  };
}

const textOf = ({ signal, at, afterStop, twice, meanwhile }: Blow): string => {
  const where =
    'ms' in at
      ? `after ${at.ms} ms`
      : 'write' in at
        ? `write ${at.write} ${at.how}`
        : `request ${at.request} ${at.held ?? ''}`.trim();
  const more = signal === 'SIGSTOP' ? ` ${afterStop}${meanwhile ? ' meanwhile' : ''}` : twice ? ' twice' : '';
  return `${signal}${more} ${where}`;
};

/** Time-outs are by our clock. */
const common = (dice: Dice, initTimeout: boolean): string[] => [
  ...(dice.chance(0.3) ? ['--timeout', '400ms'] : ['--timeout', '1s']),
  ...(initTimeout ? ['--init-timeout', '3s'] : []),
  '--json',
];

function linesOf(dice: Dice): readonly Line[] {
  const [run = []] = planLines();
  if (dice.chance(0.5))
    return [[...run, ...(dice.chance(0.3) ? ['--concurrency', '1'] : []), ...common(dice, true)]];
  const wait = ['--wait', '--interval', '1s', '--job', JOB, ...common(dice, false)];
  if (dice.chance(0.3)) wait.unshift('--concurrency', '1');
  return [
    ['init', '--job', JOB, ...common(dice, true)],
    ['upload', 'customer', ...CUSTOMERS, ...wait],
    ...Object.entries(INVOICES).map(([name, items]) => [
      'upload',
      'invoice',
      name,
      '--items',
      ...items,
      ...wait,
    ]),
  ];
}

function stormOf(seed: number): Storm {
  const dice = new Dice(seed);
  const lines = linesOf(dice);
  const server = serverOf(dice);
  const blows = Array.from({ length: 1 + dice.upTo(4) }, () => blowOf(dice));
  return {
    lines,
    ...server,
    blows,
    fromTheTop: dice.chance(0.3),
    about: `${lines.length === 1 ? 'run' : 'uploads'}; ${server.about} settle ${server.settle}; ${blows.map(textOf).join(', ')}`,
  };
}

/** The line that plays a seed again. */
export const replay = (seed: number, title: string): string =>
  `replay: EBILL_STORM=${seed} npm run test:faults -- storms -t '${title}'`;

export function stormPoint(seed: number, title: string): Point {
  const storm = stormOf(seed);
  return {
    name: `storm ${seed} (${storm.about}; ${replay(seed, title)})`,
    run: () => {
      const clock = { began: Date.now(), times: TIMES };
      return onFastClock(storm.options, storm.settle, clock, async (one) => {
        const finished = await operate(one, storm, clock);
        await quiet(one.server);
        if (isLate(storm.options)) await delay(LATEST_EFFECT_MS);
        need(finished || storm.forgetful, `never came to an end: ${said.get(one.server)}`);
        if (finished) judgeAll(one, [one.at.home], storm.options.duplicates);
        return true;
      });
    },
  };
}

/** A trial whose server and machines have a clock of their own. */
export function onFastClock<T>(
  options: SandboxOptions,
  settle: string,
  { began, times }: NonNullable<Crash['clock']>,
  work: (one: Trial) => Promise<T>,
  tolerated?: RegExp,
): Promise<T> {
  const clock = fastClock(times, began);
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    await clock.sleep(ms, signal).catch(() => undefined);
  };
  return trial(
    { ...options, now: clock.now, sleep },
    work,
    (server) => machine(server, { EBILL_SETTLE: settle }, clock),
    tolerated,
  );
}

/** Everything given is loaded, once. */
export function judgeAll(
  { server }: Trial,
  homes: readonly string[],
  duplicates: SandboxOptions['duplicates'],
): void {
  const left: Duplicates = duplicates === 'reissue' ? 'reissue' : 'refuse';
  const { lost, doubled, wrong } = judge(server, homes, left, true);
  if (lost.length > 0) throw new Lost(lost);
  if (doubled.length > 0) throw new Doubled(doubled);
  need(wrong.length === 0, wrong.join('; '));
}

/** What the last failures of a storm said. */
const said = new WeakMap<object, string>();

/** Types the lines, struck by the blows in turn, until each has ended with 0. @returns whether all have */
async function operate(one: Trial, storm: Storm, clock: NonNullable<Crash['clock']>): Promise<boolean> {
  const blows = [...storm.blows];
  const ways = new Map<Line, string>();
  const log: string[] = [];
  let reached = 0;
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let failed = false;
    for (const [i, line] of storm.lines.entries()) {
      if (i < (storm.fromTheTop ? 0 : reached)) continue;
      reached = i;
      const way = ways.get(line);
      const words = way === undefined ? line : [...line, way];
      const [blow = null] = blows;
      const { ended, hit } = await strike(one, words, blow, clock);
      if (hit) blows.shift();
      const document = checked(words, ended, hit ? blow : null, storm);
      log.push(
        `${words.slice(0, 3).join(' ')} → ${ended.code ?? ended.signal} ${document?.error?.message ?? ''} ${document?.error?.hint ?? ''}`,
      );
      said.set(one.server, log.slice(-4).join('\n'));
      if (ended.code === 0) {
        ways.delete(line);
        continue;
      }
      const option =
        ended.code === 8 ? /--adopt|--restart-invoice/.exec(document?.error?.hint ?? '')?.[0] : undefined;
      if (option !== undefined) ways.set(line, option);
      failed = true;
      break;
    }
    if (!failed) return true;
  }
  return false;
}

interface Struck {
  readonly ended: Ended;
  /** It is through: at the next process the next one comes. */
  readonly hit: boolean;
}

async function strike(
  one: Trial,
  line: Line,
  blow: Blow | null,
  clock: NonNullable<Crash['clock']>,
): Promise<Struck> {
  if (blow === null) return { ended: await inTime(startMonth(one, { clock }, [line])), hit: false };
  const { at, signal } = blow;
  if ('write' in at) {
    rmSync(markOf(one.at), { force: true });
    const child = startMonth(one, { clock, at: at.write, how: at.how, signal }, [line]);
    // It stops itself: nobody else knows when.
    const going = signal === 'SIGSTOP' ? setInterval(() => child.kill('SIGCONT'), blow.stoppedMs) : undefined;
    const ended = await inTime(child).finally(() => clearInterval(going));
    return { ended, hit: ended.signal === 'SIGKILL' || writesOf(one) >= at.write };
  }
  const acted = 'ms' in at ? after(at.ms) : request(one, at);
  const child = startMonth(one, { clock }, [line]);
  let over = false;
  void child.ended.then(() => {
    over = true;
  });
  while (!over && !acted()) await delay(3);
  if (over) return { ended: await child.ended, hit: 'ms' in at };
  child.kill(signal);
  if (signal === 'SIGSTOP') {
    await delay(blow.stoppedMs);
    if (blow.meanwhile) await inTime(startMonth(one, { clock }, [line]));
    child.kill(blow.afterStop);
  } else if (blow.twice) {
    await delay(20);
    child.kill(signal);
  }
  const ended = await inTime(child);
  await quiet(one.server);
  return { ended, hit: true };
}

const after = (ms: number): (() => boolean) => {
  const until = Date.now() + ms;
  return () => Date.now() >= until;
};

/** Whether the Nth request from now has arrived. */
function request(
  { server }: Trial,
  { request: n, held }: { readonly request: number; readonly held: string | null },
): () => boolean {
  const before = server.requests.length;
  if (held === null) return () => server.requests.length >= before + n;
  const fault = `any@${n}=${held}`;
  const acted = (): number => server.requests.filter((each) => each.fault === fault).length;
  const actedBefore = acted();
  server.addFault(fault);
  // Another fault may act in its place.
  return () => acted() > actedBefore || server.requests.length >= before + n + 2;
}

function writesOf({ at }: Trial): number {
  const path = markOf(at);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { writes: number }).writes : 0;
}

export async function inTime(child: Child): Promise<Ended> {
  const timer = new AbortController();
  const late = delay(STUCK_MS, null, { signal: timer.signal }).catch(() => null);
  const ended = await Promise.race([child.ended, late]);
  timer.abort();
  if (ended !== null) return ended;
  child.kill('SIGKILL');
  throw new Error(`a process is stuck: ${(await child.ended).stderr}`);
}

/** Exit codes that a month may end with on the way. */
const CODES = new Set([0, 6, 7, 8, 9]);

/** The exit code and the document are as the contract says. @returns the document; `null` when it was killed */
function checked(
  line: Line,
  { code, signal, stdout, stderr }: Ended,
  blow: Blow | null,
  storm: Pick<Storm, 'forgetful'>,
): Document | null {
  const name = line.slice(0, 2).join(' ');
  if (code === null) {
    const killed = signal === 'SIGKILL' && blow?.signal === 'SIGSTOP';
    // SIGTERM ends it so while Node.js starts.
    need(killed || signal === blow?.signal, `${name} ends by ${signal}: ${stderr}`);
    return null;
  }
  const interrupted = { SIGINT: 130, SIGTERM: 143, SIGKILL: null, SIGSTOP: null }[blow?.signal ?? 'SIGKILL'];
  // The second signal ends it at once.
  if (code === interrupted && blow?.twice === true && stdout === '') return null;
  need(
    CODES.has(code) || code === interrupted || (code === 4 && storm.forgetful),
    `${name} ends with ${code}: ${stdout}${stderr}`,
  );
  return documentOf(name, code, stdout);
}

export function documentOf(name: string, code: number, stdout: string): Document {
  const document = JSON.parse(stdout) as Document;
  need(document.exitCode === code, `${name}: exit ${code}, and ${document.exitCode} in the document`);
  need((document.error === null) === (code === 0), `${name}: exit ${code} with ${document.error?.code}`);
  need(code === 0 || (document.error?.hint ?? '').length > 10, `${name}: exit ${code} without a hint`);
  return document;
}
