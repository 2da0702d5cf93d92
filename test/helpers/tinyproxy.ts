import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { closedPort } from '../api/rig.ts';
import { tempDir } from './context.ts';

/** Is Debian's proxy here? */
export const hasTinyproxy = (() => {
  try {
    execFileSync('tinyproxy', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

interface Tinyproxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Where tunnels were asked to, in order. */
  asked(): Promise<readonly string[]>;
}

/** A real proxy, ended with the test. @param more lines of its configuration */
export async function tinyproxy(...more: readonly string[]): Promise<Tinyproxy> {
  // It takes no port 0: another process may take the one found here, then there is a next one.
  for (let attempt = 0; ; attempt += 1) {
    const started = await startAt(await closedPort(), more);
    if (started !== null) return started;
    if (attempt === 5) throw new Error('tinyproxy did not start');
  }
}

async function startAt(port: number, more: readonly string[]): Promise<Tinyproxy | null> {
  const config = join(tempDir('ebill-proxy-'), 'tinyproxy.conf');
  const base = [`Port ${port}`, 'Listen 127.0.0.1', 'LogLevel Connect', 'Allow 127.0.0.1', 'MaxClients 50'];
  writeFileSync(config, `${[...base, ...more].join('\n')}\n`);
  const child = spawn('tinyproxy', ['-d', '-c', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      said += part.toString();
    });
  const closed = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  }).then(() => {
    ended = true;
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  while (!(await answers(port))) if (ended) return null;
  return {
    host: `127.0.0.1:${port}`,
    asked: async () => {
      // It writes its log when it is told to end.
      child.kill('SIGTERM');
      await closed;
      return [...said.matchAll(/Request .*: CONNECT (\S+)/g)].map((match) => match[1] ?? '');
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => setImmediate(resolve, false));
  });
}
