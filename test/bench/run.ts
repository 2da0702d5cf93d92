import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare } from './compare.ts';
import { inside } from './inside.ts';
import { whyLeftOut } from './optional-peers.ts';
import type { Bench, Candidate, Part, Row } from './part.ts';
import { aligned, goalsTable, tableOf } from './table.ts';

// `npm run bench`; README.md has the options.

/** In the order they run. */
const PARTS: Readonly<Record<string, () => Promise<Part>>> = {
  startup: async () => (await import('./parts/startup.ts')).part,
  package: async () => (await import('./parts/package.ts')).part,
  watch: async () => (await import('./parts/watch.ts')).part,
  growth: async () => (await import('./parts/growth.ts')).part,
  journal: async () => inside('journal', (await import('./parts/journal.ts')).functions),
  upload: async () => (await import('./parts/upload.ts')).part,
  memory: async () => (await import('./parts/memory.ts')).part,
  load: async () => (await import('./parts/load.ts')).part,
  preflight: async () => inside('preflight', (await import('./parts/preflight.ts')).functions),
};

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

const folders = new Set<string>();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const { names, size, runs, json } = options();
const machine = { node: process.version, cpus: availableParallelism(), platform: process.platform };
const results: Record<string, unknown> = {};
const rowsOf = new Map<string, readonly Row[]>();
for (const name of names) {
  const part = await PARTS[name]?.();
  if (part !== undefined) results[name] = await run(name, part);
}
for (const line of goalsTable(rowsOf)) print(line);
const report = { ...machine, at: new Date().toISOString(), parts: results };
writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
print(`\nWritten to ${json}`);

async function run(name: string, part: Part): Promise<unknown> {
  const amount = { size: size ?? part.size ?? 64, runs: runs ?? part.runs ?? 7 };
  return withBench(amount, async (bench) => {
    const { about, candidates, facts } = await part.open(bench);
    const { node, cpus, platform } = machine;
    print(`\n${name}: ${about}; ${amount.runs} runs each, Node ${node}, ${cpus} CPUs, ${platform}`);
    const rows = await compare(candidates.filter(canRun), amount.runs);
    rowsOf.set(name, rows);
    for (const line of tableOf(rows)) print(line);
    const figures = facts?.(rows) ?? [];
    if (figures.length > 0) print('');
    const lines = aligned(figures.map((fact) => [`  ${fact.name}`, String(fact.value)]));
    for (const [i, line] of lines.entries()) print(`${line} ${figures[i]?.unit ?? ''}`.trimEnd());
    return { about, ...amount, rows, facts: figures };
  });
}

function canRun({ name, needs }: Candidate): boolean {
  const why = whyLeftOut(needs);
  if (why !== null) print(`  left out: ${name} (${why})`);
  return why === null;
}

/** Gives a part an empty folder, and removes it however the part or the process ends. */
async function withBench<T>(
  amount: { readonly size: number; readonly runs: number },
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ebill-bench-'));
  folders.add(folder);
  const closes: (() => unknown)[] = [];
  try {
    return await use({ ...amount, folder, closing: (close) => closes.push(close) });
  } finally {
    for (const close of closes.reverse()) await close();
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}

interface Options {
  readonly names: readonly string[];
  readonly size: number | undefined;
  readonly runs: number | undefined;
  readonly json: string;
}

function options(): Options {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { size: { type: 'string' }, runs: { type: 'string' }, json: { type: 'string' } },
    });
    const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
    const size = values.size === undefined ? undefined : Number(values.size);
    const runs = values.runs === undefined ? undefined : Number(values.runs);
    if (names.every((name) => Object.hasOwn(PARTS, name)) && (size ?? 1) > 0 && (runs ?? 1) >= 1)
      return { names, size, runs, json: values.json ?? join(tmpdir(), 'ebill-bench.json') };
  } catch {
    // The usage says what is possible.
  }
  const parts = Object.keys(PARTS).join('|');
  process.stderr.write(`usage: npm run bench -- [${parts}]… [--size MB] [--runs N] [--json FILE]\n`);
  process.exit(2);
}
