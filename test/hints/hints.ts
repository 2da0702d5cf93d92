import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgv } from '../../src/parse.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { type Machine, machine } from '../e2e/harness.ts';
import { typed } from '../helpers/command-line.ts';

/*
 * Takes every command that an error's hint, or `ebill` alone, offers at some point of a scenario, runs it as it stands, and
 * then what `ebill` alone names, step after step. However it goes, no record may be processed twice, and no invoice
 * batch without its items.
 */

/** A command line, or a change to the files. */
export type Step = readonly string[] | ((at: Machine, server: Sandbox) => void | Promise<void>);

export interface Scenario {
  readonly name: string;
  readonly options?: SandboxOptions;
  /** Files by name, as they are at the start. */
  readonly files: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** The item files of each invoice file. */
  readonly items?: Readonly<Record<string, readonly string[]>>;
  /** Options in words that the operator may only use knowing more than the program. */
  readonly except?: readonly string[];
}

/** A command as it is offered after a step, and the step's own command line if that failed. */
interface Offer {
  readonly after: number;
  readonly words: readonly string[];
}

const KNOWN_OPTIONS = ['--next', '--adopt', '--again', '--restart-invoice'];

/** Runs a scenario with each command it offers. @returns what went wrong, and how many commands were tried */
export async function tryHints(
  scenario: Scenario,
  write: (at: Machine, files: Scenario['files']) => void,
): Promise<{ readonly wrong: readonly string[]; readonly tried: readonly string[] }> {
  const offers = await collect(scenario, write);
  const wrong: string[] = [];
  const tried: string[] = [];
  for (const offer of offers) {
    const text = offer.words.join(' ');
    tried.push(text);
    await inWorld(scenario, write, async (world) => {
      await play(world, scenario, offer.after);
      await world.run(offer.words);
      const seen = new Set<string>();
      for (let i = 0; i < 6; i += 1) {
        const next = (await world.run([])).next;
        if (next === null || seen.has(next)) break;
        seen.add(next);
        const words = await runnable(next, world.at, []);
        if (words === null) break;
        await world.run(words);
      }
      for (const fault of judge(world, scenario))
        wrong.push(`after step ${offer.after}, ebill ${text}: ${fault}`);
    });
  }
  return { wrong, tried };
}

interface World {
  readonly at: Machine;
  readonly server: Sandbox;
  /** Every content a file has had, by its SHA-256. */
  readonly texts: Map<string, string>;
  run(
    words: readonly string[],
  ): Promise<{ readonly code: number; readonly hint: string; readonly next: string | null }>;
}

async function inWorld<T>(
  { options = {}, files }: Scenario,
  write: (at: Machine, files: Scenario['files']) => void,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const server = await startSandbox({
    processingTimeMs: 5,
    auth: { type: 'bearer', token: 'test-token-1' },
    duplicates: 'reissue',
    ...options,
  });
  const at = machine(server);
  write(at, files);
  const texts = new Map<string, string>();
  const keep = (): void => {
    for (const name of readdirSync(at.cwd, { recursive: true, encoding: 'utf8' }).filter((one) =>
      one.endsWith('.csv'),
    )) {
      const text = readFileSync(join(at.cwd, name), 'utf8');
      texts.set(createHash('sha256').update(text).digest('hex'), text);
    }
  };
  try {
    return await work({
      at,
      server,
      texts,
      run: async (words) => {
        keep();
        const waits = ['watch', 'run'].includes(words[0] ?? '') || words.includes('--wait');
        const ran = await at.call([
          ...words,
          ...(waits ? ['--interval', '1s', '--patience', '5s'] : []),
          '--json',
        ]);
        keep();
        const next = ran.json['next'] as { command: string } | undefined;
        return { code: ran.code ?? -1, hint: ran.json.error?.hint ?? '', next: next?.command ?? null };
      },
    });
  } finally {
    await server.close();
    for (const folder of [at.home, at.cwd]) rmSync(folder, { recursive: true, force: true });
  }
}

async function play({ at, server, run }: World, { steps }: Scenario, last: number): Promise<void> {
  for (const step of steps.slice(0, last + 1)) {
    if (typeof step === 'function') await step(at, server);
    else await run(step);
  }
}

function collect(
  scenario: Scenario,
  write: (at: Machine, files: Scenario['files']) => void,
): Promise<readonly Offer[]> {
  return inWorld(scenario, write, async (world) => {
    const offers = new Map<string, Offer>();
    for (const [after, step] of scenario.steps.entries()) {
      if (typeof step === 'function') {
        await step(world.at, world.server);
        continue;
      }
      const { hint } = await world.run(step);
      const { next } = await world.run([]);
      const texts = [...commandsIn(hint), ...(next === null ? [] : [next])];
      const all = await Promise.all(texts.map((text) => runnable(text, world.at, step)));
      for (const words of [...all, ...optionsIn(hint, step, scenario.except ?? [])])
        if (words !== null) offers.set(`${after} ${words.join(' ')}`, { after, words });
    }
    return [...offers.values()];
  });
}

/** What may be a command, up to where it cannot go on. */
const commandsIn = (hint: string): string[] =>
  [...hint.matchAll(/\bebill [a-z].*?(?=\n|, then|, which|\)| \(|\. |\.$|$)/gs)].map(([text]) => text);

/** The failed line again, and with each option that the hint advises in words. */
function optionsIn(hint: string, line: readonly string[], except: readonly string[]): (readonly string[])[] {
  const advised = hint.split(/(?<=[.!])\s/).filter((sentence) => !/would|would load|do not/.test(sentence));
  const options = KNOWN_OPTIONS.filter(
    (option) =>
      !except.includes(option) && advised.some((sentence) => new RegExp(`with ${option}\\b`).test(sentence)),
  );
  const again = /same command again/.test(hint) ? [line] : [];
  return [...again, ...options.map((option) => [...line, option])];
}

/** The words of the longest beginning that is a command, with files for placeholders; `null`: there is none to run here. */
async function runnable(
  text: string,
  at: Machine,
  line: readonly string[],
): Promise<readonly string[] | null> {
  const all = typed(text.replace(/[.,]$/, ''));
  if (all.includes('demo') || all.includes('doctor')) return null;
  const given = line.filter((word) => word.endsWith('.csv'));
  for (let length = all.length; length > 0; length -= 1) {
    const words = all.slice(0, length).flatMap((word) => (/…/.test(word) ? given : [word]));
    const command = words.slice(0, 2).join(' ');
    if (/^upload /.test(command) && !words.slice(2).every((word, i) => isFit(word, words[i + 1] ?? '', at)))
      continue;
    const parsed = await parseArgv([...words], '0.0.0', 80).catch(() => null);
    if (parsed?.type === 'command') return words;
  }
  return null;
}

const isFit = (word: string, before: string, at: Machine): boolean =>
  word.startsWith('-') || (before.startsWith('--') && before !== '--items') || existsSync(join(at.cwd, word));

function judge({ server, texts }: World, { items = {} }: Scenario): readonly string[] {
  const wrong: string[] = [];
  const { batches, initCount } = server.snapshot();
  const inits = new Set(batches.filter(({ kind }) => kind === 'init').map(({ jobId }) => jobId)).size;
  if (initCount > inits) wrong.push(`${initCount} inits of ${inits} loads`);
  const loaded = batches.filter((batch) => batch.inputFilename !== null && batch.finalizeCount > 0);
  const seen = new Map<string, string>();
  for (const batch of loaded) {
    if (batch.finalizeCount > 1) wrong.push(`${batch.jobId} was finalized ${batch.finalizeCount} times`);
    // Records without a key are rejected; they may come again.
    const rows = (texts.get(batch.sha256 ?? '') ?? '').trimEnd().split(/\r?\n/).slice(1);
    for (const row of rows.filter((one) => !/^(""|),/.test(one))) {
      const record = `${batch.kind} ${row}`;
      const other = seen.get(record);
      if (other !== undefined) wrong.push(`"${row}" was processed as ${other} and ${batch.jobId}`);
      seen.set(record, batch.jobId);
    }
  }
  for (const batch of loaded.filter(({ kind }) => kind === 'invoice')) {
    const under = loaded.filter((one) => one.parentId === batch.id).map((one) => one.inputFilename);
    for (const name of items[batch.inputFilename ?? ''] ?? [])
      if (!under.includes(name)) wrong.push(`${batch.jobId} was finalized without ${name}`);
  }
  return wrong;
}
