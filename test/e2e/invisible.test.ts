import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { testContext } from '../helpers/context.ts';
import { someRows } from '../helpers/some-rows.ts';
import { type Machine, machine, sandbox } from './harness.ts';
import { rawIn } from './stranger.ts';

/** A bidi override, a character without width, a bidi isolate. Names with control characters are refused. */
const NAMES = ['in\u202ev.csv', 'in\u200bv.csv', 'in\u2066v.csv'];

interface Way {
  readonly how: string;
  readonly tty: boolean;
  readonly flags: readonly string[];
}
const WAYS: readonly Way[] = [
  { how: 'in a pipe', tty: false, flags: [] },
  { how: 'on a terminal', tty: true, flags: ['--yes'] },
  { how: 'as JSON', tty: false, flags: ['--json', '--progress', 'json'] },
  { how: 'as rows', tty: false, flags: ['--format', 'tsv'] },
];

describe.each(NAMES)('a file named %j', (name) => {
  const item = `itm${name}`;
  const job = `AUG${name}`;
  const LINES: readonly (readonly string[])[] = [
    ['validate', '--customer', `c${name}`],
    ['upload', 'customer', `c${name}`, '--job', job, '--dry-run'],
    ['upload', 'customer', `c${name}`, '--job', job, '--verbose'],
    ['upload', 'customer', `c${name}`, '--job', job, '--dry-run'],
    ['upload', 'customer', `c${name}`, '--job', job, '--dry-run', '--again'],
    ['upload', 'invoice', name, '--items', item, '--job', job, '--dry-run'],
    ['upload', 'invoice', name, '--items', item, '--job', job],
    ['upload', 'invoice', name, '--items', item, '--job', job, '--dry-run'],
    ['upload', 'items', item, '--job', job, '--dry-run'],
    ['finalize', '--job', job, '--dry-run'],
    ['finalize', '--job', job, '--leave-out', `no${name}`],
    [],
    ['finalize', '--job', job],
    ['status', '--job', job],
    ['watch', '--job', job, '--interval', '1s'],
    ['results', '--job', job, '--rejects'],
    ['report', '--job', job],
    ['loads'],
    ['loads', 'show', job],
    ['run', `no${name}`],
    ['run', 'plan.yaml', '--dry-run'],
    ['upload', 'customer', `c${name}`, '--job', `${job}2`],
    ['upload', 'customer', `no${name}`],
  ];

  async function prepared(): Promise<Machine> {
    const at = machine(await sandbox());
    writeFileSync(join(at.cwd, `c${name}`), 'Account,Name\n1,a\n"",b\n');
    writeFileSync(join(at.cwd, name), 'Invoice,Amount\n1,2\n');
    writeFileSync(join(at.cwd, item), 'Invoice,Amount\n1,2\n');
    const customers = JSON.stringify([`c${name}`]);
    writeFileSync(join(at.cwd, 'plan.yaml'), `job: SEP\ninit: {}\ncustomers: ${customers}\n`);
    return at;
  }

  const isNeverRaw = async ({ tty, flags }: Way): Promise<void> => {
    const at = await prepared();
    for (const line of LINES) {
      const context = testContext({ home: at.home, cwd: at.cwd, tty, env: at.env });
      await main([...line, ...(line.length === 0 ? [] : flags)], { ...context, now: Date.now });
      expect([rawIn(context.stdout.text + context.stderr.text, tty), line]).toEqual([[], line]);
    }
  };
  const first = NAMES.indexOf(name);
  const { some, others } = someRows([...WAYS.slice(first), ...WAYS.slice(0, first)], WAYS.length);
  it.each(some)('is never shown raw, $how', isNeverRaw);
  it.each(others)('is never shown raw, $how', { tags: 'slow' }, isNeverRaw);
});
