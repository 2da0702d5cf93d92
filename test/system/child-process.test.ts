import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runShell, type ShellOptions } from '../../src/system/child-process.ts';
import { tempDir } from '../helpers/context.ts';

const NODE = JSON.stringify(process.execPath);

function shell(command: Parameters<typeof runShell>[0], options: Partial<ShellOptions> = {}) {
  return runShell(command, {
    input: '',
    env: process.env,
    cwd: tempDir(),
    limitMs: 30_000,
    signal: new AbortController().signal,
    platform: process.platform,
    ...options,
  });
}

describe.skipIf(process.platform === 'win32')('a command line run by the shell', () => {
  it('gets its input, folder and environment, and its stdout and stderr are returned', async () => {
    const cwd = tempDir('a folder é ');
    const env = { ...process.env, WHO: `it's "é"` };
    const command = 'read line; printf "%s|%s|%s" "$line" "$WHO" "$PWD"; echo " err" >&2; exit 7';
    const end = await shell(command, { input: 'told €\nmore\n', env, cwd });
    expect(end).toMatchObject({ code: 7, stopped: null, stdout: `told €|it's "é"|${cwd}`, stderr: ' err\n' });
    expect(end.output).toContain(`told €|it's "é"|${cwd}`);
    expect(end.output).toContain('err');
  });

  it('need not read its input, and may write more than is kept', async () => {
    const input = 'x'.repeat(1 << 20);
    expect(await shell('true', { input })).toMatchObject({ code: 0, stopped: null, output: '' });
    // Behind one letter of a byte, those of two lie across the ends of what comes in pieces.
    const { output } = await shell('cat', { input: `x${'é'.repeat(1 << 20)}` });
    expect(output).toBe(`x${'é'.repeat(64 * 1024 - 1)}`);
  });

  it('is killed at its time limit', async () => {
    expect(await shell('sleep 600; true', { limitMs: 100 })).toMatchObject({
      code: null,
      stopped: 'limit',
      output: '',
    });
  });

  it('is killed at once by the signal, with its children', async () => {
    const interruption = new AbortController();
    // What it started holds a line to us, which ends with it.
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const command = `${NODE} -e "require('node:net').connect(${port}, '127.0.0.1')" & wait`;
    const ended = shell(command, { signal: interruption.signal });
    const [line] = (await once(server, 'connection')) as [Socket];
    const cut = once(
      line.resume().on('error', () => undefined),
      'close',
    );
    interruption.abort('SIGINT');
    expect(await ended).toMatchObject({ code: null, stopped: 'interruption' });
    await cut;
    server.close();
    const late = await shell('echo never', { signal: interruption.signal });
    expect(late).toMatchObject({ code: null, stopped: 'interruption', output: '' });
  });

  it('ends with the shell, even when a background process holds the streams open', async () => {
    const end = await shell('sleep 600 & echo $!');
    expect(end).toMatchObject({ code: 0, stopped: null });
    const pid = Number(end.output);
    process.kill(pid, 0);
    process.kill(pid, 'SIGKILL');
  });

  it('is a program with its arguments, which no shell reads', async () => {
    const end = await shell([process.execPath, '-p', 'process.argv.slice(1).join("|")', 'a b', '$HOME', '*']);
    expect(end).toMatchObject({ code: 0, stdout: 'a b|$HOME|*\n' });
    await expect(shell(['no-such-program-4711'])).rejects.toThrow('ENOENT');
  });

  it('rejects when the shell cannot be started', async () => {
    await expect(shell('true', { cwd: join(tempDir(), 'no', 'folder') })).rejects.toThrow('ENOENT');
    await expect(shell('a\0b')).rejects.toThrow();
  });
});
