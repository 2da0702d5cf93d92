import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';

/** A sandbox that is closed when the test is over. */
export async function sandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const started = await startSandbox({ processingTimeMs: 30, ...options });
  onTestFinished(() => started.close());
  return started;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ebill-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Message {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends a request with the URL byte for byte as given, over a connection of its own. */
export function send({ method, url, headers = {}, body }: Message): Promise<Reply> {
  const [, hostname = '', port = '', path = ''] = /^http:\/\/([^/:]+):(\d+)(.*)$/s.exec(url) ?? [];
  return new Promise((resolve, reject) => {
    const length =
      body === undefined || 'transfer-encoding' in headers
        ? {}
        : { 'content-length': Buffer.byteLength(body) };
    const outgoing = request({
      method,
      hostname,
      port,
      path,
      headers: { ...length, ...headers },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.end(body);
  });
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** `<batchProcess>` around the fields, in their order. */
export function xml(fields: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(fields).map(([name, text]) =>
    text === undefined ? '' : `<${name}>${escapeXml(text)}</${name}>\n`,
  );
  return `<batchProcess>\n${lines.join('')}</batchProcess>`;
}

/** All that most requests need to know; a sandbox in a process of its own gives no more. */
type Api = Pick<Sandbox, 'apiUrl'>;

const ENDPOINT = '/rest/batchProcess';

export function post(
  box: Api,
  mode: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const method = mode === 'BatchFinalize' ? 'PUT' : 'POST';
  return send({ method, url: `${box.apiUrl}${ENDPOINT}?mode=${mode}`, body, headers });
}

export function init(box: Api, jobId: string, fields: Record<string, string> = {}): Promise<Reply> {
  return post(
    box,
    'BatchInit',
    xml({
      jobId,
      carryForwardInvoices: 'true',
      carryForwardCreditMemos: 'true',
      carryForwardDebitMemos: 'true',
      zeroOutCustomerBalance: 'false',
      ...fields,
    }),
  );
}

const SUB_OPERATIONS = { customer: 'Customer', invoice: 'Invoice', items: 'Invoice Line Item' } as const;

interface CreateOptions {
  readonly parentId?: string;
  readonly parentJobId?: string;
  readonly headers?: Record<string, string>;
}

export function create(
  box: Api,
  kind: keyof typeof SUB_OPERATIONS,
  jobId: string,
  inputFilename: string,
  { parentId, parentJobId, headers = {} }: CreateOptions = {},
): Promise<Reply> {
  const body = xml({
    parentBatchProcess: parentId,
    parentBatchProcessJobId: parentJobId,
    jobId,
    inputType: 'API',
    operation: 'eBill-Import',
    subOperation: SUB_OPERATIONS[kind],
    inputFilename,
  });
  return post(box, 'S3FileUpload', body, headers);
}

export function put(
  url: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return send({ method: 'PUT', url, body, headers });
}

export function finalize(box: Api, id: string): Promise<Reply> {
  return post(box, 'BatchFinalize', xml({ id }));
}

export function status(box: Api, id: string): Promise<Reply> {
  return send({ method: 'GET', url: `${box.apiUrl}${ENDPOINT}?id=${id}` });
}

/** The text of the first element of that name, entities decoded; a bare `&` stays. */
export function field(reply: Reply, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(reply.body)?.[1];
  if (text === undefined) throw new Error(`no ${name} in ${reply.body}`);
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Create and upload; gives the batch's id. */
export async function upload(
  box: Api,
  kind: keyof typeof SUB_OPERATIONS,
  jobId: string,
  file: string,
  content: string | Buffer,
  options: CreateOptions = {},
): Promise<string> {
  const created = await create(box, kind, jobId, file, options);
  const stored = await put(field(created, 'uploadUrl'), content);
  if (stored.status !== 200) throw new Error(stored.body);
  return field(created, 'id');
}

export function batch(box: Sandbox, jobId: string) {
  const found = box.snapshot().batches.find((each) => each.jobId === jobId);
  if (!found) throw new Error(`no batch ${jobId}`);
  return found;
}

export function lastRequest(box: Sandbox) {
  const record = box.requests.at(-1);
  if (!record) throw new Error('no request');
  return record;
}
