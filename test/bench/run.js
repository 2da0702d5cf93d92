import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

/** The parts of the bench, by name. */
const PARTS = { preflight: './preflight.js' };

const run = promisify(execFile);
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { size: { type: 'string', default: '64' }, runs: { type: 'string', default: '5' } },
});
const [size, runs] = [Number(values.size), Number(values.runs)];
const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = names.find((name) => !(name in PARTS));
if (unknown !== undefined || !(size >= 1) || !(runs >= 1)) {
  process.stderr.write(`usage: npm run bench -- [${Object.keys(PARTS).join('|')}] [--size MB] [--runs N]\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'ebill-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const one = fileURLToPath(new URL('one.js', import.meta.url));
const report = {};
for (const name of names) {
  const module = fileURLToPath(new URL(PARTS[name], import.meta.url));
  const part = await import(PARTS[name]);
  const files = await part.files(folder, size);
  say(
    `\n${name}: ${part.about(files)}; ${runs} runs each, Node ${process.version}, ${availableParallelism()} CPUs`,
  );
  const found = new Map(Object.keys(part.candidates).map((candidate) => [candidate, []]));
  // The first round is thrown away; then each candidate has its turn in every round.
  for (let round = 0; round <= runs; round++) {
    for (const [candidate, results] of found) {
      const { stdout } = await run(process.execPath, [one, module, candidate, JSON.stringify(files)]);
      if (round > 0) results.push(JSON.parse(stdout));
    }
  }
  report[name] = table(part, files, found);
}
const out = join(tmpdir(), 'ebill-bench.json');
writeFileSync(
  out,
  `${JSON.stringify({ node: process.version, cpus: availableParallelism(), size, runs, parts: report }, null, 2)}\n`,
);
say(`\nWritten to ${out}`);

function table(part, files, found) {
  const rows = [...found].map(([name, results]) => {
    const times = results.map(({ ms }) => ms).sort((a, b) => a - b);
    const ms = median(times);
    const bytes = part.bytes(files, name);
    return {
      name,
      group: part.candidates[name].group,
      ms: Math.round(ms),
      mbPerSecond: Math.round(bytes / 1000 / ms),
      rssMb: Math.round(median(results.map(({ rss }) => rss).sort((a, b) => a - b)) / 1e6),
      runs: times.length,
      spreadPercent: Math.round(((times.at(-1) - times[0]) / ms) * 100),
      says: results[0].says,
    };
  });
  for (const group of new Set(rows.map((row) => row.group))) {
    const members = rows.filter((row) => row.group === group);
    const base = members[0].ms;
    say(`\n${group.padEnd(44)} × time     ms   MB/s  RSS MB  runs  spread`);
    for (const row of members) {
      const cells = [
        (row.ms / base).toFixed(2).padStart(6),
        String(row.ms).padStart(6),
        String(row.mbPerSecond).padStart(6),
        String(row.rssMb).padStart(7),
        String(row.runs).padStart(5),
        `${row.spreadPercent} %`.padStart(7),
      ];
      say(`  ${row.name.padEnd(42)} ${cells.join(' ')}`);
    }
    const answers = new Set(members.map(({ says }) => says));
    if (answers.size > 1) say(`  they disagree: ${[...answers].join(' | ')}`);
  }
  return rows;
}

function median(sorted) {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
