import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { testContext } from '../helpers/context.ts';
import { type Machine, machine, month, sandbox } from './harness.ts';

/** What stands on a terminal of that size when the command is over: stdout and stderr as one sees them. */
async function screenOf(
  at: Machine,
  args: readonly string[],
  columns: number,
  more: readonly string[] = [],
): Promise<string> {
  const term = new xterm.Terminal({ cols: columns, rows: 200, allowProposedApi: true, convertEol: true });
  const stream = () => {
    const sink = new PassThrough();
    sink.on('data', (chunk: Buffer) => term.write(chunk.toString('utf8')));
    return Object.assign(sink, { isTTY: true as const, columns, rows: 40 });
  };
  const base = testContext({ home: at.home, cwd: at.cwd, env: { ...at.env, TERM: 'xterm-256color' } });
  const context = {
    ...base,
    stdout: stream(),
    stderr: stream(),
    now: Date.now,
    sleep: (ms: number) => delay(ms / 50),
  };
  const code = await main([...args, ...more], context);
  await delay(5);
  await new Promise<void>((done) => term.write('', done));
  const lines = Array.from(
    { length: 200 },
    (_, y) => term.buffer.active.getLine(y)?.translateToString(true) ?? '',
  );
  const text = lines.join('\n').trimEnd();
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  return `$ ebill ${args.join(' ')}   (${columns} columns, exit ${code})\n${steady(text)}`;
}

/** Ports, times and folders differ from run to run; as long as they were, so that nothing moves. */
const steady = (text: string): string =>
  text
    .replace(/127\.0\.0\.1:\d+/g, (all) => '127.0.0.1:PORT'.padEnd(all.length, '_').slice(0, all.length))
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2020-08-31T22:00:00Z')
    .replace(/\d\d:\d\d:\d\d/g, 'hh:mm:ss')
    .replace(/\b\d+(?:\.\d+)? (?:kB|MB|GB)\/s/g, 'N kB/s')
    .replace(/\b\d+(?:\.\d+)? m?s\b/g, 'T s');

describe('each screen, so that a change in looks is seen', () => {
  it.each([40, 80, 120])('at %i columns', async (columns) => {
    const server = await sandbox();
    const at = machine(server);
    const sample = await month(at, { bad: 1, records: 20, itemFiles: 3 });
    const shown: string[] = [];
    const show = async (...args: readonly string[]): Promise<void> => {
      shown.push(await screenOf(at, args, columns));
    };
    await show();
    await show('status');
    await show('run', '--init-plan');
    await show('run', 'plan.yaml', '--dry-run');
    await at.call(['init', '--job', 'AUG_2020']);
    await show('upload', 'customer', ...sample.customers.map((path) => path.slice(at.cwd.length + 1)));
    await show('finalize');
    await server.waitForIdle();
    await show('watch');
    await show('results', '--rejects');
    await show('report');
    await show('loads');
    await show('loads', 'show', 'AUG_2020');
    await show('upload', 'customer', 'nope.csv');
    await show('stauts');
    await show('profile', 'list');
    await show();
    await expect(`${shown.join('\n\n')}\n`).toMatchFileSnapshot(`../golden/screens-${columns}.txt`);
  });
});
