import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { calls, type Machine, machine, sandbox } from './harness.ts';

// No command asks the same question twice in a row: each costs a round trip, and servers count them.

const write = (at: Machine, job: string): void => {
  writeFileSync(join(at.cwd, `${job}.cus.csv`), `Account Number\n${job}\n`);
  writeFileSync(join(at.cwd, `${job}.inv.csv`), `Invoice Number\n${job}\n`);
  writeFileSync(join(at.cwd, `${job}.itm.csv`), `Item Number\n${job}\n`);
};

/** The requests that a command leads to. */
async function requests(server: Sandbox, at: Machine, line: string): Promise<readonly string[]> {
  const before = calls(server, true).length;
  const ran = await at.call(line.split(' '));
  expect([line, ran.code, ran.stderr.match(/error: .*/)]).toEqual([line, 0, null]);
  return calls(server, true).slice(before);
}

const BY_NAME = ['status J_INIT', 'status J_CUS', 'status J_CUS_2', 'status J_INV', 'status J_INV_2'];
const ON_RECORD = ['status J_INIT', 'status J_CUS', 'status J_INV'];
const RESULTS = ['download J_CUS', 'download J_INV', 'download J_ITM_1'];

describe('requests of a command', () => {
  it('that changes something', async () => {
    const server = await sandbox({ processingTimeMs: 1 });
    const at = machine(server);
    write(at, 'J');
    expect(await requests(server, at, 'init --job J')).toEqual(['status J_INIT', 'init J_INIT']);
    const customers = await requests(server, at, 'upload customer J.cus.csv --wait --download d');
    expect(customers).toEqual([
      'status J_CUS',
      'create J_CUS',
      'put J_CUS',
      // Before it is submitted, and after.
      'status J_CUS',
      'finalize J_CUS',
      'status J_CUS',
      'download J_CUS',
    ]);
    const invoices = await requests(server, at, 'upload invoice J.inv.csv --items J.itm.csv');
    expect(invoices).toEqual(['status J_INV', 'create J_INV', 'put J_INV', 'create J_ITM_1', 'put J_ITM_1']);
    // Without a record: named, asked whether it is of items, and asked before it is submitted.
    expect(await requests(server, machine(server), 'finalize --id 4')).toEqual([
      'status J_INV',
      'status J_INV_2',
      'status J_INV_INV',
      'status J_INV',
      'finalize J_INV',
    ]);
    expect(await requests(server, at, 'finalize --job J')).toEqual(['status J_INV']);
  });

  it('that reads', async () => {
    const server = await sandbox({ processingTimeMs: 1 });
    const at = machine(server);
    write(at, 'J');
    for (const line of [
      'init --job J',
      'upload customer J.cus.csv --wait',
      'upload invoice J.inv.csv --items J.itm.csv --wait',
    ])
      await requests(server, at, line);
    for (const [line, expected] of [
      ['status --id 3', ['status J_CUS']],
      ['results --id 3', ['status J_CUS', 'download J_CUS']],
      ['watch --id 3', ['status J_CUS']],
      ['watch --id 3 --download x', ['status J_CUS', 'download J_CUS']],
      ['report --id 3', ['status J_CUS', 'download J_CUS']],
      ['status --job J', BY_NAME],
      ['results --job J', [...BY_NAME, ...RESULTS]],
      ['watch --job J', BY_NAME],
      ['watch --job J --download x', [...BY_NAME, ...RESULTS]],
      ['report --job J', [...BY_NAME, ...RESULTS]],
    ] as const)
      expect([line, [...(await requests(server, machine(server), line))].sort()]).toEqual([
        line,
        [...expected].sort(),
      ]);
    for (const [line, expected] of [
      ['status', ON_RECORD],
      ['results', [...ON_RECORD, ...RESULTS]],
      ['results', ON_RECORD],
      ['report', ON_RECORD],
      // Its empty parts could still run.
      ['watch', ['status J_INIT']],
    ] as const)
      expect([line, [...(await requests(server, at, line))].sort()]).toEqual([line, [...expected].sort()]);
  });

  it('that runs a plan', async () => {
    const server = await sandbox({ processingTimeMs: 1 });
    const at = machine(server);
    write(at, 'J');
    writeFileSync(
      join(at.cwd, 'plan.yaml'),
      'job: J\ncustomers: [J.cus.csv]\ninvoices:\n  - file: J.inv.csv\n    items: [J.itm.csv]\n',
    );
    const first = await requests(server, at, 'run plan.yaml');
    const count = (call: string): number => first.filter((one) => one === call).length;
    // Before it is created, before it is submitted, after that until it is final, and for its result.
    for (const jobId of ['J_CUS', 'J_INV']) expect(count(`status ${jobId}`)).toBeLessThanOrEqual(5);
    expect(RESULTS.map(count)).toEqual([1, 1, 1]);
    expect([...(await requests(server, at, 'run plan.yaml'))].sort()).toEqual([
      'status J_CUS',
      'status J_INV',
    ]);
  });
});
