import { messageOf } from '../errors.ts';
import type { Context } from '../system/context.ts';
import type { HttpResponse, Transport } from './net/transport.ts';

/** Headers servers and storages name a request by, for those who look it up in their logs. */
const REQUEST_IDS = ['x-request-id', 'x-correlation-id', 'x-amz-request-id', 'request-id', 'x-trace-id'];

/**
 * A transport that tells of each exchange, the API's and the storage's alike: method, URL, status, ms until the answer
 * began, and the other side's own name for the request. The listener hides what is secret in a URL.
 */
export function observed(
  transport: Transport,
  context: Pick<Context, 'now'>,
  tell: (line: string) => void,
): Transport {
  return {
    close: () => transport.close(),
    send: async (exchange) => {
      const began = context.now();
      const say = (what: string): void =>
        tell(`${exchange.method} ${exchange.url} → ${what} (${Math.round(context.now() - began)} ms)`);
      try {
        const answer = await transport.send(exchange);
        say(`${answer.status}${requestId(answer)}`);
        return answer;
      } catch (error) {
        say(messageOf(error));
        throw error;
      }
    },
  };
}

function requestId({ headers }: HttpResponse): string {
  const name = REQUEST_IDS.find((one) => headers[one] !== undefined);
  return name === undefined ? '' : `, ${name} ${headers[name]}`;
}
