import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Machine, machine, sandbox } from './harness.ts';
import { type Session, terminal } from './terminal.ts';

const SIZE = { columns: 200, rows: 40 };
const KEEP = /Press Enter to keep the stored (?:token|password)\.[\s\S]*for http\S+:/;
const NONE = /Press Enter to store no (?:token|password) and set EBILL_\w+ at each call\.[\s\S]*for http\S+:/;

/** A machine with a profile `prod` and its token. */
async function withProfile(): Promise<Machine> {
  const at = machine(null);
  const add = ['profile', 'add', 'prod', '--base-url', 'https://ebill.example.com'];
  expect((await at.call([...add, '--auth', 'bearer', '--token-stdin'], { stdin: 'first-token' })).code).toBe(
    0,
  );
  return at;
}

const secretsOf = (at: Machine): string => readFileSync(join(at.home, 'secrets.json'), 'utf8');

/** Runs a command whose only question is answered. @returns what is below the question in the end */
async function answered(
  at: Machine,
  args: readonly string[],
  question: RegExp,
  keys: string,
): Promise<string> {
  const session = terminal(at, args, SIZE);
  await session.until(question);
  session.write(keys);
  expect(await session.exit).toBe(0);
  return (await session.screen()).split(question).at(-1)?.trim() ?? '';
}

describe('profile set on a terminal', () => {
  it('keeps the stored secret at Enter and says so, before and after', { tags: 'slow' }, async () => {
    const at = await withProfile();
    const before = secretsOf(at);
    const token = await answered(at, ['profile', 'set', 'prod', '--auth', 'bearer'], KEEP, '\r');
    expect(token).toMatch(
      /Nothing changed in prod: .*\(bearer\), the default profile; the stored token was kept$/,
    );
    expect(secretsOf(at)).toBe(before);

    // Another kind of authorisation has another secret.
    const basic = ['profile', 'set', 'prod', '--auth', 'basic', '--username', 'bob'];
    await answered(at, basic, NONE, 'pass-4711\r');
    const name = ['profile', 'set', 'prod', '--username', 'eve'];
    const renamed = await answered(at, name, KEEP, '\r');
    expect(renamed).toMatch(
      /Changed prod: .*\(basic as eve\), the default profile; the stored password was kept$/,
    );
    expect(secretsOf(at)).toContain('pass-4711');
  });

  it('does not speak of a stored secret where there is none, and says what is missing', {
    tags: 'slow',
  }, async () => {
    const at = await withProfile();
    const other = ['profile', 'set', 'prod', '--auth', 'header:X-Key'];
    const first = await answered(at, other, NONE, '\r');
    expect(first).toContain('warning: No token is stored for prod');
    const again = await answered(at, other, NONE, '\r');
    expect(again).toMatch(/or store one:\s+ebill profile set prod --auth header:X-Key\n/);
    expect(again).not.toContain('kept');
    expect(secretsOf(at)).not.toContain('first-token');
  });

  it('stores a new secret that is typed', { tags: 'slow' }, async () => {
    const at = await withProfile();
    const said = await answered(at, ['profile', 'set', 'prod', '--auth', 'bearer'], KEEP, 'second-token\r');
    expect(said).toMatch(/Changed prod: .*\(bearer\), the default profile$/);
    expect(secretsOf(at)).toContain('second-token');
  });
});

describe('profile add on a terminal', () => {
  it('over an existing profile asks nothing, keeps its token, and names the command for another one', {
    tags: 'slow',
  }, async () => {
    const at = await withProfile();
    const before = secretsOf(at);
    const add = ['profile', 'add', 'prod', '--base-url', 'https://ebill.example.com', '--auth', 'bearer'];
    const same = terminal(at, add, SIZE);
    expect(await same.exit).toBe(0);
    const said = await same.screen();
    expect(said).toContain('prod is stored already with these settings; nothing was changed');
    expect(said).toMatch(/To store another token:\s+ebill profile set prod --auth bearer$/);
    const other = terminal(at, [...add, '--production'], SIZE);
    expect(await other.exit).toBe(2);
    expect(await other.screen()).toContain('A profile "prod" already exists');
    expect(secretsOf(at)).toBe(before);
  });

  /** Answers the questions of a new profile whose token the server refuses. */
  async function refused(session: Session, url: string): Promise<void> {
    for (const [question, keys] of [
      [/Base URL of/, `${url}\r`],
      [/How do you authorise/, '\r'],
      [/The token for/, 'wrong-token\r'],
      [/Is this a production server/, '\r'],
      [/Save the profile anyway/, 'y\r'],
    ] as const) {
      await session.until(question);
      session.write(keys);
    }
  }

  it('ends with what is wrong and the command that mends it, where the test call failed', async () => {
    const { apiUrl: url } = await sandbox();
    const at = machine(null);
    const session = terminal(at, ['profile', 'add', 'prod'], SIZE);
    await refused(session, url);
    expect(await session.exit).toBe(0);
    const said = (await session.screen()).replace(/^[\s\S]*anyway\?/, '');
    expect(said).not.toContain('Added');
    expect(said).not.toContain('doctor');
    expect(said).toMatch(
      /Saved prod: .*\(bearer\), the default profile, although the test call failed: .*HTTP 401/,
    );
    expect(said).toMatch(/To store new credentials:\s+ebill profile set prod --auth bearer$/);
  });
});

describe('an option that reads standard input', () => {
  it.each([
    [
      'profile set prod --token-stdin',
      '--token-stdin',
      'printf %s "$TOKEN" | ebill profile set prod --token-stdin',
    ],
    [
      'profile set prod --auth basic --username bob --password-stdin',
      '--password-stdin',
      'printf %s "$PASSWORD" | ebill profile set prod --password-stdin',
    ],
    [
      'profile add other --base-url https://ebill.example.com --token-stdin',
      '--token-stdin',
      'printf %s "$TOKEN" | ebill profile add other … --token-stdin',
    ],
    [
      'api POST /rest/batchProcess --base-url https://ebill.example.com --input -',
      '--input',
      'pipe the body in',
    ],
    ['loads import -', 'Standard input (-)', 'Export the load again'],
  ])('is named when that is empty: %s', async (line, option, hint) => {
    const at = await withProfile();
    const { code, stderr } = await at.call(line.split(' '), { stdin: '' });
    const said = stderr.replace(/\s+/g, ' ');
    expect(code).toBe(2);
    expect(said).toMatch(/^error: .*? is empty\./);
    expect(said.slice(0, said.indexOf(' is empty.'))).toContain(option);
    expect(said).toContain(hint);
    expect(secretsOf(at)).toContain('first-token');
  });

  it('says at a terminal how to be prompted instead', async () => {
    const at = await withProfile();
    const session = terminal(at, ['profile', 'set', 'prod', '--token-stdin'], SIZE);
    expect(await session.exit).toBe(2);
    expect(await session.screen()).toMatch(
      /--token-stdin: standard input is a terminal[\s\S]*To be prompted for it:\s+ebill profile set prod --auth bearer/,
    );
  });
});
