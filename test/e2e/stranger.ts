import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { UNSAFE } from '../../src/system/escaping.ts';

/** What terminals obey, eyes do not see and log readers take for commands; each with a mark that tells it from our own painting. */
export const HOSTILE = [
  '\u001b[2J',
  '\u001b[5mBLINK',
  '\u001b[8;1;1t',
  '\u001b]0;title\u0007',
  '\u001b]8;;http://evil.example\u001b\\link',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001bc',
  '\u001bP1$tx\u001b\\',
  '\u009b5m',
  '\u009d52;c;x\u009c',
  '\u0007\u0008\u000b\u000e',
  '\u007f',
  '\u202egpj.exe',
  '\u2066\u2069\u061c',
  '\u200b\u2060\ufeff',
  '\u{e0041}\u{e0042}',
  '\u2028\u2029\u0085',
  '::set-env name=PATH::/evil',
  '##[add-path]/evil',
  '\n::add-mask::x',
  '\r##[error]x',
  '<script>alert(1)</script>',
  '=cmd|calc',
];

/** What our own painter writes: colours, and the live lines' moves. */
const OURS =
  /\u001b\[(?:0|1|2|22|39|3[1-6]|90)m|\u001b\[\?(?:25|7)[lh]|\u001b\[\d*[ABCDGJK]|\u001b\[\?2026[hl]|\u001b\[\?2004[hl]/g;

/** What of an output is none of ours and raw; the line feed is layout, in live lines the carriage return too. */
export function rawIn(output: string, live: boolean): readonly string[] {
  const rest = output.replace(OURS, '').replaceAll('\n', '').replaceAll('\t', '');
  return (live ? rest.replaceAll('\r', '') : rest).match(UNSAFE) ?? [];
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\0', '');

/** A server that says `text()` wherever it can say anything. @returns its base URL */
export async function stranger(text: () => string): Promise<string> {
  let created = false;
  const server = createServer((request, response) => {
    if (request.method === 'POST') created = true;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = request.url ?? '';
      const { port } = server.address() as AddressInfo;
      const said = text();
      if (url.startsWith('/storage/refuse')) {
        response
          .writeHead(403)
          .end(`<Error><Code>${xml(said)}</Code><Message>${xml(said)}</Message></Error>`);
      } else if (url.startsWith('/storage/')) {
        if (request.method === 'PUT') {
          const md5 = createHash('md5').update(Buffer.concat(chunks)).digest('hex');
          response.writeHead(200, { etag: `"${md5}"` }).end();
        } else
          response.end(
            `Name,Status,Message\n"${said.replaceAll('"', '""')}",Failed,"${said.replaceAll('"', '""')}"\n`,
          );
      } else if (/id=refuse/i.test(url)) {
        response.writeHead(422).end(said);
      } else if (/jobId=/.test(url) && !(created && /_CUS(?:&|$)/.test(url))) {
        response.writeHead(404).end(said);
      } else {
        const upload = `http://127.0.0.1:${port}/storage/x`;
        const final = request.method === 'GET';
        const urls = final ? `<downloadUrl>${upload}</downloadUrl>` : `<uploadUrl>${upload}</uploadUrl>`;
        const body = (id: number, children: string): string =>
          `<batchProcess><id>${id}${xml(said.trim())}</id><jobId>${xml(said)}</jobId><status>${final ? xml(said) : 'Draft'}</status><operation>${xml(said)}</operation><subOperation>${xml(said)}</subOperation><successCount>1</successCount><successMessage>${xml(said)}</successMessage><errorMessage>${xml(said)}</errorMessage><failCount>1</failCount>${urls}${children}</batchProcess>`;
        response.end(body(4, `<child>${body(5, '')}</child>`));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
