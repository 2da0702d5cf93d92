/*
 * In place of `api/net/transport.ts`, in a bundle of the program: requests go to the simulated server over a network that loses,
 * delays and refuses some of them.
 */
import type { Connection } from '../../src/api/connection.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/api/net/transport.ts';
import { TransportError } from '../../src/api/net/transport-error.ts';
import type { Context } from '../../src/system/context.ts';
import type { Process } from './machine.ts';
import type { Server } from './server.ts';

export { followRedirects, redirectTarget, splitUrl } from '../../src/api/net/transport.ts';

/** How good it is: chances of each request. */
export interface Quality {
  /** ms that a message takes at most. */
  readonly delay: number;
  readonly refused: number;
  readonly requestLost: number;
  readonly answerLost: number;
}

export interface Network {
  readonly server: Server;
  readonly quality: Quality;
  readonly random: () => number;
  /** Told each request and how it ended, for a trace. */
  readonly log: (line: string) => void;
}

export async function openTransport(
  context: Context,
  _connection: Connection,
  timeoutMs: number,
): Promise<Transport> {
  const { process } = context as Context & { readonly process: Process };
  return {
    send: (request) => send(process, request, timeoutMs),
    openAhead: () => undefined,
    close: async () => undefined,
  };
}

async function send(process: Process, request: HttpRequest, standardMs: number): Promise<HttpResponse> {
  const { network, clock } = process;
  const { quality, random, server } = network;
  const timeoutMs = request.headersTimeoutMs ?? standardMs;
  const body = await bytesOf(request.body);
  await process.effect(() => undefined);
  request.signal?.throwIfAborted();
  const line = `${process.machine.name}.${process.pid % 1000} ${request.method} ${request.url.replace(/^http:..127.0.0.1:\d+|\?X-Amz.*$/g, '')}${jobIn(body)}`;
  return new Promise((resolve, reject) => {
    let over = false;
    const end = (how: string, settle: () => void): void => {
      if (over) return;
      over = true;
      stopTimer();
      request.signal?.removeEventListener('abort', abort);
      network.log(`${clock.now()} ${line} → ${how}`);
      void process.effect(settle);
    };
    const fail = (kind: 'unsent' | 'lost', why: string): void =>
      end(`${kind}: ${why}`, () => reject(new TransportError(kind, why, null)));
    const abort = (): void => end('aborted', () => reject(request.signal?.reason));
    request.signal?.addEventListener('abort', abort, { once: true });
    const stopTimer = clock.after(timeoutMs, () => fail('lost', 'no response within the timeout'));
    const delay = (): number => 1 + random() * quality.delay;
    if (random() < quality.refused) {
      clock.after(delay(), () => fail('unsent', 'connection refused'));
      return;
    }
    if (random() < quality.requestLost) {
      // Without a word, or with a reset.
      if (random() < 0.5) clock.after(delay(), () => fail('lost', 'the connection was reset'));
      return;
    }
    clock.after(delay(), () => {
      network.log(`${clock.now()} ${line} arrives`);
      void server.handle({ ...request, body }).then((delivery) => {
        const lost = random() < quality.answerLost;
        const silent = delivery.how === 'hang' || (lost && random() < 0.5);
        if (silent) return;
        clock.after(delay(), () => {
          if (delivery.how === 'reset' || lost) return fail('lost', 'the connection was reset');
          const { answer } = delivery as {
            answer: { status: number; headers: Record<string, string>; body: Buffer };
          };
          const bytes = delivery.how === 'cut' ? answer.body.subarray(0, delivery.bytes) : answer.body;
          end(`${answer.status} ${summary(answer.body)}`, () =>
            resolve({
              status: answer.status,
              headers: answer.headers,
              body: bodyOf(bytes, delivery.how === 'cut'),
            }),
          );
        });
      });
    });
  });
}

async function bytesOf(body: HttpRequest['body']): Promise<Buffer> {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return Buffer.from(body ?? '');
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function bodyOf(bytes: Buffer, cut: boolean): HttpResponse['body'] {
  return Object.assign(
    {
      async *[Symbol.asyncIterator]() {
        if (bytes.length > 0) yield bytes;
        if (cut) throw Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
      },
    },
    { dump: async () => undefined },
  );
}

const jobIn = (body: Buffer): string => {
  const job = body.length === 0 ? '' : fieldIn(body.toString('latin1', 0, 2000), 'jobId');
  return job === '' ? '' : ` ${job}`;
};

function summary(body: Buffer): string {
  const text = body.toString('latin1', 0, 600);
  const [id, jobId, status, message] = ['id', 'jobId', 'status', 'message'].map((name) =>
    fieldIn(text, name),
  );
  return `${id} ${jobId} ${status} ${message}`.trim();
}

/** The content of the first element of a name; empty when there is none. */
function fieldIn(text: string, name: string): string {
  const tag = `<${name}>`;
  const from = text.indexOf(tag);
  if (from < 0) return '';
  const to = text.indexOf('</', from);
  return text.slice(from + tag.length, to < 0 ? undefined : to);
}
