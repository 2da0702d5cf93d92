import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machine, month, sandbox } from './harness.ts';

describe('ebill alone', () => {
  it('says how to begin where nothing is set up', async () => {
    const ran = await machine(null).call([]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^Server {3}none yet$/m);
    expect(ran.stdout).toMatch(/^Next {5}ebill demo$/m);
    expect(ran.stderr).toBe('');
  });

  it('says where one is and what is next, and asks no server', async () => {
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
    expect((await at.call([])).stdout).toMatch(/^Load {5}AUG_2020: .*uploaded/m);
    expect(server.requests).toHaveLength(asked);
  });

  it('is no help command: --help is, and a group alone still lists its own', async () => {
    const at = machine(null);
    expect((await at.call(['--help'])).stdout).toContain('Rehearse:');
    expect((await at.call(['profile'])).stdout).toContain('make a profile the one used by default');
    const wrong = await at.call(['help', 'exitcodes']);
    expect([wrong.code, wrong.stderr.includes('Did you mean ebill help exit-codes?')]).toEqual([2, true]);
  });

  it('tells of a set-up that cannot be read, and ends well', async () => {
    const at = machine(null);
    mkdirSync(join(at.home), { recursive: true });
    writeFileSync(join(at.home, 'profiles.json'), '{ broken');
    const ran = await at.call([]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^warning: /);
  });
});
