import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  createSecureContext,
  DEFAULT_MIN_VERSION,
  rootCertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import type { Context } from '../../system/context.ts';
import type { Connection } from '../connection.ts';

/** TLS options for one side. */
export type TlsSettings = Pick<SecureContextOptions, 'minVersion'> & {
  readonly rejectUnauthorized: true;
  readonly secureContext?: SecureContext;
};

/** `api` is for the API's host, `others` for every other host and for proxies. Their contexts are made when first asked for. */
export interface TlsOptions {
  readonly api: TlsSettings;
  readonly others: TlsSettings;
}

/**
 * Explicit, so that neither NODE_TLS_REJECT_UNAUTHORIZED, nor a flag of Node, nor the default of another version decides.
 * A Node.js set to require TLS 1.3 keeps doing so.
 */
const ALWAYS = {
  rejectUnauthorized: true,
  minVersion: DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
} as const;

/**
 * The TLS options of a connection. Only the API's host gets the client certificate.
 * @param env for NODE_EXTRA_CA_CERTS and EBILL_CLIENT_KEY_PASSPHRASE
 * @throws EbillError USAGE for a file of the profile that cannot be read or holds something else
 */
export async function tlsOptions(connection: Connection, env: Context['env']): Promise<TlsOptions> {
  const { caFile } = connection;
  // `ca` replaces the built-in list and NODE_EXTRA_CA_CERTS; a company's own authority is meant to be added to both.
  const ca =
    caFile === null
      ? {}
      : { ca: [...rootCertificates, ...(await extraAuthorities(env)), await readAuthorities(caFile)] };
  const client = await clientCertificate(connection, env);
  const others = caFile === null ? () => ALWAYS : withContext(ca);
  const api = client === null ? others : withContext({ ...ca, ...client });
  return {
    get api() {
      return api();
    },
    get others() {
      return others();
    },
  };
}

/** One context for all connections: parsing a list of authorities takes 40 ms. */
function withContext(options: SecureContextOptions): () => TlsSettings {
  let made: TlsSettings | undefined;
  return () =>
    (made ??= {
      ...ALWAYS,
      secureContext: createSecureContext({ ...options, minVersion: ALWAYS.minVersion }),
    });
}

/** As in Node, a file that cannot be read is ignored: Node has already warned about it. */
async function extraAuthorities(env: Context['env']): Promise<readonly string[]> {
  const path = env['NODE_EXTRA_CA_CERTS'];
  if (!path) return [];
  return readFile(path, 'utf8').then(
    (text) => [text],
    () => [],
  );
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Checks each certificate: OpenSSL skips what it cannot read, and the server would then seem to be untrusted. */
async function readAuthorities(path: string): Promise<string> {
  const text = (await readPem(path, 'CA file')).toString('latin1');
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0)
    throw unusable(
      `The CA file ${path} holds no certificate (PEM).`,
      'If it is DER: openssl x509 -inform der -in FILE -out ca.pem. Then: ebill profile set NAME --ca-file ca.pem',
    );
  for (const pem of found) {
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw unusable(
        `The CA file ${path} holds a certificate that cannot be read.`,
        'Get the file again, then: ebill profile set NAME --ca-file FILE',
        cause,
      );
    }
  }
  return text;
}

async function clientCertificate(
  { clientCert, clientKey }: Connection,
  env: Context['env'],
): Promise<SecureContextOptions | null> {
  if (clientCert === null) return null;
  const cert = await readPem(clientCert, 'client certificate');
  const key = clientKey === null ? cert : await readPem(clientKey, 'client key');
  const passphrase = env['EBILL_CLIENT_KEY_PASSPHRASE'] || undefined;
  const options = { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
  try {
    createSecureContext(options);
    return options;
  } catch (cause) {
    const [reason, hint] = describeKeyError(
      errnoOf(cause) ?? '',
      passphrase !== undefined,
      key.toString('latin1'),
    );
    const files = clientKey === null ? clientCert : `${clientCert} with ${clientKey}`;
    throw unusable(`The client certificate ${files} cannot be used: ${reason}.`, hint, cause);
  }
}

const SET_BOTH = 'Set both, as PEM: ebill profile set NAME --client-cert FILE --client-key FILE';

function describeKeyError(
  code: string,
  hasPassphrase: boolean,
  key: string,
): readonly [reason: string, hint: string] {
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
    return ['the key belongs to another certificate', SET_BOTH];
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) return ['there is no private key (PEM)', SET_BOTH];
  if (code === 'ERR_OSSL_PEM_NO_START_LINE') return ['it holds no certificate (PEM)', SET_BOTH];
  if (!/ENCRYPTED/.test(key)) return ['the key cannot be read', SET_BOTH];
  return hasPassphrase
    ? ['the passphrase of the key is wrong', 'Correct EBILL_CLIENT_KEY_PASSPHRASE.']
    : ['the key needs a passphrase', 'Set it in the environment: EBILL_CLIENT_KEY_PASSPHRASE.'];
}

const PEM_OPTIONS = {
  'CA file': '--ca-file',
  'client certificate': '--client-cert',
  'client key': '--client-key',
} as const;

async function readPem(path: string, what: keyof typeof PEM_OPTIONS): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unusable(
      `The ${what} ${path} cannot be read: ${messageOf(cause)}.`,
      `Correct the path in the profile: ebill profile set NAME ${PEM_OPTIONS[what]} FILE`,
      cause,
    );
  }
}

function unusable(message: string, hint: string, cause?: unknown): EbillError {
  return new EbillError('USAGE', message, { hint, cause });
}
