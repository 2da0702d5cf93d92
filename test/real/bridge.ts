import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { listening } from '../api/rig.ts';
import type { Swift } from './servers.ts';

const URLS = /<(uploadUrl|downloadUrl)>([^<]+)<\/\1>/g;

/**
 * The sandbox's API with another storage: its URLs become presigned URLs of Swift, reached at `origin`. Before a finalize, the objects
 * stored there go to the sandbox; results are stored there with `Content-Encoding: gzip`.
 * @returns its port
 */
export async function bridge(sandbox: Sandbox, swift: Swift, origin: string): Promise<number> {
  const uploads = new Map<string, string>();
  const results = new Set<string>();
  const keyOf = (url: string): string =>
    decodeURIComponent(new URL(url).pathname.split('/').slice(2).join('/'));

  const replaced = async (name: string, url: string): Promise<string> => {
    const key = keyOf(url);
    if (name === 'uploadUrl') {
      uploads.set(key, url);
      return swift.putUrl(origin, key);
    }
    if (!results.has(key)) {
      const result = await fetch(url);
      await swift.store(key, gzipSync(Buffer.from(await result.arrayBuffer())), 'gzip');
      results.add(key);
    }
    return swift.getUrl(origin, key);
  };

  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (/mode=BatchFinalize/.test(request.url ?? ''))
        for (const [key, url] of uploads) {
          await fetch(url, { method: 'PUT', body: new Uint8Array(await swift.read(key)) });
          uploads.delete(key);
        }
      const headers = new Headers();
      for (const name of ['authorization', 'content-type']) {
        const value = request.headers[name];
        if (typeof value === 'string') headers.set(name, value);
      }
      const answer = await fetch(`${sandbox.apiUrl}${request.url}`, {
        method: request.method ?? 'GET',
        headers,
        ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
      });
      let text = await answer.text();
      for (const [element, name = '', url = ''] of text.matchAll(URLS)) {
        const to = await replaced(name, url.replaceAll('&amp;', '&'));
        text = text.replace(element, `<${name}>${to.replaceAll('&', '&amp;')}</${name}>`);
      }
      const type = answer.headers.get('content-type') ?? 'text/xml';
      response.writeHead(answer.status, { 'content-type': type }).end(text);
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  onTestFinished(() => server.closeAllConnections());
  return listening(server);
}
