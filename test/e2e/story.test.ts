import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { calls, type Machine, machine, sandbox } from './harness.ts';

const NUMBERS = Array.from({ length: 10 }, (_, i) => i + 1);
const csv = (header: string, lines: readonly string[]): string => `${[header, ...lines].join('\r\n')}\r\n`;

/** The files of a month; the first customer has no key, and the last item no invoice, where `bad`. */
function files(at: Machine, month: string, invoices: number, bad: boolean): void {
  const own = NUMBERS.slice(0, invoices);
  const write = (name: string, text: string): void => writeFileSync(join(at.cwd, name), text);
  write(
    `cus_${month}.csv`,
    csv(
      'Account Number,Name',
      NUMBERS.map((n) => `${bad && n === 1 ? '' : `C${n}`},Customer ${n} ${month}`),
    ),
  );
  write(
    `inv_${month}.csv`,
    csv(
      'Invoice Number,Account Number,Amount',
      own.map((n) => `${month}-${n},C${n},${n}.50`),
    ),
  );
  write(
    `itm_${month}.csv`,
    csv('Invoice Number,Amount', [
      ...own.map((n) => `${month}-${n},${n}.50`),
      ...(bad ? [`${month}-99,1.00`] : []),
    ]),
  );
  write(
    `plan_${month}.yaml`,
    [
      `job: ${month}_2020`,
      'init: {}',
      `customers: [cus_${month}.csv]`,
      'invoices:',
      `  - { file: inv_${month}.csv, items: [itm_${month}.csv] }`,
      'expect: { against: last, invoices: { records: 10% } }',
      '',
    ].join('\n'),
  );
}

it('a month is closed by corrections and a waiver, and the next one is compared with it, approved and run', async () => {
  const server = await sandbox({ processingTimeMs: 1 });
  const at = machine(server);
  const type = async (line: string, code: number) => {
    const done = await at.call([...line.split(' '), '--json']);
    expect([line, done.code, done.stderr]).toEqual([line, code, expect.anything()]);
    return done;
  };
  /** Changes a rejects file as the operator does. */
  const edit = (name: string, from: string, to: string): void => {
    const path = join(at.cwd, 'AUG_2020', name);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  };
  const standing = async (): Promise<unknown> =>
    ((await type('loads', 0)).json as unknown as { loads: { state: string }[] }).loads.map(
      ({ state }) => state,
    );

  // Rejects, corrected twice; an item that cannot be, waived.
  files(at, 'AUG', 10, true);
  await type('init --job AUG_2020', 0);
  await type('upload customer cus_AUG.csv --wait', 3);
  await type('upload invoice inv_AUG.csv --items itm_AUG.csv --job AUG_2020 --wait', 3);
  await type('results --job AUG_2020 --rejects', 0);
  expect(await standing()).toEqual(['open']);
  edit('AUG_2020_CUS_rejects.csv', 'Customer 1 ', 'Customer One ');
  await type('correct --job AUG_2020', 3);
  edit('AUG_2020_CUS_2_rejects.csv', ',Customer One', 'C1,Customer One');
  await type('correct --job AUG_2020', 3);
  expect(await standing()).toEqual(['open']);
  const waived = await at.call([
    ...'correct --job AUG_2020 --waive AUG_2020_ITM_1 --json --reason'.split(' '),
    'Credited by hand',
  ]);
  expect([waived.code, waived.json.outcome]).toEqual([0, 'succeeded']);
  await type('status --job AUG_2020 --exit-status', 0);
  expect(await standing()).toEqual(['closed']);
  const home = await at.call([]);
  expect(home.stdout + home.stderr).toContain('ebill init --job SEP_2020');

  // 40 % fewer invoices: nothing is sent.
  const sent = calls(server).length;
  files(at, 'SEP', 6, false);
  const fewer = await type('run plan_SEP.yaml', 2);
  expect([fewer.json.error?.code, fewer.json.error?.message]).toEqual([
    'DECLINED',
    expect.stringMatching(/\b6\b.*\b10\b/),
  ]);
  expect(calls(server)).toHaveLength(sent);

  // Frozen, one byte changed, refused; approved, run.
  files(at, 'SEP', 10, false);
  await type('run plan_SEP.yaml --freeze sep.json', 0);
  const invoices = join(at.cwd, 'inv_SEP.csv');
  const good = readFileSync(invoices, 'utf8');
  writeFileSync(invoices, good.replace('10.50', '10.51'));
  const drifted = await type('run plan_SEP.yaml --approved sep.json', 2);
  expect([drifted.json.error?.code, drifted.json.error?.message]).toEqual([
    'DECLINED',
    expect.stringContaining('inv_SEP.csv'),
  ]);
  expect(calls(server)).toHaveLength(sent);
  writeFileSync(invoices, good);
  const run = await type('run plan_SEP.yaml --approved sep.json --approved-by Kim', 0);
  expect(run.json.outcome).toBe('succeeded');
  expect(await standing()).toEqual(['closed', 'closed']);
  const approval = createHash('sha256')
    .update(readFileSync(join(at.cwd, 'sep.json')))
    .digest('hex');
  const manifest = readFileSync(join(at.cwd, 'SEP_2020', 'manifest.json'), 'utf8');
  expect([manifest.includes(approval), manifest.includes('Kim')]).toEqual([true, true]);
  const report = readFileSync(join(at.cwd, 'SEP_2020', 'report.html'), 'utf8');
  expect([report.includes(approval.slice(0, 12)), report.includes('Kim')]).toEqual([true, true]);

  const { batches, initCount } = server.snapshot();
  expect(initCount).toBe(2);
  expect(batches.filter(({ finalizeCount }) => finalizeCount > 1)).toEqual([]);
});
