import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxOptions } from '../../src/sandbox/index.ts';
import type { Machine } from '../e2e/harness.ts';
import { type Crash, type Ended, startMonth } from './killed.ts';
import { CUSTOMERS, INVOICES, JOB, need, quiet, type Trial } from './load.ts';
import { Dice, documentOf, inTime, judgeAll, onFastClock, replay } from './storms.ts';
import type { Point } from './tally.ts';

/*
 * Eight processes started at once, each with a command of one load: in one home, or in two homes that know nothing of each
 * other. Some are killed. Then each line is typed again, one after the other, until it ends with 0.
 */

const PASSES = 8;
const PLAN = 'plan.yaml';
type Line = readonly string[];

/** What a home is given: all files of the month, or one half of them. */
interface Share {
  readonly customers: readonly string[];
  readonly invoices: readonly string[];
}
const ALL: Share = { customers: CUSTOMERS, invoices: Object.keys(INVOICES) };
const HALVES: readonly Share[] = [0, 1].map((i) => ({
  customers: CUSTOMERS.slice(i, i + 1),
  invoices: ALL.invoices.slice(i, i + 1),
}));

interface Start {
  readonly home: number;
  readonly line: Line;
  readonly afterMs: number;
  /** `null`: not killed. */
  readonly killedAfterMs: number | null;
}

interface Round {
  readonly options: SandboxOptions;
  /** How many times as fast as ours its clock runs: the patience of a second writer is 5 s by it. */
  readonly times: number;
  readonly shares: readonly Share[];
  readonly starts: readonly Start[];
  readonly about: string;
}

function roundOf(seed: number, homes: 1 | 2): Round {
  const dice = new Dice(seed);
  const options: SandboxOptions = {
    processingTimeMs: 1000 * (1 + dice.upTo(10)),
    latencyMs: dice.pick([0, 0, 200, 1000]),
    duplicates: dice.pick(['refuse', 'reissue', 'conflict'] as const),
    // Between homes only the server keeps a call from happening twice.
    repeats: homes === 1 && dice.chance(0.5) ? 'execute' : 'refuse',
    missingFiles: dice.pick(['refuse', 'fail'] as const),
  };
  const shares = homes === 1 ? [ALL] : dice.chance(0.5) ? [ALL, ALL] : HALVES;
  const lines = mixed(dice, shares);
  const spread = dice.pick([0, 0, 300, 1000]);
  const starts = dice.shuffled(lines).map(
    ({ home, line }): Start => ({
      home,
      line,
      afterMs: dice.upTo(spread + 1),
      killedAfterMs: dice.chance(0.2) ? 200 + dice.upTo(1500) : null,
    }),
  );
  const about = [
    homes === 1 ? 'one home' : shares[0] === ALL ? 'two homes, same files' : 'two homes, a half each',
    options.duplicates,
    `repeats ${options.repeats}`,
    ...starts.map(
      ({ home, line, killedAfterMs }) =>
        `${homes === 1 ? '' : `${home}: `}${line.slice(0, line.indexOf('--job')).join(' ')}${killedAfterMs === null ? '' : ' killed'}`,
    ),
  ];
  return { options, times: dice.pick([10, 60]), shares, starts, about: about.join('; ') };
}

/** Eight lines, of each kind at least one; with two homes four for each. */
function mixed(dice: Dice, shares: readonly Share[]): { readonly home: number; readonly line: Line }[] {
  const of = (home: number): Share => shares[home] ?? ALL;
  // Which file a batch holds only its home knows. So where one takes over the other's, both name the files in one order.
  const inOrder = shares.length === 2 && shares[0] === ALL;
  const customer = (home: number): Line => {
    const { customers } = of(home);
    return uploadLine(dice, 'customer', inOrder || dice.chance(0.5) ? customers : [dice.pick(customers)]);
  };
  const invoice = (home: number): Line => {
    const { invoices } = of(home);
    const file = inOrder ? (invoices[0] ?? '') : dice.pick(invoices);
    return uploadLine(dice, 'invoice', [file, '--items', ...(INVOICES[file] ?? [])]);
  };
  const kinds: ((home: number) => Line)[] = [
    () => typedLine('init'),
    customer,
    customer,
    invoice,
    () => typedLine('finalize'),
    () => typedLine('watch', '--max-wait', '30s'),
    () => (dice.chance(0.5) ? typedLine('status') : typedLine('status', '--exit-status')),
    dice.chance(0.6) ? () => ['run', PLAN, '--interval', '1s', '--json'] : invoice,
  ];
  return dice.shuffled(kinds).map((kind, i) => {
    const home = i % shares.length;
    return { home, line: kind(home) };
  });
}

const typedLine = (...words: readonly string[]): Line => [
  ...words,
  ...(words[0] === 'watch' ? ['--interval', '1s'] : []),
  '--job',
  JOB,
  '--json',
];

function uploadLine(dice: Dice, kind: string, words: readonly string[]): Line {
  const wait = dice.chance(0.4) ? ['--wait', '--interval', '1s'] : [];
  return ['upload', kind, ...words, ...wait, '--job', JOB, '--json'];
}

export function eightPoint(seed: number, homes: 1 | 2, title: string): Point {
  const round = roundOf(seed, homes);
  return {
    name: `round ${seed} (${round.about}; ${replay(seed, title)})`,
    run: () => {
      const clock = { began: Date.now(), times: round.times };
      // A home finalizes what another one has not finished: it finds the drafts on the server (api rule 29).
      const tolerated = homes === 2 ? /was finalized without its items/ : undefined;
      return onFastClock(
        round.options,
        '2s',
        clock,
        async (one) => {
          await play(one, round, clock);
          return true;
        },
        tolerated,
      );
    },
  };
}

async function play(one: Trial, round: Round, clock: NonNullable<Crash['clock']>): Promise<void> {
  const machines = round.shares.map((share, i) => {
    const at = i === 0 ? one.at : one.another();
    writePlan(at, share);
    return at;
  });
  await Promise.all(
    round.starts.map(async ({ home, line, afterMs, killedAfterMs }) => {
      const at = machines[home] ?? one.at;
      await delay(afterMs);
      const child = startMonth({ ...one, at }, { clock }, [line]);
      if (killedAfterMs !== null) void delay(killedAfterMs).then(() => child.kill('SIGKILL'));
      const ended = await inTime(child);
      checked(line, ended, killedAfterMs !== null);
    }),
  );
  await quiet(one.server);
  const stuck: string[] = [];
  for (const [i, share] of round.shares.entries()) {
    const at = machines[i] ?? one.at;
    // The first home takes the other one's batches over (--adopt), so the other one only looks.
    if (i > 0 && share === ALL) await finish(at, typedLine('watch', '--max-wait', '30s'), share);
    else stuck.push(...(await finishAll(at, share, i, round)));
  }
  await quiet(one.server);
  if (round.shares.length === 1) {
    need(stuck.length === 0, `never came to an end: ${stuck.join('\n')}`);
    judgeAll(
      one,
      machines.map(({ home }) => home),
      round.options.duplicates,
    );
  }
}

function writePlan({ cwd }: Machine, { customers, invoices }: Share): void {
  const lines = invoices.map(
    (file) => `  - { file: ${file}, items: [${(INVOICES[file] ?? []).join(', ')}] }`,
  );
  const text = [`job: ${JOB}`, 'init: {}', `customers: [${customers.join(', ')}]`, 'invoices:', ...lines, ''];
  writeFileSync(join(cwd, PLAN), text.join('\n'));
}

/** Types the lines of a home again, and then its whole month. @returns what the lines that never end with 0 say */
async function finishAll(at: Machine, share: Share, home: number, round: Round): Promise<readonly string[]> {
  const uploads = round.starts.filter((each) => each.home === home && each.line[0] === 'upload');
  const lines: readonly Line[] = [
    typedLine('init'),
    ...uploads.map(({ line }) => line),
    typedLine('finalize'),
    typedLine('watch'),
    ['run', PLAN, '--interval', '1s', '--json'],
    typedLine('status', '--exit-status'),
  ];
  const stuck: string[] = [];
  for (const line of lines) {
    const said = await finish(at, line, share);
    if (said !== '') stuck.push(said);
  }
  return stuck;
}

/** Types a line until it ends with 0, or says the same twice. @returns what it says in the end; '' after 0 */
async function finish(at: Machine, line: Line, share: Share): Promise<string> {
  let said = '';
  for (let pass = 1, way: string | undefined; pass <= PASSES; pass += 1) {
    const words = way === undefined ? line : [...line, way];
    const { code, stdout, stderr } = await at.call(words);
    need(allowed(line, code), `${words.join(' ')} ends with ${code}: ${stdout}${stderr}`);
    const { error } = documentOf(line.slice(0, 2).join(' '), code, stdout);
    const before = said;
    said = error === null ? '' : `${words.join(' ')} ends with ${code}: ${error.message} ${error.hint}`;
    if (said === '' || said === before) break;
    way = code === 8 ? wayOut(error?.hint ?? '', share) : undefined;
  }
  return said;
}

/** What the operator knows: with the same files in both homes a batch found is theirs, otherwise it is the other one's. */
function wayOut(hint: string, share: Share): string | undefined {
  if (share !== ALL && /--next/.test(hint)) return '--next';
  return /--adopt|--restart-invoice/.exec(hint)?.[0];
}

/** 4: another home has finalized a draft before its file was there (api rule 29). */
const CODES = new Set([0, 4, 6, 7, 8, 9]);

/** 2 where there is nothing yet to finalize or to wait for. */
const allowed = ([word]: Line, code: number | null): code is number =>
  code !== null && (CODES.has(code) || (code === 2 && /^(finalize|watch|status)$/.test(word ?? '')));

function checked(line: Line, { code, signal, stdout, stderr }: Ended, killed: boolean): void {
  const name = line.slice(0, 2).join(' ');
  if (code === null) {
    need(killed && signal === 'SIGKILL', `${name} ends by ${signal}: ${stderr}`);
    return;
  }
  need(allowed(line, code), `${name} ends with ${code}: ${stdout}${stderr}`);
  documentOf(name, code, stdout);
}
