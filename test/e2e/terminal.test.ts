import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { FAST_EBILL } from '../helpers/programs.ts';
import { EBILL, type Machine, machine, month, sandbox } from './harness.ts';

interface Session {
  readonly exit: Promise<number>;
  write(text: string): void;
  kill(signal: string): void;
  /** What is on the screen, lines without their trailing blanks. */
  screen(): Promise<string>;
  /** Resolves when the screen shows it. */
  until(pattern: RegExp): Promise<string>;
}

/** The program in a real pseudo-terminal, its output read by a terminal emulator. */
function terminal(
  at: Machine,
  args: readonly string[],
  size: { columns: number; rows: number },
  entry = FAST_EBILL,
): Session {
  const { columns: cols, rows } = size;
  const emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 500 });
  const child = spawn(process.execPath, [entry, ...args], {
    name: 'xterm-256color',
    cols,
    rows,
    cwd: at.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: at.cwd,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      ...at.env,
    },
  });
  child.onData((data) => emulator.write(data));
  const exit = new Promise<number>((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)));
  const screen = async (): Promise<string> => {
    await new Promise<void>((done) => emulator.write('', done));
    const { buffer } = emulator;
    return Array.from(
      { length: buffer.active.length },
      (_, y) => buffer.active.getLine(y)?.translateToString(true) ?? '',
    )
      .join('\n')
      .trimEnd();
  };
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const text = await screen();
      if (pattern.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { exit, write: (text) => child.write(text), kill: (signal) => child.kill(signal), screen, until };
}

const WIDE = { columns: 100, rows: 40 };

describe('on a terminal', () => {
  it('init says what it rewrites and asks; a no sends nothing', async () => {
    const server = await sandbox();
    const at = machine(server);
    const asked = terminal(at, ['init', '--job', 'AUG_2020'], WIDE);
    const text = await asked.until(/Start the load AUG_2020\?/);
    expect(text).toContain('all open invoices, credit memos, debit memos become carried forward');
    expect(text).toContain('cannot be undone');
    asked.write('n\r');
    expect(await asked.exit).toBe(2);
    expect(await asked.screen()).toMatch(/not confirmed; nothing was sent/);
    expect(server.requests).toEqual([]);

    const again = terminal(at, ['init', '--job', 'AUG_2020'], WIDE);
    await again.until(/Start the load/);
    again.write('y\r');
    expect(await again.exit).toBe(0);
    expect(server.snapshot().initCount).toBe(1);
  });

  it('zeroing balances asks for the name of the load to be typed', async () => {
    const server = await sandbox();
    const at = machine(server);
    const wrong = terminal(at, ['init', '--job', 'AUG_2020', '--zero-out-customer-balance'], WIDE);
    await wrong.until(/Type AUG_2020 to continue/);
    wrong.write('yes\r');
    expect(await wrong.exit).toBe(2);
    expect(server.requests).toEqual([]);
    const right = terminal(at, ['init', '--job', 'AUG_2020', '--zero-out-customer-balance'], WIDE);
    await right.until(/Type AUG_2020 to continue/);
    right.write('AUG_2020\r');
    expect(await right.exit).toBe(0);
    expect(server.snapshot().zeroedCustomerBalances).toBe(1);
  });

  it.each([40, 80, 160])('at %i columns an upload and its watch leave a tidy screen', async (columns) => {
    const server = await sandbox({ processingTimeMs: 400 });
    const at = machine(server);
    await month(at, { records: 30, bad: 1 });
    await at.call(['init', '--job', 'AUG_2020']);
    const run = terminal(at, ['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv', '--wait'], {
      columns,
      rows: 60,
    });
    expect(await run.exit).toBe(3);
    const text = await run.screen();
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    expect(text).toMatch(/AUG_2020_INV/);
    expect(text).toMatch(/partial/);
    expect(text.replace(/\s+/g, ' ')).toContain('31 invoices sent, 30 loaded, 1 rejected, 0 unaccounted');
    // Nothing live is left behind: no spinner, no bar.
    expect(text).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]|━/);
  });

  it('Ctrl-C while watching ends with 130 and says how to go on', async () => {
    const server = await sandbox({ processingTimeMs: 3_600_000 });
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n1\n');
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'cus.csv', '--finalize']);
    const watching = terminal(at, ['watch'], WIDE, EBILL);
    await watching.until(/AUG_2020_CUS .*(?:queued|running)/);
    watching.write('\x03');
    expect(await watching.exit).toBe(130);
    expect(await watching.screen()).toMatch(/Interrupted[\s\S]*Run the same command again/);
  });
});

describe('interrupted in a script', () => {
  it('SIGTERM ends with 143 and one JSON document', async () => {
    const server = await sandbox({ processingTimeMs: 3_600_000 });
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n1\n');
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'cus.csv', '--finalize']);
    const before = server.requests.length;
    const done = await at.run(['watch', '--json'], {
      entry: EBILL,
      onStart: (pid) => {
        const look = setInterval(() => {
          if (server.requests.length === before) return;
          clearInterval(look);
          process.kill(pid, 'SIGTERM');
        }, 10);
      },
    });
    expect(done.code).toBe(143);
    expect(done.json).toMatchObject({ command: 'watch', exitCode: 143, error: { code: 'INTERRUPTED' } });
  });
});
