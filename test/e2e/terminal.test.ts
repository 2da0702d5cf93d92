import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EBILL, machine, month, sandbox } from './harness.ts';
import { terminal, WIDE } from './terminal.ts';

describe('on a terminal', () => {
  it('init says what it rewrites and asks; a no sends nothing', async () => {
    const server = await sandbox();
    const at = machine(server);
    const asked = terminal(at, ['init', '--job', 'AUG_2020'], WIDE);
    const text = await asked.until(/Start the load AUG_2020\?/);
    expect(text).toContain('all open invoices, credit memos, debit memos are carried forward');
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

  it('zeroing balances asks for the name of the load to be typed', { tags: 'slow' }, async () => {
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

  const isTidy = async (columns: number): Promise<void> => {
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
  };
  it('at 40 columns an upload and its watch leave a tidy screen', () => isTidy(40));
  it.each([80, 160])('at %i columns an upload and its watch leave a tidy screen', { tags: 'slow' }, isTidy);

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
