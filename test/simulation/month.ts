import { main } from '../../src/main.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { WORLD_NAMES, worldOptions } from '../../src/sandbox/worlds.ts';
import { type Judgement, judge, type Typed, typed } from '../helpers/oracle.ts';
import { randomFrom } from '../helpers/random.ts';
import { ACTIONS, ACTIONS_OF, CALLS } from '../helpers/random-faults.ts';
import { Clock } from './clock.ts';
import { forgetMachines, type Machine, newMachine, Process, running } from './machine.ts';
import type { Network, Quality } from './network.ts';
import { API, Server } from './server.ts';

/** A month as a seed makes it, and its result. */
interface SimulatedMonth {
  readonly seed: number;
  /** For failure messages: its worlds, faults and circumstances. */
  readonly about: string;
  readonly judgement: Judgement;
  /** All its commands ended with 0. */
  readonly finished: boolean;
  readonly commands: readonly Typed[];
  /** Everything that happened, in order. */
  readonly trace: readonly string[];
}

const JOB = 'AUG_2020';
const START = Date.UTC(2020, 7, 31, 22);
const MINUTE = 60_000;
/** How often the operator tries before giving up. */
const PASSES = 14;

class Dice {
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
}

/**
 * How much there is to load. Races are between two requests about one batch, or a batch and its items: most months are `tiny`
 * and have no more. A small one has a file or two of each kind; a large one has several and takes its time on the server.
 */
export type Size = 'tiny' | 'small' | 'large';

interface Extent {
  /** Chances of a second customer and a second invoice file. */
  readonly customers: number;
  readonly invoices: number;
  /** Item files of an invoice file at most. */
  readonly items: number;
  /** The longest processing time, s. */
  readonly processing: number;
  /** Faults are at one of so many first calls of a kind, or of any kind. */
  readonly calls: readonly [one: number, any: number];
  /** A process is killed at one of so many first effects: half of them, and all of them. */
  readonly effects: readonly [half: number, all: number];
}

const EXTENTS: Readonly<Record<Size, Extent>> = {
  tiny: { customers: 0, invoices: 0, items: 1, processing: 3, calls: [3, 10], effects: [20, 70] },
  small: { customers: 0.25, invoices: 0.1, items: 2, processing: 3, calls: [5, 25], effects: [30, 150] },
  large: { customers: 0.5, invoices: 0.3, items: 3, processing: 30, calls: [5, 25], effects: [30, 150] },
};

interface Files {
  readonly files: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
}

const CUSTOMERS = 'Account Number,Name\nA01,One\nA02,Two\n';
const INVOICES = 'Invoice Number,Account Number,Amount\nI01,A01,1.00\nI02,A02,2.00\n';
const ITEMS = 'Invoice Number,Amount,Description\nI01,1.00,part 0 0\n';

/** An init, a batch, or an invoice batch with its items; some by a plan. */
function tinyFiles(dice: Dice): Files {
  const what = dice.pick(['init', 'init', 'init', 'customer', 'customer', 'customer', 'invoice', 'items']);
  const files: Record<string, string> = {};
  if (what === 'customer') files['cus_1.csv'] = CUSTOMERS;
  if (what === 'invoice' || what === 'items') files['inv_1.csv'] = INVOICES;
  if (what === 'items') files['itm_1_1.csv'] = ITEMS;
  if (dice.chance(0.1)) {
    const load = {
      init: 'init: {}',
      customer: 'customers: [cus_1.csv]',
      invoice: 'invoices:\n  - { file: inv_1.csv, items: [] }',
      items: 'invoices:\n  - { file: inv_1.csv, items: [itm_1_1.csv] }',
    }[what];
    files['plan.yaml'] = `job: ${JOB}\n${load}\n`;
    return { files, lines: ['run plan.yaml'] };
  }
  const upload = {
    init: 'init',
    customer: 'upload customer cus_1.csv',
    invoice: 'upload invoice inv_1.csv',
    items: 'upload invoice inv_1.csv --items itm_1_1.csv',
  }[what];
  const together = what === 'init' || dice.chance(0.8);
  const lines = together
    ? [what === 'init' ? upload : `${upload} --finalize --wait`]
    : [`${upload}${dice.chance(0.3) ? ' --concurrency 1' : ''}`, 'finalize', 'watch'];
  return { files, lines: lines.map((line) => `${line} --job ${JOB}`) };
}

/** The files of a month. */
function filesOf(dice: Dice, extent: Extent): Files {
  const files: Record<string, string> = {};
  const customers = Array.from(
    { length: 1 + (dice.chance(1 - extent.customers) ? 0 : 1) },
    (_, i) => `cus_${i + 1}.csv`,
  );
  customers.forEach((name, i) => {
    files[name] = `Account Number,Name\nA${i}1,One\nA${i}2,Two\n`;
  });
  const invoices = Array.from({ length: 1 + (dice.chance(extent.invoices) ? 1 : 0) }, (_, i) => {
    const items = Array.from(
      { length: dice.upTo(extent.items + 1) },
      (_item, n) => `itm_${i + 1}_${n + 1}.csv`,
    );
    files[`inv_${i + 1}.csv`] = `Invoice Number,Account Number,Amount\nI${i}1,A01,1.00\nI${i}2,A02,2.00\n`;
    items.forEach((item, n) => {
      files[item] = `Invoice Number,Amount,Description\nI${i}1,1.00,part ${i} ${n}\n`;
    });
    return { file: `inv_${i + 1}.csv`, items };
  });
  files['plan.yaml'] = [
    `job: ${JOB}`,
    'init: {}',
    `customers: [${customers.join(', ')}]`,
    'invoices:',
    ...invoices.map(({ file, items }) => `  - { file: ${file}, items: [${items.join(', ')}] }`),
    '',
  ].join('\n');
  const finish = dice.pick(['apart', 'apart', 'together']);
  const more = finish === 'together' ? ' --finalize --wait' : '';
  const apart = dice.chance(0.3) ? ' --concurrency 1' : '';
  const lines = dice.chance(0.25)
    ? ['run plan.yaml']
    : [
        'init',
        `upload customer ${customers.join(' ')}${more}${apart}`,
        ...invoices.map(
          ({ file, items }) =>
            `upload invoice ${file}${items.length > 0 ? ` --items ${items.join(' ')}` : ''}${more}${apart}`,
        ),
        'finalize',
        'watch',
      ].map((line) => `${line} --job ${JOB}`);
  return { files, lines };
}

function serverOptions(
  dice: Dice,
  extent: Extent,
): {
  readonly settle: string;
  readonly options: SandboxOptions;
  readonly about: string;
} {
  const worlds = dice.chance(0.5)
    ? []
    : Array.from({ length: 1 + dice.upTo(2) }, () => dice.pick(WORLD_NAMES));
  const world = worldOptions(worlds);
  const faults = Array.from({ length: dice.upTo(4) }, () => {
    const call = dice.pick(CALLS);
    const action = dice.pick([...ACTIONS, ...(ACTIONS_OF[call] ?? [])]);
    return `${call}@${1 + dice.upTo(extent.calls[call === 'any' ? 1 : 0])}=${action}`;
  });
  const options: SandboxOptions = {
    processingTimeMs: 1000 * (1 + dice.upTo(extent.processing)),
    duplicates: dice.pick(['refuse', 'reissue', 'conflict'] as const),
    repeats: dice.chance(0.5) ? 'execute' : 'refuse',
    missingFiles: dice.pick(['refuse', 'fail'] as const),
    ...world,
    ...(worlds.includes('cache') ? { cacheMs: MINUTE * dice.pick([0.5, 5]) } : {}),
    faults: [...faults, ...(world.faults ?? [])],
  };
  const certain =
    options.repeats === 'refuse' && !options.faults?.some((fault) => /late|gateway|hidden/.test(fault));
  const settle = certain && dice.chance(0.3) ? '0s' : '';
  return { settle, options, about: [...worlds, ...faults, options.duplicates, options.repeats].join(' ') };
}

const PERFECT: Quality = { delay: 20, refused: 0, requestLost: 0, answerLost: 0 };

/** Plays one month; the seed decides everything. */
export async function simulateMonth(seed: number, size: Size): Promise<SimulatedMonth> {
  forgetMachines();
  const extent = EXTENTS[size];
  const dice = new Dice(seed);
  const clock = new Clock(START);
  const trace: string[] = [];
  const { options, about, settle } = serverOptions(dice, extent);
  const server = new Server(options, clock);
  const poor = 0.15 * dice.random();
  const quality: Quality = dice.chance(0.6)
    ? PERFECT
    : { delay: dice.pick([20, 500, 20_000]), refused: poor / 2, requestLost: poor, answerLost: poor };
  const network: Network = { server, quality, random: dice.random, log: (line) => trace.push(line) };
  const machine = newMachine(clock, 'm1');
  const { files, lines } = size === 'tiny' ? tinyFiles(dice) : filesOf(dice, extent);
  for (const [name, text] of Object.entries(files)) machine.disk.put(`/data/${name}`, text);
  machine.disk.put('/home/.keep', '');
  const commands: Typed[] = [];
  const deadly = dice.chance(0.6) ? dice.random() : 0;
  const second = dice.chance(0.2);
  const hasty = dice.chance(0.2);
  const away = dice.chance(0.1);
  const slowDisk = dice.chance(0.3) ? 300 : 0;
  const env = {
    EBILL_BASE_URL: API,
    EBILL_AUTH: 'none',
    EBILL_SETTLE: settle,
  };

  /** Types one line, and waits until it has ended or was killed. */
  async function type(at: Machine, line: readonly string[], home: string, mortal: boolean): Promise<Ended> {
    const process = new Process(at, network, clock, dice.random);
    process.slowDisk = slowDisk;
    if (mortal && dice.chance(deadly))
      process.doom = {
        at: 1 + dice.upTo(extent.effects[dice.chance(0.5) ? 0 : 1]),
        after: dice.chance(0.5),
        power: dice.chance(0.4),
      };
    if (mortal && dice.chance(deadly * 0.2)) clock.after(dice.upTo(30_000), () => process.interrupt());
    const read = (name: string): string | null => files[name] ?? null;
    const index = commands.push(typed(line, read, { home, startedAt: clock.now() })) - 1;
    trace.push(`${clock.now()} ${at.name}.${process.pid % 1000} $ ebill ${line.join(' ')}`);
    const argv = [...line, '--json', '--progress', 'none'];
    const code = await new Promise<number | null>((resolve) => {
      process.onDeath = () => resolve(null);
      main(argv, process.context(env), '0.0.0').then(resolve, (error: unknown) => {
        trace.push(String(error instanceof Error ? error.stack : error));
        resolve(1);
      });
    });
    process.onDeath = null;
    if (code !== null) process.end();
    commands[index] = { ...(commands[index] as Typed), exit: code };
    const text = process.stdout.text;
    const error = code === null || code === 0 ? null : errorIn(text, process.stderr.text);
    trace.push(
      `${clock.now()} ${at.name}.${process.pid % 1000} ends with ${code}${error === null ? '' : ` ${error.message} → ${error.hint}`}`,
    );
    return { code, hint: error?.hint ?? '' };
  }

  /** Types the lines until each has ended with 0, or patience is over. */
  async function operate(at: Machine, all: readonly string[], mortal: boolean): Promise<boolean> {
    const ways = new Map<string, string>();
    let reached = 0;
    // Something before this line is not done (7): it says so.
    let undone = false;
    for (let pass = 1; pass <= PASSES; pass += 1) {
      let failed = false;
      // Some begin again with the first line, some with the one that failed.
      const from = undone || dice.chance(0.3) ? 0 : reached;
      undone = false;
      for (const [i, line] of all.entries()) {
        if (i < from) continue;
        reached = i;
        const way = ways.get(line);
        const { code, hint } = await type(
          at,
          [...line.split(' '), ...(way === undefined ? [] : [way])],
          at.name,
          mortal && pass <= PASSES - 4,
        );
        if (code === 0) {
          ways.delete(line);
          continue;
        }
        const option = code === 8 ? /--adopt|--restart-invoice/.exec(hint)?.[0] : undefined;
        if (option === undefined) ways.delete(line);
        else ways.set(line, option);
        undone = code === 7 || code === 8;
        failed = true;
        // An impatient operator finalizes early: that must not leave out files that are still to come.
        if (hasty && dice.chance(0.5)) await type(at, ['finalize', '--job', JOB], at.name, mortal);
        break;
      }
      if (!failed) return true;
      await clock.wait(dice.upTo(dice.chance(0.8) ? MINUTE : 30 * MINUTE));
    }
    return false;
  }

  /** Another machine, without the journal: watches, and may finalize once everything is uploaded. */
  async function elsewhere(): Promise<void> {
    await clock.wait(dice.upTo(2 * MINUTE));
    const uploads = commands.filter(({ argv }) => argv[0] === 'upload');
    const uploaded = lines
      .filter((line) => line.startsWith('upload'))
      .every((line) =>
        uploads.some(({ argv, exit }) => exit === 0 && line.startsWith(argv.slice(0, 4).join(' '))),
      );
    // Without the journal a draft that was left behind looks like any other (api rule 29).
    const finalize =
      uploaded && lines.length > 1 && options.repeats === 'refuse' && options.duplicates === 'reissue';
    const other = newMachine(clock, 'm2');
    other.disk.put('/home/.keep', '');
    other.disk.put('/data/.keep', '');
    if (finalize) await type(other, ['finalize', '--job', JOB], 'm2', false);
    else await type(other, ['status', '--job', JOB], 'm2', false);
    await type(other, ['watch', '--job', JOB, '--max-wait', '2m'], 'm2', false);
  }

  const work: Promise<unknown>[] = [];
  let finished = false;
  work.push(
    operate(machine, lines, true).then((done) => {
      finished = done;
    }),
  );
  if (second) {
    work.push(clock.wait(dice.upTo(20_000)).then(() => operate(machine, lines, true)));
  }
  if (away) work.push(elsewhere());
  let over = false;
  void Promise.all(work).then(() => {
    over = true;
  });
  const ended = await clock.run(() => over);
  if (!ended) trace.push('the month never ended');
  for (const one of [...running.values()]) one.kill();
  // Let the server finish what it has begun.
  await clock.run(() => false, 2_000);
  const judgement = judge(commands, server.snapshot());
  return {
    seed,
    about: `${about} ${settle}${second ? ' two' : ''}${hasty ? ' hasty' : ''}${away ? ' away' : ''}${deadly > 0 ? ' deadly' : ''}${quality === PERFECT ? '' : ' poor-network'}${slowDisk > 0 ? ' slow-disk' : ''}`,
    judgement: ended ? judgement : { ...judgement, wrong: [...judgement.wrong, 'a command never ended'] },
    finished: finished && ended,
    commands,
    trace,
  };
}

interface Ended {
  readonly code: number | null;
  readonly hint: string;
}

function errorIn(stdout: string, stderr: string): { readonly message: string; readonly hint: string } {
  try {
    const { error } = JSON.parse(stdout) as { error: { message: string; hint: string } | null };
    return error ?? { message: 'no error', hint: '' };
  } catch {
    return { message: stderr, hint: '' };
  }
}
