import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { SECURITY_TOKEN, SIGNATURE } from './canaries.ts';

/**
 * A server that echoes every request in every field, header and form, in answers that are correct or not, as `manner` says.
 * API below `/rest`, storage below `/store`.
 */
export const MANNERS = [
  'success',
  'in pieces',
  'secret ids',
  'refused, XML',
  'refused, JSON',
  'bad request, every form',
  'down, HTML',
  'busy, text',
  'cut XML',
  'redirect',
  'reset',
  'broken off',
  'storage refuses',
] as const;
export type Manner = (typeof MANNERS)[number];

export interface Parrot {
  readonly url: string;
  /** Requests so far. */
  count(): number;
}

/** @param secret the token or password of its clients: what they send in some form, it knows in all */
export async function parrot(manner: Manner, secret: string): Promise<Parrot> {
  const batches = new Map<string, { id: string; status: string }>();
  let asked = 0;
  let origin = '';
  /** The storage gets no credentials; it echoes those that the API got. */
  let heard = '';
  const server = createServer((request, response) => {
    asked += 1;
    void textsOf(request).then((words) => {
      if (request.url?.startsWith('/store/')) return store(manner, request, response, heard);
      // Before it has given a URL nobody can know its signatures for what they are.
      const text = `secret ${secret} signature ${batches.size === 0 ? '-' : SIGNATURE} in ${words}`;
      heard = text;
      return api({ manner, secret, text, batches, origin }, request, response);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return { url: origin, count: () => asked };
}

async function textsOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`);
  return `${request.method} ${request.url} ${headers.join(' ')} ${Buffer.concat(chunks).toString()}`;
}

const xml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\u0000-\u001f]/g, ' ');
const html = (text: string): string => xml(text).replaceAll('"', '&quot;').replaceAll("'", '&#39;');

interface Said {
  readonly manner: Manner;
  readonly secret: string;
  readonly text: string;
  readonly batches: Map<string, { id: string; status: string }>;
  readonly origin: string;
}

const ANSWERS: Partial<Record<Manner, (said: Said) => [number, string, Record<string, string>?]>> = {
  'refused, XML': ({ text, secret }) => [
    401,
    `<error><message>${xml(text)}</message><token>${xml(secret)}</token></error>`,
  ],
  'refused, JSON': ({ text, secret }) => [403, JSON.stringify({ token: secret, error: { message: text } })],
  'bad request, every form': ({ secret }) => [400, everyForm(secret)],
  'down, HTML': ({ text }) => [
    500,
    `<html><head><title>${html(text)}</title></head><body>${html(text)}</body></html>`,
  ],
  'busy, text': ({ text }) => [503, text, { 'retry-after': '0' }],
  'cut XML': ({ text, secret }) => [200, `<batchProcess><id>${xml(secret)}</id><errorMessage>${xml(text)}`],
  redirect: ({ text, secret }) => [
    302,
    text,
    { location: `https://u:${encodeURIComponent(secret)}@127.0.0.1:1/?t=${encodeURIComponent(secret)}` },
  ],
};

/** The secrets one after the other in the ways servers and their logs write them, within the first 300 characters each. */
let turn = 0;
function everyForm(secret: string): string {
  const forms = [
    encodeURIComponent(secret),
    new URLSearchParams({ k: secret }).toString(),
    JSON.stringify({ k: secret }),
    JSON.stringify(JSON.stringify({ k: secret })),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    `Basic ${Buffer.from(`clerk:${secret}`).toString('base64')}`,
    `https://clerk:${encodeURIComponent(secret)}@host/`,
    encodeURIComponent(secret).replace(/%../g, (hex) => hex.toLowerCase()),
    `${'.'.repeat(285)}${secret}`,
    `${'.'.repeat(270)}${secret}`,
  ];
  turn += 1;
  return forms[turn % forms.length] ?? '';
}

function api(said: Said, request: IncomingMessage, response: ServerResponse): void {
  const { manner, secret, text } = said;
  const headers = {
    'x-request-id': encodeURI(secret),
    'www-authenticate': `Bearer realm="${encodeURI(secret)}"`,
  };
  if (manner === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (manner === 'broken off') {
    response.writeHead(200, { ...headers, 'content-length': '100000' });
    response.write(`<batchProcess><errorMessage>${xml(text)}`, () => request.socket.destroy());
    return;
  }
  const [status, body, more] = ANSWERS[manner]?.(said) ?? batchAnswer(said, request);
  response.writeHead(status, `Said ${encodeURI(secret)}`, { ...headers, ...more });
  if (manner !== 'in pieces') {
    response.end(body);
    return;
  }
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += 11) response.write(bytes.subarray(at, at + 11));
  response.end();
}

function batchAnswer(
  { manner, secret, text, batches, origin }: Said,
  request: IncomingMessage,
): [number, string] {
  const url = new URL(request.url ?? '/', origin);
  const jobId = url.searchParams.get('jobId') ?? /<jobId>([^<]*)</.exec(text)?.[1] ?? null;
  const id = url.searchParams.get('id') ?? /<id>([^<]*)</.exec(text)?.[1] ?? null;
  const mode = url.searchParams.get('mode');
  const key = jobId ?? [...batches].find(([, batch]) => batch.id === id)?.[0] ?? '';
  if (mode === 'S3FileUpload' || mode === 'BatchInit') {
    const own = `${batches.size + 1}${manner === 'secret ids' ? `-${secret}` : ''}`;
    batches.set(key, { id: own, status: mode === 'BatchInit' ? 'Success' : 'Draft' });
  }
  const batch = batches.get(key);
  if (batch === undefined) return [404, `<error><message>${xml(text)}</message></error>`];
  if (mode === 'BatchFinalize') batches.set(key, { ...batch, status: 'Success' });
  return [200, document(key, batches.get(key) ?? batch, mode, text, origin)];
}

const presigned = (origin: string, key: string): string =>
  `${origin}/store/${encodeURIComponent(key)}.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3599` +
  `&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2Fc4n4ryCR3D&X-Amz-Security-Token=${SECURITY_TOKEN}&X-Amz-Signature=${SIGNATURE}`;

function document(
  key: string,
  { id, status }: { readonly id: string; readonly status: string },
  mode: string | null,
  text: string,
  origin: string,
): string {
  const url = xml(presigned(origin, key));
  const said = xml(text);
  const rest =
    mode === 'BatchInit'
      ? `<child><carryForwardInvoice><id>c1</id><status>Success</status><successMessage>${said}</successMessage></carryForwardInvoice></child>`
      : status === 'Draft'
        ? `<uploadUrl>${url}</uploadUrl>`
        : `<downloadUrl>${url}</downloadUrl>`;
  return (
    `<batchProcess><id>${xml(id)}</id><jobId>${xml(key)}</jobId><status>${status}</status>` +
    `<operation>eBill-Import</operation><subOperation>${said}</subOperation>` +
    `<successCount>1</successCount><successMessage>${said}</successMessage><errorMessage>${said}</errorMessage>` +
    `<failCount>1</failCount>${rest}</batchProcess>`
  );
}

function store(manner: Manner, request: IncomingMessage, response: ServerResponse, heard: string): void {
  if (manner === 'storage refuses') {
    response.writeHead(403, { 'x-amz-request-id': SIGNATURE });
    response.end(
      `<Error><Code>SignatureDoesNotMatch</Code><Message>the signature ${SIGNATURE} of ${xml(presigned('', 'k'))} does not match; ${xml(heard)}</Message><SignatureProvided>${SIGNATURE}</SignatureProvided></Error>`,
    );
    return;
  }
  response.writeHead(200, { 'x-amz-request-id': `r-${SIGNATURE}`, etag: `"${SIGNATURE}"` });
  response.end(
    request.method === 'GET' ? 'Name,Status,Message\r\nA,Success,\r\nB,Failed,no such thing\r\n' : '',
  );
}
