import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { type Document, type Machine, machine, type Ran } from '../e2e/harness.ts';
import { type Judgement, judge as oracle, type Typed, typed } from '../helpers/oracle.ts';

export type Duplicates = 'reissue' | 'refuse';

/** The load that is broken: 2 customer files, 2 invoice files, 7 item files. Names and contents all differ. */
export const JOB = 'AUG_2020';
export const CUSTOMERS = ['cus_1.csv', 'cus_2.csv'];
export const INVOICES: Readonly<Record<string, readonly string[]>> = {
  'inv_1.csv': ['itm_1_1.csv', 'itm_1_2.csv', 'itm_1_3.csv', 'itm_1_4.csv'],
  'inv_2.csv': ['itm_2_1.csv', 'itm_2_2.csv', 'itm_2_3.csv'],
};

const kindOf = (name: string): string =>
  name.startsWith('cus') ? 'customer' : name.startsWith('inv') ? 'invoice' : 'items';

function contents(): Record<string, string> {
  const files: Record<string, string> = {};
  const table = (header: string, rows: readonly string[]): string => [header, ...rows, ''].join('\n');
  CUSTOMERS.forEach((name, c) => {
    const rows = Array.from({ length: 3 + c }, (_, i) => `A${c}${i},Customer ${c} ${i}`);
    files[name] = table('Account Number,Name', rows);
  });
  Object.entries(INVOICES).forEach(([name, items], v) => {
    const rows = items.map((_, i) => `I${v}${i},A0${i % 3},${10 * v + i}.00`);
    files[name] = table('Invoice Number,Account Number,Amount', rows);
    items.forEach((item, i) => {
      const lines = Array.from({ length: 2 + i }, (_, n) => `I${v}${i},${n}.50,part ${n} of ${v} ${i}`);
      files[item] = table('Invoice Number,Amount,Description', lines);
    });
  });
  return files;
}

const FILES = contents();
export const NAMES = Object.keys(FILES);

/** The command lines of the whole load, in order. */
export function monthLines(more: readonly string[] = []): readonly (readonly string[])[] {
  const common = ['--job', JOB, '--json', ...more];
  return [
    ['init', ...common],
    ['upload', 'customer', ...CUSTOMERS, ...common],
    ...Object.entries(INVOICES).map(([name, items]) => [
      'upload',
      'invoice',
      name,
      '--items',
      ...items,
      ...common,
    ]),
    ['finalize', ...common],
    ['watch', '--interval', '1s', ...common],
  ];
}

const PLAN = 'plan.yaml';

/** The same month from a plan, as one command. */
export const planLines = (): readonly (readonly string[])[] => [['run', PLAN, '--interval', '1s', '--json']];

const planText = (): string =>
  [
    `job: ${JOB}`,
    'init: {}',
    `customers: [${CUSTOMERS.join(', ')}]`,
    'invoices:',
    ...Object.entries(INVOICES).map(([file, items]) => `  - { file: ${file}, items: [${items.join(', ')}] }`),
    '',
  ].join('\n');

/** One trial: a sandbox and a machine of its own, removed afterwards. */
export interface Trial {
  readonly server: Sandbox;
  readonly at: Machine;
  /** Another machine with the same files, for the same server. */
  another(): Machine;
}

/** @param tolerated what the oracle may find wrong */
export async function trial<T>(
  options: SandboxOptions,
  work: (trial: Trial) => Promise<T>,
  newMachine: (server: Sandbox) => Machine = machine,
  tolerated?: RegExp,
): Promise<T> {
  const server = await startSandbox({
    processingTimeMs: 10,
    auth: { type: 'bearer', token: 'test-token-1' },
    ...options,
  });
  const machines: Machine[] = [];
  const another = (): Machine => {
    const one = noting(newMachine(server), server);
    machines.push(one);
    writeMonth(one);
    return one;
  };
  try {
    const result = await work({ server, at: another(), another });
    const { lost, doubled, wrong } = held(server);
    if (lost.length > 0) throw new Lost(lost);
    if (doubled.length > 0) throw new Doubled(doubled);
    const broken = wrong.filter((one) => tolerated?.test(one) !== true);
    need(broken.length === 0, broken.join('; '));
    return result;
  } finally {
    await server.close();
    machines.forEach(clear);
  }
}

/** What was typed against each server, for the oracle. */
const commands = new WeakMap<Sandbox, Typed[]>();

/** Notes a command line as it starts. @returns sets its exit code */
export function note(server: Sandbox, at: Machine, argv: readonly string[]): (exit: number | null) => void {
  // Which files are in a shard is the program's own decision.
  if (argv.includes('--shard')) return () => undefined;
  const all = commands.get(server) ?? [];
  commands.set(server, all);
  const read = (name: string): string | null => {
    const path = join(at.cwd, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  };
  const one = { ...typed(argv, read, { home: at.home, startedAt: at.now() }) };
  const index = all.push(one) - 1;
  return (exit) => {
    all[index] = { ...one, exit };
  };
}

function noting(at: Machine, server: Sandbox): Machine {
  const noted = async (args: readonly string[], work: () => Promise<Ran>): Promise<Ran> => {
    const ended = note(server, at, args);
    const ran = await work();
    ended(ran.code);
    return ran;
  };
  return {
    ...at,
    call: (args, options) => noted(args, () => at.call(args, options)),
    run: (args, options) => noted(args, () => at.run(args, options)),
  };
}

/** The oracle's judgement of all that was typed against a server. */
const held = (server: Sandbox): Judgement => oracle(commands.get(server) ?? [], server.snapshot());

export function writeMonth(at: Machine): void {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(at.cwd, name), text);
  writeFileSync(join(at.cwd, PLAN), planText());
}

export function clear(at: Machine): void {
  for (const folder of [at.home, at.cwd]) rmSync(folder, { recursive: true, force: true });
}

/** The journals under a home. */
export function journalsOf(home: string): readonly string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(home, name));
}

/** A run that failed, as the operator sees it. */
export interface Failure {
  readonly line: readonly string[];
  readonly code: number | null;
  readonly error: Document['error'];
}

interface Finishing {
  readonly duplicates: Duplicates;
  readonly more?: readonly string[];
  /** A 4xx to a create that happened all the same: the program may only ask the operator (8, `--adopt`). */
  readonly mayAdopt?: boolean;
  /** The server said 4xx to a call it acted on, or knew nothing of a batch it has: a call may be sent again, a draft be left behind. */
  readonly lies?: boolean;
  readonly passes?: number;
  readonly lines?: readonly (readonly string[])[];
}

/** What this month can end with besides 0. */
const EXPECTED = new Set([2, 5, 6, 7, 8, 9]);

/**
 * Runs the load's command lines until all of them end with 0, as an operator would: the same again after a failure, and
 * the way out a conflict names, where it is one the contract knows.
 * @returns the failures on the way, and the last run
 */
export async function finish(
  { at }: Trial,
  options: Finishing,
): Promise<{ readonly failures: readonly Failure[]; readonly last: Ran | undefined }> {
  const lines = options.lines ?? monthLines(options.more);
  const ways = new Map<number, string>();
  const failures: Failure[] = [];
  for (let pass = 1; pass <= (options.passes ?? 6); pass += 1) {
    let failed = false;
    let last: Ran | undefined;
    for (const [i, line] of lines.entries()) {
      const way = ways.get(i);
      const words = way === undefined ? line : [...line, way];
      const ran = await at.call(words);
      const { error } = ran.json;
      if (ran.code === 0) {
        last = ran;
        ways.delete(i);
        continue;
      }
      failures.push({ line: words, code: ran.code, error });
      need(ran.code !== null && EXPECTED.has(ran.code), `unexpected exit ${ran.code}: ${ran.stderr}`);
      need((error?.hint ?? '').length > 10 && (error?.message ?? '').length > 10, 'an error without a hint');
      need(ran.json.exitCode === ran.code, 'the document has another exit code');
      if (ran.code === 8) ways.set(i, wayOut(options, failures));
      failed = true;
      break;
    }
    if (!failed) return { failures, last };
  }
  throw new Error(`never came to an end: ${JSON.stringify(failures)}`);
}

/** The option that resolves a conflict; any other conflict is a failure. */
function wayOut({ duplicates, mayAdopt = false }: Finishing, failures: readonly Failure[]): string {
  const error = failures.at(-1)?.error;
  const hint = error?.hint ?? '';
  if (
    duplicates === 'refuse' &&
    /_ITM_\d+ as batch/.test(error?.message ?? '') &&
    /--restart-invoice/.test(hint)
  )
    return '--restart-invoice';
  if (mayAdopt && /--adopt.*--next/.test(hint)) return '--adopt';
  throw new Error(`an unexpected conflict: ${error?.message} ${hint}`);
}

/** Compares the sandbox's state with this month's files, once all of it is done. */
export function judge(
  server: Sandbox,
  homes: readonly string[],
  duplicates: Duplicates,
  lies = false,
): Judgement {
  const { batches, initCount } = server.snapshot();
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  must(initCount === 1, `${initCount} inits`);
  // The sandbox would refuse it; another server might do it again. Never blind.
  const inits = server.requests.filter(({ call }) => call === 'init');
  const happened = inits.findIndex(({ effect }) => effect);
  must(lies || happened === inits.length - 1, 'an init was sent again after it had happened');
  const ofFiles = batches.filter((batch) => batch.inputFilename !== null);
  const top = ofFiles.filter((batch) => batch.parentId === null && batch.finalizeCount > 0);
  for (const batch of top)
    must(
      batch.finalizeCount === 1 && (lies || batch.finalizeAttempts === 1),
      `${batch.jobId} finalized ${batch.finalizeCount} times in ${batch.finalizeAttempts} attempts`,
    );
  const loaded = ofFiles.filter((batch) => batch.finalizeCount > 0);
  const lost: string[] = [];
  const doubled: string[] = [];
  for (const [name, text] of Object.entries(FILES)) {
    const sha256 = createHash('sha256').update(text).digest('hex');
    const holding = loaded.filter((batch) => batch.sha256 === sha256);
    const records = text.split('\n').length - 2;
    if (holding.length === 0) lost.push(name);
    if (holding.length > 1) doubled.push(name);
    for (const batch of holding) {
      must(batch.kind === kindOf(name), `${name} is loaded as ${batch.kind}`);
      must(batch.inputFilename === name, `${name} is loaded as ${batch.inputFilename}`);
      must(batch.bytes === Buffer.byteLength(text), `${name} has ${batch.bytes} bytes`);
      must(
        batch.successCount === records && batch.failCount === 0,
        `${name}: ${batch.successCount} of ${records} records, ${batch.failCount} failed`,
      );
    }
  }
  must(loaded.length === NAMES.length, `${loaded.length} batches loaded for ${NAMES.length} files`);
  for (const batch of top.filter(({ kind }) => kind === 'invoice')) {
    const children = ofFiles
      .filter((child) => child.parentId === batch.id)
      .map((child) => child.inputFilename);
    const expected = INVOICES[batch.inputFilename ?? ''] ?? [];
    must(
      JSON.stringify([...children].sort()) === JSON.stringify(expected),
      `${batch.inputFilename} has the items ${children}`,
    );
  }
  const left = ofFiles.filter((batch) => batch.finalizeCount === 0);
  must(
    duplicates === 'refuse' || lies || left.length === 0,
    `left behind: ${left.map((batch) => batch.jobId)}`,
  );
  must(
    left.every((batch) => batch.parentId === null || left.some((parent) => parent.id === batch.parentId)),
    'an item draft left behind under an invoice batch that is loaded',
  );
  for (const journal of homes.flatMap(journalsOf))
    must(!/X-Amz-|Signature|test-token-1/i.test(readFileSync(journal, 'utf8')), 'a secret in the journal');
  return { lost, doubled, wrong };
}

/** Finishes a load that was broken, and says what it came to. */
export async function finishAndJudge(broken: Trial, options: Finishing): Promise<readonly Failure[]> {
  const { failures, last } = await finish(broken, options);
  const { lost, doubled, wrong } = judge(broken.server, [broken.at.home], options.duplicates, options.lies);
  if (lost.length > 0) throw new Lost(lost);
  if (doubled.length > 0) throw new Doubled(doubled);
  need(wrong.length === 0, wrong.join('; '));
  const end = last?.json;
  need(
    (end?.command === 'watch' || end?.command === 'run') && end.outcome === 'succeeded' && end.error === null,
    `it ends as ${end?.outcome}`,
  );
  return failures;
}

export class Lost extends Error {
  constructor(names: readonly string[]) {
    super(`lost: ${names}`);
  }
}

export class Doubled extends Error {
  constructor(names: readonly string[]) {
    super(`doubled: ${names}`);
  }
}

export function need(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** Until the sandbox has handled every request, except those that hang. */
export async function quiet(server: Sandbox): Promise<void> {
  let seen = -1;
  for (let same = 0; same < 2; ) {
    await delay(5);
    same = server.requests.length === seen ? same + 1 : 0;
    seen = server.requests.length;
  }
}

export const SEED = Number(process.env['EBILL_FAULTS_SEED'] ?? 20_200_831);
