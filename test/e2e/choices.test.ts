import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { calls, type Machine, machine, sandbox } from './harness.ts';
import { terminal, WIDE } from './terminal.ts';

// Where an error names options that decide what happens to the records, a terminal asks which (commands rule 28).

const customers = (at: Machine, name: string, text: string): void =>
  writeFileSync(join(at.cwd, name), `Account Number\n${text}\n`);

const sends = (server: Sandbox): readonly string[] =>
  calls(server).filter((call) => !call.startsWith('download'));

/** Runs a command on a terminal and answers its question with the nth choice. */
async function answered(at: Machine, line: string, n: number) {
  const session = terminal(at, line.split(' '), WIDE);
  const question = await session.until(/arrow keys or a number/);
  session.write(`${n}\r`);
  const code = await session.exit;
  return { question: question.replaceAll(/\s+/g, ' '), code, screen: await session.screen() };
}

describe('a batch of another machine', () => {
  const UPLOAD = 'upload customer cus.csv --job AUG';

  async function created(): Promise<readonly [Sandbox, Machine]> {
    const server = await sandbox({ duplicates: 'reissue', faults: ['put@1=status:400'] });
    const first = machine(server);
    customers(first, 'cus.csv', '1');
    expect((await first.call(UPLOAD.split(' '))).code).toBe(9);
    const other = machine(server);
    customers(other, 'cus.csv', '1');
    return [server, other];
  }

  it('is left alone by the first choice, with the error that scripts get', async () => {
    const [server, at] = await created();
    const before = sends(server);
    const { code, question, screen } = await answered(at, UPLOAD, 1);
    expect(question).toContain(
      'The server already has AUG_CUS (batch 1, Draft), and this machine has no record of which file it holds. How do you want to continue?',
    );
    expect(question).toMatch(
      /1\. Stop here; send nothing more 2\. It holds this cus\.csv: take it over; .* \(--adopt\)/,
    );
    expect(code).toBe(8);
    expect(screen).toContain('with --adopt');
    expect(sends(server)).toEqual(before);
  });

  it('is taken over', async () => {
    const [server, at] = await created();
    const { code } = await answered(at, `${UPLOAD} --wait`, 2);
    expect(code).toBe(0);
    expect(server.snapshot().batches.map(({ jobId, finalizeCount }) => [jobId, finalizeCount])).toEqual([
      ['AUG_CUS', 1],
    ]);
    // On record as the option would be: repeated, it resumes.
    const loads = join(at.home, 'loads');
    const journal = readdirSync(loads, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('.jsonl'),
    );
    expect(readFileSync(join(loads, journal ?? ''), 'utf8')).toContain('"--adopt"');
    expect((await at.call(`${UPLOAD} --wait`.split(' '))).code).toBe(0);
  });

  it('is not asked about in a pipe or with --yes', { tags: 'slow' }, async () => {
    const [, at] = await created();
    const piped = await at.call(UPLOAD.split(' '));
    expect([piped.code, piped.stderr.includes('want to continue')]).toEqual([8, false]);
    const yes = terminal(at, [...UPLOAD.split(' '), '--yes'], WIDE);
    expect(await yes.exit).toBe(8);
    expect(await yes.screen()).not.toContain('want to continue');
  });

  it('and Ctrl-C at the question sends nothing', { tags: 'slow' }, async () => {
    const [server, at] = await created();
    const before = sends(server);
    const session = terminal(at, UPLOAD.split(' '), WIDE);
    await session.until(/arrow keys or a number/);
    session.write('\u0003');
    expect(await session.exit).toBe(130);
    expect(await session.screen()).toMatch(/Interrupted, with nothing chosen: The server already has/);
    expect(sends(server)).toEqual(before);
  });
});

describe('other content under a name on record', () => {
  it('replaces the draft when that is chosen', async () => {
    const server = await sandbox();
    const at = machine(server);
    customers(at, 'cus.csv', '1');
    await at.call('upload customer cus.csv --job AUG'.split(' '));
    customers(at, 'cus.csv', '2');
    const { code, question } = await answered(at, 'upload customer cus.csv --job AUG --wait', 2);
    expect(question).toContain('AUG_CUS is left behind, and none of its records are loaded (--next)');
    expect(code).toBe(0);
    expect(calls(server).filter((call) => call.startsWith('finalize'))).toEqual(['finalize AUG_CUS_2']);
  });

  it('is no question when its batch is final: nothing may load its records again', async () => {
    const server = await sandbox();
    const at = machine(server);
    customers(at, 'cus.csv', '1');
    await at.call('upload customer cus.csv --job AUG --wait'.split(' '));
    customers(at, 'cus.csv', '1\n2');
    const session = terminal(at, 'upload customer cus.csv --job AUG'.split(' '), WIDE);
    expect(await session.exit).toBe(8);
    expect(await session.screen()).not.toContain('want to continue');
  });
});

it('a file of another load is loaded once more only when that is chosen', { tags: 'slow' }, async () => {
  const server = await sandbox();
  const at = machine(server);
  customers(at, 'cus.csv', '1');
  await at.call('upload customer cus.csv --job AUG --wait'.split(' '));
  const stopped = await answered(at, 'upload customer cus.csv --job SEP', 1);
  expect([stopped.code, sends(server).some((call) => call.includes('SEP'))]).toEqual([8, false]);
  expect(stopped.question).toContain('if that is wrong, all of them are billed twice (--again)');
  const { code } = await answered(at, 'upload customer cus.csv --job SEP --wait', 2);
  expect(code).toBe(0);
  expect(sends(server)).toContain('finalize SEP_CUS');
});

it('a plan with a file of another load is refused before anybody is asked to start it', {
  tags: 'slow',
}, async () => {
  const server = await sandbox();
  const at = machine(server);
  customers(at, 'cus.csv', '1');
  customers(at, 'new.csv', '2');
  await at.call('upload customer cus.csv --job AUG --wait'.split(' '));
  const before = sends(server);
  writeFileSync(join(at.cwd, 'plan.yaml'), 'job: SEP\ninit: {}\ncustomers: [cus.csv, new.csv]\n');
  const session = terminal(at, ['run', 'plan.yaml'], WIDE);
  expect(await session.exit).toBe(8);
  const screen = (await session.screen()).replaceAll(/\s+/g, ' ');
  expect(screen).not.toContain('Start the load');
  expect(screen).toContain('cus.csv was loaded before: AUG_CUS');
  expect(sends(server)).toEqual(before);
  // What the hint says, and then the plan goes on with the others.
  expect(screen).toContain('start the load with the same init as in the plan, upload this file to it');
  await at.call('init --job SEP --yes'.split(' '));
  expect((await at.call('upload customer cus.csv --job SEP --again'.split(' '))).code).toBe(0);
  expect((await at.call(['run', 'plan.yaml'])).code).toBe(0);
  expect(sends(server).filter((call) => /^(?:init|finalize) SEP/.test(call))).toEqual([
    'init SEP_INIT',
    'finalize SEP_CUS',
    'finalize SEP_CUS_2',
  ]);
});

describe('a draft of items that gets no new upload URL', () => {
  const INVOICE = 'upload invoice inv.csv --items itm_1.csv itm_2.csv --job AUG --finalize --concurrency 1';

  /** The upload of the second items file broke off. */
  async function blocked(): Promise<readonly [Sandbox, Machine]> {
    const server = await sandbox({ faults: ['put:items@2=status:400'] });
    const at = machine(server);
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice Number\nI-1\nI-2\n');
    for (const n of [1, 2]) writeFileSync(join(at.cwd, `itm_${n}.csv`), `Invoice Number,Line\nI-${n},${n}\n`);
    expect((await at.call(INVOICE.split(' '))).code).toBe(9);
    return [server, at];
  }

  it('is started over with its invoice when that is chosen', async () => {
    const [server, at] = await blocked();
    const { code, question } = await answered(at, INVOICE, 2);
    expect(question).toMatch(/2\. Start the invoice batch over .* \(--restart-invoice\)/);
    expect(code).toBe(0);
    const { batches } = server.snapshot();
    expect(batches.filter(({ finalizeCount }) => finalizeCount > 0).map(({ jobId }) => jobId)).toContain(
      'AUG_INV_2',
    );
    expect(batches.find(({ jobId }) => jobId === 'AUG_INV')?.finalizeCount).toBe(0);
  });

  it('is no question where the command has only a part of the items', { tags: 'slow' }, async () => {
    const [server, at] = await blocked();
    const before = sends(server);
    const part = 'upload invoice inv.csv --items itm_2.csv --job AUG';
    const session = terminal(at, part.split(' '), WIDE);
    expect(await session.exit).toBe(8);
    expect(await session.screen()).not.toContain('want to continue');
    expect(sends(server).filter((call) => call.startsWith('finalize'))).toEqual([]);
    expect(sends(server).length).toBeGreaterThanOrEqual(before.length);
  });
});
