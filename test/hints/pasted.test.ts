import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machine, sandbox } from '../e2e/harness.ts';
import { stranger } from '../e2e/stranger.ts';
import { tempDir } from '../helpers/context.ts';

/** What every shell would expand, end or run, without a slash: it is the name of files, too. */
const HOSTILE = [
  'Odd$(touch pwned)',
  'a`touch pwned`b',
  `it's; touch pwned; '$(touch pwned)'`,
  '"$(touch pwned)" && touch pwned',
  'x\\" ; touch pwned # \\',
  '-x $HOME *>pwned',
] as const;

/** `ebill` only writes down its arguments. Each line has a shell of its own, so that prose around a command stops no other. */
const SHELL = `
ebill() { printf '%s\\0' "$@" >>"$LOG"; printf '\\n\\0' >>"$LOG"; }
for line; do (eval "$line"); done
`;

/** Runs lines in `sh`. @returns the arguments of `ebill`, one list a call */
function paste(lines: readonly string[]): readonly (readonly string[])[] {
  const folder = tempDir();
  const work = join(folder, 'work');
  mkdirSync(work);
  const log = join(folder, 'log');
  writeFileSync(log, '');
  spawnSync('/bin/sh', ['-c', SHELL, 'sh', ...lines], {
    cwd: work,
    env: { PATH: '/usr/bin:/bin', HOME: '/home/expanded', LOG: log },
    stdio: 'ignore',
  });
  expect([readdirSync(work), lines]).toEqual([[], lines]);
  const calls = readFileSync(log, 'utf8')
    .split('\n\0')
    .slice(0, -1)
    .map((call) => call.split('\0').slice(0, -1));
  rmSync(folder, { recursive: true });
  return calls;
}

/** Everything in an output that looks like a command, up to the end of its sentence and of its line. */
const commandsIn = (output: string): readonly string[] =>
  output
    .split('\n')
    .flatMap((line) =>
      [...line.matchAll(/\bebill (?=[a-z]+ )/g)].flatMap(({ index }) => [
        line.slice(index),
        line.slice(index).replace(/\.$/, ''),
      ]),
    );

describe.each(HOSTILE)('commands in hints about %j', (name) => {
  it('run nothing else when they are pasted: names of the operator', async () => {
    const at = machine(await sandbox({ faults: ['put@2=status:403', 'put@3=status:403'] }));
    const file = `${name.replace(/^-/, '_')}.csv`;
    writeFileSync(join(at.cwd, file), 'Account\n1\n2\n');
    writeFileSync(join(at.cwd, `2${file}`), 'Account\n3\n4\n');
    writeFileSync(join(at.cwd, `3${file}`), 'Invoice\n3\n4\n');
    writeFileSync(join(at.cwd, `4${file}`), 'Item\n3\n4\n');
    const job = `J${name}`;
    const seen: string[] = [];
    for (const line of [
      ['init', `--job=${job}`],
      ['upload', 'customer', file, `--job=${job}`],
      ['upload', 'customer', `2${file}`, `--job=${job}`, '--retries', '0'],
      ['upload', 'invoice', `3${file}`, '--items', `4${file}`, `--job=${job}`, '--retries', '0'],
      [],
      ['finalize', `--job=${job}`],
      ['status', `--job=${job}`, '--exit-status'],
      ['watch', `--job=${job}`, '--max-wait', '0s'],
      ['results', `--job=${job}`],
      ['loads', 'show', `other ${job}`],
      ['finalize', `--job-id=${job}`],
      ['run', `no ${name}.yaml`],
    ]) {
      const ran = await at.call(line);
      seen.push(...commandsIn(ran.stdout), ...commandsIn(ran.stderr));
    }
    const words = paste([...new Set(seen)]).flat();
    expect(words).toContain(job);
    expect(words.some((word) => word.endsWith(file))).toBe(true);
  }, 60_000);

  it('run nothing else when they are pasted: text of the server', async () => {
    const at = machine(null, { EBILL_BASE_URL: await stranger(() => name) });
    writeFileSync(join(at.cwd, 'cus.csv'), 'Name\n1\n2\n');
    const seen: string[] = [];
    for (const line of [
      ['status', '--job-id', 'X'],
      ['upload', 'customer', 'cus.csv', '--job', 'AUG', '--finalize'],
      [],
      ['watch', '--job', 'AUG', '--max-wait', '0s'],
      ['results', '--job', 'AUG'],
      ['finalize', '--job', 'AUG'],
      ['status', '--id', 'refuse'],
    ]) {
      const ran = await at.call([...line, ...(line.length === 0 ? [] : ['--retries', '0'])]);
      seen.push(...commandsIn(ran.stdout), ...commandsIn(ran.stderr));
    }
    expect(seen.length).toBeGreaterThan(0);
    paste([...new Set(seen)]);
  }, 60_000);
});
