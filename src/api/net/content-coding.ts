import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { excerpt } from '../../system/escaping.ts';

/** The codings that `decoded` takes, for `Accept-Encoding` (api rule 9). */
export const ACCEPTED_CODINGS = 'gzip, deflate, br';

type Bytes = AsyncIterable<Buffer>;

const DECODERS: Readonly<Record<string, (body: Bytes) => Bytes>> = {
  gzip: (body) => through(body, createGunzip()),
  'x-gzip': (body) => through(body, createGunzip()),
  br: (body) => through(body, createBrotliDecompress()),
  deflate: inflated,
};

/** The codings of a `Content-Encoding`, in the order they were applied. */
export const codingsOf = (contentEncoding: string | undefined): readonly string[] =>
  (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');

/**
 * A body without its content codings (RFC 9110, 8.4).
 * @throws Error while it is read: a coding that is not known, broken or truncated data
 */
export function decoded(body: Bytes, contentEncoding: string | undefined): Bytes {
  return codingsOf(contentEncoding).reduceRight((encoded, coding) => {
    const decode = DECODERS[coding];
    if (decode === undefined) throw new Error(`the content coding ${excerpt(coding, 40)} is not supported`);
    return decode(encoded);
  }, body);
}

/** `pipeline` destroys both ends when one fails, and the error reaches the reader of `decoder`. */
const through = (body: Bytes, decoder: Transform): Bytes => pipeline(body, decoder, () => undefined);

/** "deflate" is the zlib format (RFC 1950); some servers send the bare data (RFC 1951). */
async function* inflated(body: Bytes): AsyncGenerator<Buffer> {
  const parts = body[Symbol.asyncIterator]();
  const first = await parts.next();
  if (first.done === true) return;
  const [flags = 0] = first.value;
  const rest: Bytes = {
    async *[Symbol.asyncIterator]() {
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => parts };
    },
  };
  yield* through(rest, (flags & 0x0f) === 8 ? createInflate() : createInflateRaw());
}
