import { describe, expect, it } from 'vitest';
import type { Auth } from '../../src/api/connection.ts';
import { type Credentials, createCredentials } from '../../src/api/credentials.ts';
import { credentialsHint } from '../../src/api/result.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { type TestContext, testContext } from '../helpers/context.ts';

const COMMAND: Auth = { type: 'bearer', token: { command: 'vault read', profile: 'prod' } };

interface Rig {
  readonly credentials: Credentials;
  readonly context: TestContext;
  readonly warnings: string[];
  /** The programs that ran. */
  readonly ran: (string | readonly string[])[];
  readonly redactor: Redactor;
}

/** @param outputs what the command prints, run by run; `null`: it exits with 1 */
function rig(outputs: readonly (string | null)[], auth: Auth = COMMAND): Rig {
  const ran: Rig['ran'][number][] = [];
  const warnings: string[] = [];
  const redactor = new Redactor();
  const context: TestContext = {
    ...testContext(),
    shell: async (command) => {
      const stdout = outputs[ran.length] ?? '';
      const code = outputs[ran.length] === null ? 1 : 0;
      ran.push(command);
      return { code, stopped: null, output: '', stdout, stderr: '' };
    },
  };
  const credentials = createCredentials(context, { auth }, redactor, (message) => warnings.push(message));
  return { credentials, context, warnings, ran, redactor };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const { signal } = new AbortController();

describe('the credentials of a token command', () => {
  it('wait for one command, which runs when they are needed', async () => {
    const { credentials, ran, redactor } = rig([' first-t0ken\n']);
    expect(ran).toEqual([]);
    const all = await Promise.all([1, 2, 3].map(() => credentials.headers(signal)));
    expect(all).toEqual([bearer('first-t0ken'), bearer('first-t0ken'), bearer('first-t0ken')]);
    expect(ran).toEqual([['vault', 'read']]);
    expect(redactor.hide('first-t0ken')).toBe('***');
  });

  it('are renewed once, for all requests that were refused at the same time', async () => {
    const { credentials, ran, warnings } = rig(['first-t0ken', 'second-t0ken', 'third-t0ken']);
    const used = await credentials.headers(signal);
    const renewed = await Promise.all([1, 2, 3].map(() => credentials.renewed(used, signal)));
    expect(renewed).toEqual([bearer('second-t0ken'), bearer('second-t0ken'), bearer('second-t0ken')]);
    expect(await credentials.headers(signal)).toEqual(bearer('second-t0ken'));
    // Refused again: there is no third.
    const refused = [1, 2, 3].map(() => credentials.renewed(bearer('second-t0ken'), signal));
    expect(await Promise.all(refused)).toEqual([null, null, null]);
    expect(ran.length).toBe(2);
    expect(warnings).toEqual(['the server refused the token that the token command of profile prod printed']);
  });

  it('are renewed again when a token that was accepted has expired', async () => {
    const { credentials, ran } = rig(['first-t0ken', 'second-t0ken', 'third-t0ken']);
    const used = await credentials.headers(signal);
    expect(await credentials.renewed(used, signal)).toEqual(bearer('second-t0ken'));
    credentials.accepted();
    expect(await credentials.renewed(bearer('second-t0ken'), signal)).toEqual(bearer('third-t0ken'));
    expect(ran.length).toBe(3);
  });

  it('stay what they were when the command fails the second time', async () => {
    const { credentials, ran, warnings } = rig(['first-t0ken', null]);
    const used = await credentials.headers(signal);
    const renewed = await Promise.all([1, 2].map(() => credentials.renewed(used, signal)));
    expect(renewed).toEqual([null, null]);
    expect(await credentials.headers(signal)).toEqual(used);
    expect(ran.length).toBe(2);
    expect(warnings[0]).toBe('The token command of profile prod exited with 1. It is: vault read');
  });

  it('are not waited for by a question that is broken off', async () => {
    const { context } = rig([]);
    const never = { ...context, shell: () => new Promise<never>(() => undefined) };
    const credentials = createCredentials(never, { auth: COMMAND }, new Redactor(), () => undefined);
    const question = new AbortController();
    const asked = credentials.headers(question.signal);
    question.abort('over');
    await expect(asked).rejects.toBe('over');
  });

  it('are fixed where no command prints them', async () => {
    const { credentials, ran } = rig([], { type: 'bearer', token: 'fixed' });
    expect(await credentials.headers(signal)).toEqual(bearer('fixed'));
    expect(await credentials.renewed(bearer('fixed'), signal)).toBeNull();
    expect(ran).toEqual([]);
  });
});

describe('the hint of a 401', () => {
  const command = (profile: string | null) => ({
    type: 'bearer' as const,
    token: { command: 'vault read', profile },
  });

  it('names where the token came from', () => {
    expect(credentialsHint({ profile: null, auth: command(null) })).toContain('EBILL_TOKEN_COMMAND');
    expect(credentialsHint({ profile: 'prod', auth: command(null) })).toContain('EBILL_TOKEN_COMMAND');
    expect(credentialsHint({ profile: 'prod', auth: command('prod') })).toContain(
      'ebill profile set prod --token-command CMD',
    );
    expect(credentialsHint({ profile: 'prod', auth: { type: 'bearer', token: 't' } })).toContain(
      'ebill profile set prod --auth bearer',
    );
  });
});
