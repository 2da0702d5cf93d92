import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  askChoice,
  askSecret,
  askText,
  confirm,
  confirmByTyping,
  type PipedSecret,
  readStdinSecret,
} from '../../src/output/prompt.ts';
import { type TestContext, testContext } from '../helpers/context.ts';

/** A context whose terminal answers `keys` as soon as something is asked. */
function terminal(keys: string | null): TestContext {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const context = { ...testContext({ tty: true }), stdin };
  if (keys !== null) context.stderr.once('data', () => setImmediate(() => stdin.write(keys)));
  return context;
}

/** A terminal that cannot move its cursor, with answers typed one at a time as each question comes. */
function dumb(...answers: readonly string[]): TestContext {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const context = { ...testContext({ tty: true, env: { TERM: 'dumb' } }), stdin };
  const left = [...answers];
  context.stderr.on('data', (chunk: Buffer) => {
    if (/[:)] $/.test(chunk.toString('utf8'))) setImmediate(() => stdin.write(left.shift() ?? ''));
  });
  return context;
}

describe('questions on a dumb terminal', () => {
  // Node's readline reads it from the process.
  beforeEach(() => vi.stubEnv('TERM', 'dumb'));
  afterEach(() => vi.unstubAllEnvs());

  it('are plain lines without cursor movements and colours', async () => {
    const context = dumb('yes\n', '\n', '\n', ' lab \n', '7\n', '2\n', 'AUG_2020\n', 'hunter3\u007f2\r');
    expect(await confirm(context, 'Go on?')).toBe(true);
    expect(await confirm(context, 'Go on?')).toBe(false);
    expect(await askText(context, 'A name:', (text) => (text === '' ? 'it is empty' : null))).toBe('lab');
    const kinds = [
      ['a', 'the first'],
      ['b', 'the second'],
    ] as const;
    expect(await askChoice(context, 'Which?', kinds)).toBe('b');
    expect(await confirmByTyping(context, 'Zero?', 'AUG_2020')).toBe(true);
    expect(await askSecret(context, 'The token:')).toBe('hunter2');
    const said = context.stderr.text;
    expect(said).not.toContain('\u001b');
    expect(said).not.toContain('hunter');
    expect(said).toContain('> it is empty');
    expect(said).toContain('  2 the second');
  });

  it('do not echo a secret, from the moment they are shown', async () => {
    const context = dumb('hunter2\r');
    let raw = false;
    const setRawMode = (on: boolean): void => {
      raw = on;
    };
    Object.assign(context.stdin, { setRawMode });
    const shown: boolean[] = [];
    context.stderr.on('data', (chunk: Buffer) => shown.push(raw || !chunk.includes('?')));
    expect(await askSecret(context, 'The token:')).toBe('hunter2');
    expect([raw, shown.every(Boolean)]).toEqual([false, true]);
  });

  it('are left unanswered by the end of the input, Ctrl-C and a signal', async () => {
    const unanswered = { code: 'INTERRUPTED', exitCode: 130 };
    await expect(askSecret(dumb('half\u0003'), 'The token:')).rejects.toMatchObject(unanswered);
    const ended = dumb();
    const asked = confirm(ended, 'Go on?');
    (ended.stdin as PassThrough).end();
    await expect(asked).rejects.toMatchObject(unanswered);
    const stopped = dumb();
    const open = askSecret(stopped, 'The token:');
    stopped.interrupt();
    await expect(open).rejects.toMatchObject(unanswered);
    await expect(confirm(stopped, 'Go on?')).rejects.toMatchObject(unanswered);
  });
});

describe('questions', () => {
  it.each([
    ['y\r', true],
    ['yes\r', true],
    ['n\r', false],
    ['\r', false],
    ['what?\r', false],
  ])('confirm answers %j with %s', async (keys, answer) => {
    expect(await confirm(terminal(keys), 'Go on?')).toBe(answer);
  });

  it('are written to stderr, which stays open, and never to stdout', async () => {
    const context = terminal('y\r');
    await confirm(context, 'Rewrite \u001b[31m\u202e3\u202c invoices?');
    // And a second question on the same streams.
    context.stderr.once('data', () => setImmediate(() => (context.stdin as PassThrough).write('y\r')));
    expect(await confirm(context, 'And again?')).toBe(true);
    context.stderr.write('still here');
    expect(context.stderr.text).toContain('? Rewrite \\u001b[31m\\u202e3\\u202c invoices?');
    expect(context.stderr.text).toContain('still here');
    expect(context.stdout.text).toBe('');
  });

  it.each([
    ['AUG_2020\r', true],
    [' AUG_2020 \r', true],
    ['aug_2020\r', false],
    ['\r', false],
  ])('confirmByTyping answers %j with %s', async (keys, answer) => {
    const context = terminal(keys);
    expect(await confirmByTyping(context, 'Balances go to zero.', 'AUG_2020')).toBe(answer);
    expect(context.stderr.text).toContain('AUG_2020');
  });

  it('show neither a secret nor its length', async () => {
    const context = terminal('hunter2-hunter2\r');
    expect(await askSecret(context, 'Password:')).toBe('hunter2-hunter2');
    expect(context.stderr.text).toContain('Password:');
    expect(context.stderr.text).not.toMatch(/hunter|\*\*/);
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('end with INTERRUPTED (130) on %s', async (_, keys) => {
    for (const ask of [confirm, askSecret, (c: TestContext, q: string) => confirmByTyping(c, q, 'X')]) {
      await expect(ask(terminal(keys), 'Go on?')).rejects.toMatchObject({
        code: 'INTERRUPTED',
        exitCode: 130,
      });
    }
  });

  it('end with INTERRUPTED when the input ends', async () => {
    await expect(confirm(testContext({ tty: true }), 'Go on?')).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });

  it('end with 130 after SIGINT and 143 after SIGTERM', async () => {
    const context = terminal(null);
    setTimeout(() => context.interrupt('SIGTERM'), 50);
    await expect(confirm(context, 'Go on?')).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 143 });
  });

  it('ask nothing after a signal, and leave no reader on the input', async () => {
    const context = terminal(null);
    context.interrupt('SIGTERM');
    await expect(askSecret(context, 'Go on?')).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 143 });
    expect(context.stdin.eventNames().filter((event) => event === 'keypress' || event === 'data')).toEqual(
      [],
    );
    expect(context.stderr.text).toBe('');
  });

  it('leave no listeners behind', async () => {
    const context = terminal('y\r');
    await confirm(context, 'Go on?');
    for (const event of ['pause', 'end', 'close', 'error']) {
      expect(context.stdin.listeners(event).filter(({ name }) => name === 'onClose')).toEqual([]);
    }
  });
});

describe('readStdinSecret', () => {
  const TOKEN: PipedSecret = { kind: 'token', pipe: 'cat token | ebill it', prompted: 'Or be asked.' };

  it.each([
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    [' s3 cret ', ' s3 cret '],
    ['\ufeffs3cret', 's3cret'],
  ])('reads %j as %j', async (stdin, text) => {
    expect(await readStdinSecret(testContext({ stdin }), TOKEN)).toBe(text);
  });

  it('joins chunks, also within a character', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: false });
    const bytes = Buffer.from('pä\n');
    for (const byte of bytes) stdin.write(Buffer.from([byte]));
    stdin.end();
    expect(await readStdinSecret({ ...testContext(), stdin }, TOKEN)).toBe('pä');
  });

  it.each([
    ['nothing', ''],
    ['a newline alone', '\n'],
    ['more than 64 KiB', 'x'.repeat(64 * 1024 + 1)],
  ])('refuses %s with USAGE', async (_, stdin) => {
    await expect(readStdinSecret(testContext({ stdin }), TOKEN)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^--token-stdin: standard input /),
    });
  });

  it('accepts exactly 64 KiB', async () => {
    expect(await readStdinSecret(testContext({ stdin: 'x'.repeat(64 * 1024) }), TOKEN)).toHaveLength(
      64 * 1024,
    );
  });

  it('refuses text that is not UTF-8, a terminal and a broken stream with USAGE', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: false });
    stdin.end(Buffer.from([0x70, 0xe4]));
    await expect(readStdinSecret({ ...testContext(), stdin }, TOKEN)).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(readStdinSecret(testContext({ tty: true, stdin: 'x' }), TOKEN)).rejects.toMatchObject({
      code: 'USAGE',
    });
    const broken = Object.assign(new PassThrough(), { isTTY: false });
    setImmediate(() => broken.destroy(new Error('EIO\u001b')));
    const error = await readStdinSecret({ ...testContext(), stdin: broken }, TOKEN).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(String(error)).not.toContain('\u001b');
  });

  it('ends with INTERRUPTED on a signal', async () => {
    const context = { ...testContext(), stdin: Object.assign(new PassThrough(), { isTTY: false }) };
    setImmediate(() => context.interrupt());
    await expect(readStdinSecret(context, TOKEN)).rejects.toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 130,
    });
    await expect(readStdinSecret(context, TOKEN)).rejects.toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 130,
    });
  });
});
