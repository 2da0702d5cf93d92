import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { testContext } from '../helpers/context.ts';
import { type Machine, machine, sandbox } from './harness.ts';
import { rawIn } from './stranger.ts';

/** A bidi override, a character without width, a bidi isolate. Names with control characters are refused. */
const NAMES = ['in\u202ev.csv', 'in\u200bv.csv', 'in\u2066v.csv'];

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

  it.each([
    ['in a pipe', false, []],
    ['on a terminal', true, ['--yes']],
    ['as JSON', false, ['--json', '--progress', 'json']],
    ['as rows', false, ['--format', 'tsv']],
  ] as const)(
    'is never shown raw, %s',
    async (_what, tty, flags) => {
      const at = await prepared();
      for (const line of LINES) {
        const context = testContext({ home: at.home, cwd: at.cwd, tty, env: at.env });
        await main([...line, ...(line.length === 0 ? [] : flags)], { ...context, now: Date.now });
        expect([rawIn(context.stdout.text + context.stderr.text, tty), line]).toEqual([[], line]);
      }
    },
    60_000,
  );
});
