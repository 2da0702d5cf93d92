import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runShell } from '../../src/child.ts';
import { type Machine, machine, month, sandbox } from '../e2e/harness.ts';

const NODE = JSON.stringify(process.execPath);

/** A command that keeps what it is told, and its environment. */
function keeper(at: Machine, more = ''): string {
  const script = join(at.cwd, 'keep é.cjs');
  writeFileSync(
    script,
    `const { writeFileSync, readFileSync } = require('node:fs');
const { EBILL_OUTCOME, EBILL_EXIT_CODE, EBILL_JOB, EBILL_TOKEN } = process.env;
writeFileSync('told.json', JSON.stringify({ env: { EBILL_OUTCOME, EBILL_EXIT_CODE, EBILL_JOB, EBILL_TOKEN }, cwd: process.cwd(), input: JSON.parse(readFileSync(0, 'utf8')) }));
${more}`,
  );
  return `${NODE} ${JSON.stringify(script)}`;
}

const told = (at: Machine) => JSON.parse(readFileSync(join(at.cwd, 'told.json'), 'utf8'));

async function uploaded(faults: readonly string[] = [], bad = 0): Promise<Machine> {
  const server = await sandbox({ faults: [...faults] });
  const at = machine(server);
  const sample = await month(at, { bad, records: 12 });
  await at.call(['upload', 'customer', ...sample.customers, '--job', 'AUG_2020', '--finalize']);
  return at;
}

describe('--notify', () => {
  it('hands the outcome to a command as the document of --json, and no secret', async () => {
    const at = await uploaded([], 1);
    const ran = await at.call(['watch', '--job', 'AUG_2020', '--notify', keeper(at), '--show-urls']);
    expect(ran.code).toBe(3);
    const { env, cwd, input } = told(at);
    expect(env).toEqual({ EBILL_OUTCOME: 'partial', EBILL_EXIT_CODE: '3', EBILL_JOB: 'AUG_2020' });
    expect(cwd).toBe(at.cwd);
    expect(input).toMatchObject({
      command: 'watch',
      job: 'AUG_2020',
      outcome: 'partial',
      exitCode: 3,
      error: { code: 'PARTIAL' },
    });
    expect(JSON.stringify(input)).not.toMatch(/X-Amz-Signature=(?!\*\*\*)/);
  });

  it('tells of a failure too, with what was known by then', async () => {
    const at = await uploaded();
    const ran = await at.call([
      'watch',
      '--job',
      'AUG_2020',
      '--notify',
      keeper(at),
      '--base-url',
      'http://127.0.0.1:9',
      '--patience',
      '0s',
    ]);
    expect(ran.code).toBe(6);
    expect(told(at).input).toMatchObject({
      command: 'watch',
      job: 'AUG_2020',
      exitCode: 6,
      error: { code: 'UNAVAILABLE' },
    });
  });

  it('is a warning when it fails or does not exist: the outcome stays', async () => {
    const at = await uploaded();
    const failing = await at.call([
      'watch',
      '--job',
      'AUG_2020',
      '--notify',
      keeper(at, "console.log('mail is down'); process.exit(7)"),
    ]);
    expect(failing.code).toBe(0);
    expect(failing.stderr).toContain('notify: mail is down');
    expect(failing.stderr).toContain('warning: the --notify command ended with 7');
    const missing = await at.call(['watch', '--job', 'AUG_2020', '--notify', 'there-is-no-such-command-7']);
    expect(missing.code).toBe(0);
    expect(missing.stderr).toContain('warning: the --notify command ended with 127');
  });

  it('is not run by a dry run', async () => {
    const at = await uploaded();
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: SEP_2020\ninit: {}\n');
    expect((await at.call(['run', 'plan.yaml', '--dry-run', '--notify', keeper(at)])).code).toBe(0);
    expect(existsSync(join(at.cwd, 'told.json'))).toBe(false);
  });

  it('is stopped at its limit, with what it started', async () => {
    const end = await runShell(`${NODE} -e "setTimeout(() => {}, 60000)" & wait`, {
      input: 'nobody reads this',
      env: process.env,
      cwd: process.cwd(),
      limitMs: 150,
      platform: 'linux',
    });
    expect(end).toMatchObject({ code: null, timedOut: true });
  });
});

describe('on GitHub Actions', () => {
  it('run and watch annotate the job on stderr, and add to its summary', async () => {
    const at = await uploaded([], 1);
    const summary = join(at.cwd, 'summary.md');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const ran = await at.call(['watch', '--job', 'AUG_2020', '--json'], { env });
    expect(ran.json.exitCode).toBe(3);
    expect(ran.stderr).toMatch(/^::warning title=AUG_2020_CUS partial::/m);
    expect(readFileSync(summary, 'utf8')).toContain('### ebill watch: AUG\\_2020');
    const events = await at.call(['watch', '--job', 'AUG_2020', '--progress', 'json'], { env });
    for (const line of events.stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
    const lost = await at.call(['watch', '--job', 'AUG_2020'], {
      env: { ...env, GITHUB_STEP_SUMMARY: join(at.cwd, 'no', 'folder') },
    });
    expect([lost.code, lost.stderr.includes('warning: the job summary could not be written')]).toEqual([
      3,
      true,
    ]);
  });
});
