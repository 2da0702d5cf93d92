import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';

type Scheme = 'http' | 'https';

/** How the server behaves. */
interface Behaviour {
  /** Of the upload URLs. */
  readonly scheme: Scheme;
  /** Before every answer. */
  readonly latencyMs: number;
  /** Bytes per second of each upload's connection; `null`: no limit. */
  readonly bandwidth: number | null;
}
const DEFAULTS: Behaviour = { scheme: 'http', latencyMs: 0, bandwidth: null };

export interface Sink {
  readonly caFile: string;
  readonly apiUrl: string;
  urlOf(name: string): string;
  /** Announces a file: uploads of it are answered with this MD5. */
  expect(name: string, md5: string): void;
  behave(behaviour: Partial<Behaviour>): void;
  close(): void;
}

/**
 * A server that discards uploads, over http and https, in this process. It reads a head, counts bytes and answers, so that
 * the sender is what is measured; the sandbox would hash and store. Its API knows creates and inits. The MD5 that answers
 * an upload is part of its URL.
 */
export async function openSink(folder: string): Promise<Sink> {
  const [caFile, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', caFile, '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  );
  let behaviour = DEFAULTS;
  const md5s = new Map<string, string>();
  const current = (): Behaviour => behaviour;
  const onUpload = (socket: Socket): void => discard(socket, current);
  const tcp = await listening(createTcp(onUpload));
  const tls = await listening(createTls({ key: readFileSync(key), cert: readFileSync(caFile) }, onUpload));
  const origins = { http: `http://127.0.0.1:${tcp.port}`, https: `https://127.0.0.1:${tls.port}` };
  const urlOf = (name: string): string =>
    `${origins[behaviour.scheme]}/${md5s.get(name)}/${encodeURIComponent(name)}`;
  const api = await listening(
    createHttp((request, response) => void answer(request, response, current, urlOf)),
  );
  return {
    caFile,
    apiUrl: `http://127.0.0.1:${api.port}`,
    urlOf,
    expect: (name, md5) => void md5s.set(name, md5),
    behave: (change) => {
      behaviour = { ...DEFAULTS, ...change };
    },
    close() {
      for (const server of [tcp, tls, api]) server.close();
    },
  };
}

async function listening(server: Server): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function discard(socket: Socket, current: () => Behaviour): void {
  let head = '';
  /** Bytes of the body still to come; -1 while the head is read. */
  let missing = -1;
  let md5 = '';
  let paidUntil = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    const { bandwidth, latencyMs } = current();
    if (bandwidth !== null) {
      const now = performance.now();
      paidUntil = Math.max(paidUntil, now) + (chunk.length / bandwidth) * 1000;
      // Timers are coarse: carry small debts over instead of sleeping them off.
      if (paidUntil - now >= 2) {
        socket.pause();
        setTimeout(() => socket.resume(), paidUntil - now);
      }
    }
    if (missing >= 0) missing -= chunk.length;
    else {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      missing = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]) - (head.length - end - 4);
      md5 = /^PUT \/([0-9a-f]{32})\//.exec(head)?.[1] ?? '';
      if (/\r\nexpect: 100-continue/i.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      head = '';
    }
    if (missing !== 0) return;
    missing = -1;
    const stored = `HTTP/1.1 200 OK\r\ncontent-length: 0\r\netag: "${md5}"\r\n\r\n`;
    setTimeout(() => socket.write(stored), latencyMs);
  });
}

let ids = 0;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  current: () => Behaviour,
  urlOf: (name: string) => string,
): Promise<void> {
  let body = '';
  for await (const part of request) body += String(part);
  const value = (name: string): string => new RegExp(`<${name}>([^<]*)`).exec(body)?.[1] ?? '';
  const echo = ['jobId', 'operation', 'subOperation'].map((name) => `<${name}>${value(name)}</${name}>`);
  const file = value('inputFilename');
  const upload = file === '' ? '' : `\n<uploadUrl>${urlOf(file)}</uploadUrl>`;
  ids += 1;
  const document = `<batchProcess><id>${ids}</id>${echo.join('')}<status>Draft</status>${upload}\n</batchProcess>`;
  setTimeout(() => {
    // It keeps no batches to ask about.
    if (request.method === 'GET') response.writeHead(404).end();
    else response.end(document);
  }, current().latencyMs);
}
