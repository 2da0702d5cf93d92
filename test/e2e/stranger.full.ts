import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { tempDir, testContext } from '../helpers/context.ts';
import { FAST_EBILL } from '../helpers/programs.ts';
import { CODE_POINT } from '../helpers/unicode.ts';
import { runnerCommands } from '../output/runner.ts';
import { HOSTILE, rawIn, stranger } from './stranger.ts';

const anyHostile = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: CODE_POINT, maxLength: 6 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

/** As a file may be called: no slash, no NUL, short. */
const asName = (text: string): string => text.replace(/[/\0]/g, '_').slice(0, 60);

/** Every command, with a stranger's text wherever text can be given. */
const commands = (said: string, file: string): readonly (readonly string[])[] => [
  ['validate', '--items', file, '--column', `items.invoice=${said}`],
  ['validate', '--customer', `${said}*`, '--invoice', said],
  ['upload', 'customer', 'plain.csv', '--job', 'AUG_2020'],
  ['upload', 'customer', file, '--job', 'AUG_2020', '--no-validate'],
  ['finalize', '--job', 'AUG_2020'],
  ['status', '--job', 'AUG_2020'],
  ['status', '--id', '4'],
  ['status', '--job-id', 'refuse'],
  ['watch', '--id', '4', '--max-wait', '1s', '--notify', `printf '%s' '${said.replace(/['\0]/g, '')}'`],
  ['results', '--id', '4', '--out', 'out'],
  ['results', '--id', '4', '--out', 'out', '--status-column', said],
  ['report', '--job', 'AUG_2020', '--force'],
  ['loads'],
  ['loads', 'show', 'AUG_2020'],
  ['loads', 'show', said],
  ['run', 'plan.yaml', '--dry-run'],
  ['run', said],
  ['profile', 'show', said],
  ['profile', 'add', said, '--base-url', said],
  ['profile', 'list'],
  ['api', 'GET', '/rest/batchProcess?id=4'],
  ['api', 'GET', '/rest/batchProcess?id=refuse'],
  ['api', 'GET', said],
  ['help', said],
  [said],
  ['status', `--${said}`],
  ['status', '--timeout', said],
  [],
];

const WAYS = [
  { name: 'in a pipe', tty: false, flags: [], env: {} },
  { name: 'on a terminal', tty: true, flags: ['--color', 'always'], env: {} },
  { name: 'as JSON', tty: false, flags: ['--json', '--progress', 'json'], env: {} },
  { name: 'as rows', tty: false, flags: ['--format', 'tsv'], env: {} },
  {
    name: 'on GitHub Actions',
    tty: false,
    flags: ['--verbose'],
    env: { GITHUB_ACTIONS: 'true', CI: 'true' },
  },
] as const;

function folderOf(said: string): { cwd: string; file: string } {
  const cwd = tempDir();
  const cell = `"${said.replaceAll('"', '""')}"`;
  const file = asName(`${said}.csv`) || 'x.csv';
  writeFileSync(join(cwd, file), `${cell},b\n${cell},2,${cell}\n1,"${said}\n`);
  writeFileSync(join(cwd, 'plain.csv'), 'a,b\n1,2\n');
  writeFileSync(
    join(cwd, 'plan.yaml'),
    `job: AUG_2020\ncustomers: [${JSON.stringify(said)}]\n${said}: ${said}\n`,
  );
  return { cwd, file };
}

it.each(WAYS)(
  'what strangers say reaches nobody raw, $name',
  async ({ tty, flags, env }) => {
    let said = '';
    const origin = await stranger(() => said);
    await fc.assert(
      fc.asyncProperty(anyHostile, async (text) => {
        said = text;
        const { cwd, file } = folderOf(said);
        const home = tempDir('ebill-home-');
        for (const args of commands(said, file)) {
          const context = testContext({ home, cwd, tty, env: { EBILL_BASE_URL: origin, ...env } });
          await main([...args, ...(args.length === 0 ? [] : flags)], context);
          const output = context.stdout.text + context.stderr.text;
          expect([rawIn(output, tty), args]).toEqual([[], args]);
          const ordered = runnerCommands(output).filter(
            ({ name }) => !['error', 'warning', 'notice'].includes(name),
          );
          if ('GITHUB_ACTIONS' in env) expect([ordered, args]).toEqual([[], args]);
        }
        for (const name of readdirSync(cwd, { recursive: true, encoding: 'utf8' }))
          if (name !== file) expect(rawIn(name, false)).toEqual([]);
      }),
      {
        numRuns: Number(process.env['EBILL_RUNS'] ?? 5),
        examples: [[HOSTILE.join(' ')], ['##[add-path]/evil'], ['\n::add-mask::x']],
      },
    );
  },
  120_000,
);

it('nor in a real terminal, from a separate process', async () => {
  const said = HOSTILE.join(' ');
  const origin = await stranger(() => said);
  const { cwd, file } = folderOf(said.slice(0, 60));
  for (const args of [
    ['upload', 'customer', 'plain.csv', '--job', 'AUG_2020'],
    ['watch', '--id', '4', '--max-wait', '1s'],
    ['results', '--id', '4', '--out', 'out'],
    ['validate', '--items', file],
    ['run', 'plan.yaml'],
  ]) {
    const child = spawn(process.execPath, [FAST_EBILL, ...args], {
      name: 'xterm-256color',
      cols: 100,
      rows: 30,
      cwd,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: cwd,
        TERM: 'xterm-256color',
        LANG: 'C.UTF-8',
        EBILL_HOME: cwd,
        EBILL_SETTLE: '0s',
        EBILL_BASE_URL: origin,
      },
    });
    let output = '';
    child.onData((data) => {
      output += data;
    });
    await new Promise((resolve) => child.onExit(resolve));
    expect(output.length, args.join(' ')).toBeGreaterThan(20);
    expect([rawIn(output, true), args]).toEqual([[], args]);
  }
}, 120_000);
