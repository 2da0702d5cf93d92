import { messageOf } from '../errors.ts';
import { decodeAnswer } from './answer-encoding.ts';
import type { Answer } from './net/transport.ts';
import { TransportError } from './net/transport-failure.ts';

/** Bytes; far above any true answer of the API, far below what hurts (batch-api.md, what bites 13). */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * The whole body as text, in the encoding it is in.
 * @throws TransportError `lost` when it breaks off or is larger than `limit` bytes: what the server did is then unknown.
 */
export async function readBody(answer: Answer, limit = MAX_BODY_BYTES): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer.body) {
      size += part.length;
      if (size > limit) throw new Error(`the answer is larger than ${limit} bytes`);
      parts.push(part);
    }
  } catch (cause) {
    throw new TransportError('lost', `the answer broke off: ${messageOf(cause)}`, cause);
  }
  return decodeAnswer(Buffer.concat(parts), answer.headers['content-type'] ?? '');
}
