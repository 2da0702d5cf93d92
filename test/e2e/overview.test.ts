import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machine, month, sandbox } from './harness.ts';

describe('ebill without a command', () => {
  it('says how to start without a set-up', async () => {
    const ran = await machine(null).call([]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^Server {3}none yet$/m);
    expect(ran.stdout).toMatch(/^Next {5}ebill demo$/m);
    expect(ran.stderr).toBe('');
  });

  it('shows the load and the next command, without a request', async () => {
    const server = await sandbox();
    const at = machine(server);
    expect((await at.call([])).stdout).toMatch(/^Next {5}ebill run --init-plan$/m);
    const sample = await month(at, { records: 10 });
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', ...sample.customers]);
    const asked = server.requests.length;
    const ran = await at.call(['--json']);
    expect(ran.json).toMatchObject({
      command: 'ebill',
      job: 'AUG_2020',
      exitCode: 0,
      error: null,
      next: { command: 'ebill finalize --job AUG_2020' },
    });
    expect((await at.call([])).stdout).toMatch(/^Load {5}AUG_2020 \(open\): .*uploaded/m);
    expect(server.requests).toHaveLength(asked);
  });

  it('counts item batches, and no draft that is left behind', async () => {
    const server = await sandbox({ duplicates: 'refuse', faults: ['create@1=reset-after'] });
    const at = machine(server);
    const sample = await month(at, { records: 10 });
    await at.call(['upload', 'customer', ...sample.customers, '--job', 'AUG_2020']);
    await at.call(['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv']);
    const ran = await at.call([]);
    expect(ran.stdout).toMatch(/^Load {5}AUG_2020 \(open\): 5 uploaded$/m);
  });

  it('shows the profile without its secret, and names the profiles when there is no default', async () => {
    const at = machine(null);
    const add = (name: string, ...more: string[]) =>
      at.call(['profile', 'add', name, '--base-url', 'https://ebill.example.com', ...more]);
    await add('prod', '--auth', 'bearer', '--production');
    const ran = await at.call([]);
    expect(ran.stdout).toMatch(/^Server {3}https:\/\/ebill\.example\.com$/m);
    expect(ran.stdout).toMatch(/^Profile {2}prod \(production\)$/m);
    expect(ran.stderr).toBe('');
    await add('test', '--use');
    await at.call(['profile', 'remove', 'test']);
    const none = await at.call(['--json']);
    expect(none.json).toMatchObject({ profile: null, next: { command: 'ebill profile use NAME' } });
    const wrong = await at.call(['--profile', 'nope', '--json']);
    expect([wrong.code, wrong.json.error?.code]).toEqual([2, 'USAGE']);
    const elsewhere = await at.call(['--json'], { env: { EBILL_PROFILE: 'nope' } });
    expect(elsewhere.json).toMatchObject({ exitCode: 0, problems: [expect.stringContaining('nope')] });
    const fresh = await at.call([], { env: { EBILL_PROFILE: 'prod', EBILL_JOB: 'NEW' } });
    expect(fresh.stdout).toMatch(/^Next {5}ebill init --job NEW$/m);
  });

  it('is not the help page; a group alone lists its commands', async () => {
    const at = machine(null);
    expect((await at.call(['--help'])).stdout).toContain('Try out:');
    expect((await at.call(['profile'])).stdout).toContain('make a profile the default');
    const wrong = await at.call(['help', 'exitcodes']);
    expect([wrong.code, wrong.stderr.includes('Did you mean ebill help exit-codes?')]).toEqual([2, true]);
  });

  it('warns about a set-up that cannot be read, and exits with 0', async () => {
    const at = machine(null);
    mkdirSync(join(at.home), { recursive: true });
    writeFileSync(join(at.home, 'profiles.json'), '{ broken');
    const ran = await at.call([]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^warning: /);
    expect(ran.stdout).toMatch(/^Next {5}ebill doctor$/m);
    const other = machine(null, { EBILL_BASE_URL: 'http://127.0.0.1:9', EBILL_JOB: 'AUG_2020' });
    await other.call(['init', '--retries', '0', '--yes']);
    const folder = join(other.home, 'loads');
    const [owner = ''] = readdirSync(folder);
    for (const name of readdirSync(join(folder, owner)).filter((one) => one.endsWith('.jsonl')))
      writeFileSync(join(folder, owner, name), '{"ebillJournal":99,"job":"AUG_2020"}\n');
    const newer = await other.call([]);
    expect([newer.code, newer.stderr.includes('newer ebill')]).toEqual([0, true]);
    expect(newer.stdout).toMatch(/^Server {3}http:/m);
  });
});
