import { connect, type Server, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/index.ts';
import { closedPort, listening } from '../api/rig.ts';
import { keysOf } from '../helpers/authority.ts';
import { sandbox } from './harness.ts';

export interface Secured {
  readonly server: Sandbox;
  /** https URLs of its two sides. */
  readonly api: string;
  readonly storage: string;
}

/** A sandbox behind TLS, both sides of it. @param api further options of the API's side @param more of the sandbox */
export async function securedSandbox(
  pem: (name: string) => string,
  api: TlsOptions = {},
  more: SandboxOptions = {},
): Promise<Secured> {
  const keys = keysOf(pem, 'server');
  const targets = { api: '', storage: '' };
  const front = async (side: keyof typeof targets, more: TlsOptions): Promise<string> => {
    const server = createServer({ ...keys, ...more }, (near) => relay(near, targets[side]));
    server.on('tlsClientError', () => undefined);
    return `https://localhost:${await listening(server as unknown as Server)}`;
  };
  const urls = { api: await front('api', api), storage: await front('storage', {}) };
  const server = await behind({ ...more, publicS3Url: urls.storage }, (port) => {
    targets.storage = `http://127.0.0.1:${port}`;
  });
  targets.api = server.apiUrl;
  return { server, ...urls };
}

/** The sandbox takes no free port for a storage with another name: one is looked for, and another if it was taken since. */
async function behind(options: SandboxOptions, tell: (port: number) => void): Promise<Sandbox> {
  for (let attempt = 1; ; attempt += 1) {
    const s3Port = await closedPort();
    tell(s3Port);
    try {
      return await sandbox({ ...options, s3Port });
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

function relay(near: Socket, to: string): void {
  const far = connect(Number(new URL(to).port), '127.0.0.1');
  near.pipe(far).pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  onTestFinished(() => void far.destroy());
}
