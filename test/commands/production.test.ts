import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { App } from '../../src/commands/shared/command.ts';
import { confirmProduction } from '../../src/commands/shared/confirm.ts';
import { main } from '../../src/main.ts';
import { machine, month, sandbox } from '../e2e/harness.ts';
import { type TestContext, testContext } from '../helpers/context.ts';
import { uiFor } from '../output/ui-helper.ts';

const PROD = { production: true, profile: 'prod', baseUrl: 'https://ebill.example.com' };

async function app(context: TestContext, yes = false): Promise<App> {
  const ui = await uiFor(context);
  return { context, ui, globals: { dryRun: false, yes } } as unknown as App;
}

function terminal(keys: string): TestContext {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const context = { ...testContext({ tty: true }), stdin };
  const answer = (): void => {
    if (context.stderr.text.includes('?')) setImmediate(() => stdin.write(keys));
    else context.stderr.once('data', answer);
  };
  context.stderr.once('data', answer);
  return context;
}

describe('a profile marked as production', () => {
  it('is named, and must be confirmed on a terminal', async () => {
    const yes = terminal('y\r');
    await confirmProduction(await app(yes), PROD, 'upload 3 files to AUG_2020');
    expect(yes.stderr.text).toContain('PRODUCTION prod: upload 3 files to AUG_2020');
    const file = {
      path: '/x/inv.csv',
      name: 'inv.csv',
      bytes: 9,
      sha256: '',
      md5: '',
      records: 3,
      amount: '12.50',
    };
    const listed = testContext();
    await confirmProduction(await app(listed), PROD, 'upload', {
      files: [
        { kind: 'invoice', file },
        ...Array.from({ length: 11 }, () => ({ kind: 'items' as const, file })),
      ],
    });
    expect(listed.stderr.text).toContain('– invoice inv.csv, 3 records, amounts 12.50\n– items inv.csv');
    // None is left out, however many there are.
    expect(listed.stderr.text.match(/– items inv\.csv, 3 records/g)).toHaveLength(11);
    expect(yes.stderr.text).toContain('Continue on prod (https://ebill.example.com)?');
    const no = terminal('n\r');
    await expect(confirmProduction(await app(no), PROD, 'x')).rejects.toMatchObject({ code: 'DECLINED' });
  });

  it('is not confirmed twice, without a terminal or with --yes; other profiles never', async () => {
    const context = testContext({ tty: true });
    await confirmProduction(await app(context), PROD, 'x', { asksLater: true });
    await confirmProduction(await app(context, true), PROD, 'x');
    await confirmProduction(await app(testContext()), PROD, 'x');
    expect(context.stderr.text).not.toContain('Go on');
    const other = testContext();
    await confirmProduction(await app(other), { ...PROD, production: false }, 'x');
    expect(other.stderr.text).toBe('');
  });

  it('is not confirmed when nothing is left to send', async () => {
    const server = await sandbox();
    const at = machine(server, {
      EBILL_BASE_URL: '',
      EBILL_AUTH: '',
      EBILL_TOKEN: '',
      EBILL_PROFILE: 'live',
    });
    const { apiUrl } = server;
    const sample = await month(at, { records: 10, itemFiles: 2 });
    await at.call(
      ['profile', 'add', 'live', '--base-url', apiUrl, '--auth', 'bearer', '--token-stdin', '--production'],
      { stdin: 'test-token-1' },
    );
    // A terminal where nobody answers: a question ends the command with 130.
    const alone = async (...args: readonly string[]): Promise<readonly [number, boolean]> => {
      const context = testContext({ tty: true, home: at.home, cwd: at.cwd, env: { ...at.env } });
      const code = await main(args, { ...context, now: Date.now, sleep: (ms) => delay(ms / 50) });
      return [code, stripVTControlCharacters(context.stderr.text).includes('PRODUCTION live')];
    };
    const [customers = ''] = sample.customers;
    const upload = ['upload', 'invoice', ...sample.invoices, '--items', ...sample.items] as const;
    const init = ['init', '--job', 'AUG_2020'] as const;
    for (const command of [init, ['upload', 'customer', customers], upload, ['finalize']] as const) {
      expect(await alone(...command, '--dry-run')).toEqual([expect.any(Number), false]);
      expect((await alone(...command))[0]).toBe(130);
      expect(await alone(...command, '--yes')).toEqual([0, true]);
      await server.waitForIdle();
      expect(await alone(...command)).toEqual([0, false]);
    }
    expect(await alone(...upload, '--finalize')).toEqual([0, false]);
    await at.call(['run', '--init-plan']);
    expect((await at.call(['run', 'plan.yaml'])).code).toBe(0);
    expect(await alone('run', 'plan.yaml')).toEqual([0, false]);
    // And when there is again: another file, another batch.
    expect((await alone('upload', 'customer', customers, '--again', '--job', 'AUG_2020'))[0]).toBe(130);
  });

  it('says how the month would compare with the load closed last, what was sent before included', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'jul.csv'), 'Invoice Number,Amount\nJ1,1000.00\nJ2,500.00\n');
    writeFileSync(join(at.cwd, 'a.csv'), 'Invoice Number,Amount\nA1,1000.00\n');
    writeFileSync(join(at.cwd, 'b.csv'), 'Invoice Number,Amount\nB1,2000.00\n');
    const { apiUrl } = server;
    await at.call(['profile', 'add', 'live', '--base-url', apiUrl, '--auth', 'bearer', '--production'], {
      stdin: '',
    });
    const env = { EBILL_PROFILE: 'live' };
    const upload = async (file: string, job: string, ...more: readonly string[]): Promise<string> => {
      const ran = await at.call(['upload', 'invoice', file, '--job', job, ...more], { env });
      expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('PRODUCTION live: ')]);
      return ran.stderr;
    };
    // Nothing is closed yet.
    expect(await upload('jul.csv', 'JUL_2020', '--wait')).not.toContain('Compared');
    expect(await upload('a.csv', 'AUG_2020')).toMatch(
      /invoices +1 +2 +-50\.0%\ninvoice amounts +1,000\.00 +1,500\.00 +-33\.3%/,
    );
    expect(await upload('b.csv', 'AUG_2020')).toMatch(
      /invoices +2 +2 +0\.0%\ninvoice amounts +3,000\.00 +1,500\.00 +\+100\.0%/,
    );
  });

  it('shows its name on every command that writes, and on none that reads', async () => {
    const server = await sandbox();
    const at = machine(server);
    const sample = await month(at, { records: 10 });
    await at.call(
      [
        'profile',
        'add',
        'live',
        '--base-url',
        server.apiUrl,
        '--auth',
        'bearer',
        '--token-stdin',
        '--production',
      ],
      { stdin: 'test-token-1' },
    );
    const env = { EBILL_BASE_URL: '', EBILL_AUTH: '', EBILL_TOKEN: '', EBILL_PROFILE: 'live' };
    const shows = async (...args: readonly string[]): Promise<boolean> =>
      (await at.call(args, { env })).stderr.includes('PRODUCTION live: ');
    expect(await shows('init', '--job', 'AUG_2020')).toBe(true);
    expect(await shows('upload', 'customer', ...sample.customers)).toBe(true);
    expect(await shows('finalize')).toBe(true);
    expect(await shows('api', 'POST', '/rest/batchProcess?mode=BatchInit', '--input', '-')).toBe(true);
    expect(await shows('status')).toBe(false);
    expect(await shows('finalize', '--dry-run')).toBe(false);
  });
});
