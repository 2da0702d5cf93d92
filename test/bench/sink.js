import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';

/**
 * A server that gives what is uploaded away, over http and https, in this process: it reads a head, counts bytes and
 * answers, so that the sender is what is measured, where the program's sandbox hashes and stores. Its API knows creates
 * and inits. The MD5 an upload is answered with is in the URL it goes to.
 */
export async function openSink(folder) {
  const [caFile, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', caFile, '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  );
  const line = { scheme: 'http', latencyMs: 0, bandwidth: null };
  const known = new Map();
  const origins = {};
  const urlOf = (name) => `${origins[line.scheme]}/${known.get(name)}/${encodeURIComponent(name)}`;
  const swallowing = (socket) => swallow(socket, line);
  const servers = [
    createTcp(swallowing),
    createTls({ key: readFileSync(key), cert: readFileSync(caFile) }, swallowing),
    createHttp((request, response) => answer(request, response, line, urlOf)),
  ];
  const sockets = new Set();
  for (const server of servers) {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  }
  const [http, https, api] = servers.map((server) => server.address().port);
  Object.assign(origins, { http: `http://127.0.0.1:${http}`, https: `https://127.0.0.1:${https}` });
  return {
    caFile,
    apiUrl: `http://127.0.0.1:${api}`,
    urlOf,
    /** A file that may come: its MD5 is what it is answered with. */
    know: (name, md5) => known.set(name, md5),
    /** `scheme` of upload URLs, `latencyMs` before every answer, `bandwidth` bytes a second for each upload's connection. */
    behave: (how) => Object.assign(line, { scheme: 'http', latencyMs: 0, bandwidth: null }, how),
    close() {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}

function swallow(socket, line) {
  let head = '';
  let missing = -1;
  let md5 = '';
  let paidUntil = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    if (line.bandwidth !== null) {
      const now = performance.now();
      paidUntil = Math.max(paidUntil, now) + (chunk.length / line.bandwidth) * 1000;
      // Timers are coarse: small debts are carried over instead of slept off.
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
      missing = Number(/\r\ncontent-length: (\d+)/i.exec(head)[1]) - (head.length - end - 4);
      md5 = /^PUT \/([0-9a-f]{32})\//.exec(head)?.[1] ?? '';
      if (/\r\nexpect: 100-continue/i.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      head = '';
    }
    if (missing !== 0) return;
    missing = -1;
    const stored = `HTTP/1.1 200 OK\r\ncontent-length: 0\r\netag: "${md5}"\r\n\r\n`;
    setTimeout(() => socket.write(stored), line.latencyMs);
  });
}

let ids = 0;

async function answer(request, response, line, urlOf) {
  let body = '';
  for await (const part of request) body += part;
  const value = (name) => new RegExp(`<${name}>([^<]*)`).exec(body)?.[1] ?? '';
  const told = ['jobId', 'operation', 'subOperation'].map((name) => `<${name}>${value(name)}</${name}>`);
  const file = value('inputFilename');
  const upload = file === '' ? '' : `\n<uploadUrl>${urlOf(file)}</uploadUrl>`;
  ids += 1;
  setTimeout(() => {
    // No batch is known here.
    if (request.method === 'GET') response.writeHead(404).end();
    else
      response.end(
        `<batchProcess><id>${ids}</id>${told.join('')}<status>Draft</status>${upload}\n</batchProcess>`,
      );
  }, line.latencyMs);
}
