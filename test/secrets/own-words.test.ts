import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machine, sandbox } from '../e2e/harness.ts';

// Shapes of secrets are hidden only in text from outside (commands rule 4).
const NAMES = [
  'Basic customers.csv',
  'Bearer customers 2020.csv',
  'eyJhbGciOiJI.eyJzdWIi.sig.csv',
  'token=x&key=y.csv',
];

describe('names of files that look like secrets', () => {
  it.each(NAMES)('%s is shown as it is, in text, JSON, the journal and errors', async (name) => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, name), 'Account Number\n1\n');
    const done = await at.call(['upload', 'customer', name, '--job', 'J', '--wait', '--json']);
    expect([done.code, done.json.batches[0]?.file]).toEqual([0, name]);
    const shown = await at.call(['status', '--job', 'J']);
    expect(shown.stdout + shown.stderr).not.toContain('***');
    const timeline = await at.call(['loads', 'show', 'J']);
    expect(timeline.stdout).toContain(name);
    const missing = await at.call(['upload', 'customer', `no ${name}`, '--job', 'J']);
    expect(missing.stderr).toContain(`no ${name}`);
  });

  it('help names each option', async () => {
    const { stdout } = await machine(null).call(['profile', 'add', '--help']);
    expect(stdout).toContain('--password-stdin');
    expect(stdout).toContain('bearer --token-stdin < token.txt');
    expect(stdout).not.toContain('***');
  });
});
