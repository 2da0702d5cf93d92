import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { errnoOf, messageOf } from '../../errors.ts';
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
    .filter((name) => name !== '' && !NO_CODINGS.has(name));

/** What servers and storages put there that changes no byte; a charset, or the framing of an upload that was stored with it. */
const NO_CODINGS: ReadonlySet<string> = new Set(['identity', 'none', 'binary', 'utf-8', 'aws-chunked']);

/**
 * A body without its content codings (RFC 9110, 8.4).
 * @throws Error while it is read: a coding that is not known, broken or truncated data
 */
export function decoded(body: Bytes, contentEncoding: string | undefined): Bytes {
  return codingsOf(contentEncoding).reduceRight((encoded, coding) => {
    const decode = DECODERS[coding] ?? (() => unsupported(coding));
    return named(coding, decode(encoded));
  }, body);
}

/** While it is read, as broken data is: both are a failed download. */
// biome-ignore lint/correctness/useYield: there is nothing to yield
async function* unsupported(coding: string): AsyncGenerator<Buffer> {
  throw new Error(`the content coding ${excerpt(coding, 40)} is not supported`);
}

/** zlib's own words do not say what was to be decoded. */
async function* named(coding: string, body: Bytes): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    if (errnoOf(error)?.startsWith('Z_') !== true && errnoOf(error)?.startsWith('ERR_') !== true) throw error;
    throw new Error(`it cannot be decoded as ${coding} (${messageOf(error)})`, { cause: error });
  }
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
