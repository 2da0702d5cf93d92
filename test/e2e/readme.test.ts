import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { typed } from '../helpers/command-line.ts';
import { calls, type Machine, machine, sandbox } from './harness.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The first block of code after a text. */
function blockAfter(text: string): string {
  const [, block = ''] = /```\w+\n(.*?)```/s.exec(README.slice(README.indexOf(text))) ?? [];
  return block;
}

const LINES = blockAfter('## A load in ten lines').trim().split('\n');
const FILES = ['cus_2020_08.csv', 'inv_2020_08.csv', 'itm_2020_08_1.csv'];

type Server = Awaited<ReturnType<typeof sandbox>>;
let server: Server;
let at: Machine;

beforeEach(async () => {
  server = await sandbox({ processingTimeMs: 5 });
  at = machine(null, { EBILL_TOKEN: 'test-token-1' });
  for (const name of FILES) writeFileSync(join(at.cwd, name), blockAfter(`\`${name}\``));
});

const run = async (line: string) => {
  const words = typed(line).map((word) => word.replace('https://ebill.example.com', server.apiUrl));
  const { code, stderr } = await at.call(words);
  return { line, code, stderr };
};

/** Every changing call reached the server once. */
function expectOnce(): void {
  const changing = calls(server).filter((call) => /^(init|create|put|finalize)/.test(call));
  expect(changing).toEqual([...new Set(changing)]);
  const { batches, initCount } = server.snapshot();
  expect(initCount).toBe(1);
  expect(batches.filter(({ inputFilename }) => inputFilename !== null)).toHaveLength(3);
}

describe("the README's load in ten lines", () => {
  it('has ten lines', () => {
    expect(LINES).toHaveLength(10);
  });

  it('ends with 0 when each line is typed twice in a row, and sends nothing twice', async () => {
    for (const line of LINES.flatMap((one) => [one, one]))
      expect(await run(line)).toMatchObject({ line, code: 0 });
    expectOnce();
  });

  it('ends with 0 when all lines are typed again after the load is closed, and sends nothing twice', async () => {
    for (const line of [...LINES, ...LINES]) expect(await run(line)).toMatchObject({ line, code: 0 });
    expectOnce();
  });

  it('is refused for files of another month, by the upload command that has no load to put them in', async () => {
    for (const line of LINES) await run(line);
    const before = calls(server);
    writeFileSync(join(at.cwd, 'cus_2020_09.csv'), 'Account Number,Name\n00125,Grace Hopper\n');
    const later = ['--json', '--dry-run --json'].map(
      (options) => `ebill upload customer cus_2020_09.csv ${options}`,
    );
    for (const line of later) {
      const ran = await at.call(typed(line));
      expect([ran.code, ran.json.error?.message]).toEqual([2, expect.stringContaining('AUG_2020')]);
      // First what adds to this load: an init cannot be undone.
      expect(ran.json.error?.hint).toMatch(
        /same command with --job AUG_2020\..*: ebill init --job SEP_2020$/,
      );
    }
    expect(calls(server)).toEqual(before);
    const alone = await at.call(['--json']);
    expect(alone.json).toMatchObject({
      next: {
        command: 'ebill report --job AUG_2020',
        why: expect.stringContaining('ebill init --job SEP_2020'),
      },
    });
    const named = await at.call(['upload', 'customer', 'cus_2020_09.csv', '--job', 'AUG_2020']);
    expect(named.code).toBe(0);
  });

  it('names the next month after a repeated init of a closed load, not an upload', async () => {
    for (const line of LINES) await run(line);
    const again = await run('ebill init --job AUG_2020');
    expect(again.stderr).toMatch(/^AUG_2020 is closed\. .*: ebill init --job SEP_2020$/m);
    expect(again.stderr).not.toContain('Next:');
  });

  it('takes a second customer file after the first was loaded only for the load that is named', async () => {
    for (const line of LINES.slice(0, 5)) await run(line);
    writeFileSync(join(at.cwd, 'cus_2.csv'), 'Account Number,Name\n00125,Grace Hopper\n');
    expect(await run('ebill upload customer cus_2.csv')).toMatchObject({ code: 2 });
    expect(await run('ebill upload customer cus_2.csv --job AUG_2020')).toMatchObject({ code: 0 });
    expect(calls(server)).toContain('create AUG_2020_CUS_2');
  });
});
