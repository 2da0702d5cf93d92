import { writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withBench } from './frame/bench.js';
import { rowsOf } from './frame/rows.js';
import { aligned, tableOf } from './frame/table.js';
import { inTurns } from './frame/turns.js';
import { PARTS } from './parts.js';

const say = (line) => process.stdout.write(`${line}\n`);

const wanted = wantedOf();
const machine = { node: process.version, cpus: availableParallelism(), platform: process.platform };
const parts = {};
for (const name of wanted.names) parts[name] = await measured(name);
writeFileSync(
  wanted.json,
  `${JSON.stringify({ ...machine, at: new Date().toISOString(), parts }, null, 2)}\n`,
);
say(`\nWritten to ${wanted.json}`);

async function measured(name) {
  const part = await PARTS[name]();
  const how = { size: wanted.size ?? part.size ?? 64, runs: wanted.runs ?? part.runs ?? 7 };
  return withBench(how, async (bench) => {
    const given = await part.prepare(bench);
    say(
      `\n${name}: ${given.about}; ${how.runs} runs each, Node ${machine.node}, ${machine.cpus} CPUs, ${machine.platform}`,
    );
    const rows = rowsOf(await inTurns(part.candidates(given), how.runs));
    const facts = (await part.facts?.(given, rows)) ?? [];
    for (const line of tableOf(rows)) say(line);
    if (facts.length > 0) say('');
    const lines = aligned(facts.map(({ name, value }) => [`  ${name}`, String(value)]));
    for (const [i, line] of lines.entries()) say(`${line} ${facts[i].unit}`.trimEnd());
    return { about: given.about, ...how, rows, facts };
  });
}

function wantedOf() {
  const usage = () => {
    process.stderr.write(
      `usage: npm run bench -- [${Object.keys(PARTS).join('|')}]… [--size MB] [--runs N] [--json FILE]\n`,
    );
    process.exit(2);
  };
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { size: { type: 'string' }, runs: { type: 'string' }, json: { type: 'string' } },
    });
    const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
    const [size, runs] = [values.size, values.runs].map((text) =>
      text === undefined ? undefined : Number(text),
    );
    if (names.some((name) => !Object.hasOwn(PARTS, name)) || !((size ?? 1) > 0) || !((runs ?? 1) >= 1))
      usage();
    return { names, size, runs, json: values.json ?? join(tmpdir(), 'ebill-bench.json') };
  } catch {
    return usage();
  }
}
