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

/** What a secure connection is made with. */
export type TlsSettings = Pick<SecureContextOptions, 'minVersion'> & {
  readonly rejectUnauthorized: true;
  readonly secureContext?: SecureContext;
};

/** How secure connections are made: `own` to the API's host, `others` to any other and to a proxy. */
export interface TlsOptions {
  readonly own: TlsSettings;
  readonly others: TlsSettings;
}

/**
 * Said outright, so that no NODE_TLS_REJECT_UNAUTHORIZED, no flag of Node and no default of another version decides it.
 * Whoever asks Node for TLS 1.3 at least keeps that.
 */
const ALWAYS = {
  rejectUnauthorized: true,
  minVersion: DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
} as const;

/**
 * What a connection's certificates ask for. A client certificate is shown to the API's host alone.
 * @param env for NODE_EXTRA_CA_CERTS, and EBILL_CLIENT_KEY_PASSPHRASE
 * @throws EbillError USAGE for a file of the profile that cannot be read or does not hold what it should
 */
export async function tlsOptions(connection: Connection, env: Context['env']): Promise<TlsOptions> {
  const { caFile } = connection;
  // A `ca` replaces the built-in list and what NODE_EXTRA_CA_CERTS added to it; a company's own authority is meant to
  // come on top of both.
  const ca =
    caFile === null
      ? {}
      : { ca: [...rootCertificates, ...(await extraAuthorities(env)), await readAuthorities(caFile)] };
  const client = await clientCertificate(connection, env);
  const others = caFile === null ? ALWAYS : { ...ALWAYS, secureContext: contextOf(ca) };
  return {
    own: client === null ? others : { ...ALWAYS, secureContext: contextOf({ ...ca, ...client }) },
    others,
  };
}

/** Read once for all connections: a list of authorities takes its time. */
function contextOf(options: SecureContextOptions): SecureContext {
  return createSecureContext({ ...options, minVersion: ALWAYS.minVersion });
}

/** What Node has read as it started. As there, a file that cannot be read counts for nothing: Node has warned of it. */
async function extraAuthorities(env: Context['env']): Promise<readonly string[]> {
  const path = env['NODE_EXTRA_CA_CERTS'];
  if (!path) return [];
  return readFile(path, 'utf8').then(
    (text) => [text],
    () => [],
  );
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** OpenSSL passes over what it cannot read in such a file, and the server would be said to be unknown. */
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
        'Get the file again from whoever gave it, then: ebill profile set NAME --ca-file FILE',
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
    const [why, hint] = keyWords(errnoOf(cause) ?? '', passphrase !== undefined, key.toString('latin1'));
    const files = clientKey === null ? clientCert : `${clientCert} with ${clientKey}`;
    throw unusable(`The client certificate ${files} cannot be used: ${why}.`, hint, cause);
  }
}

const BOTH = 'Name both: ebill profile set NAME --client-cert FILE --client-key FILE (PEM).';

/** Why a certificate and its key do not go together, and what to do. */
function keyWords(code: string, passphrase: boolean, key: string): readonly [why: string, hint: string] {
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return ['the key is of another certificate', BOTH];
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) return ['there is no key (PEM)', BOTH];
  if (code === 'ERR_OSSL_PEM_NO_START_LINE') return ['it holds no certificate (PEM)', BOTH];
  if (!/ENCRYPTED/.test(key)) return ['the key cannot be read', BOTH];
  return passphrase
    ? ['the key does not open with this passphrase', 'Correct EBILL_CLIENT_KEY_PASSPHRASE.']
    : ['the key is locked with a passphrase', 'Give it in the environment: EBILL_CLIENT_KEY_PASSPHRASE.'];
}

async function readPem(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unusable(
      `The ${what} ${path} cannot be read: ${messageOf(cause)}.`,
      'Correct the path in the profile: ebill profile set NAME --ca-file|--client-cert|--client-key FILE',
      cause,
    );
  }
}

function unusable(message: string, hint: string, cause?: unknown): EbillError {
  return new EbillError('USAGE', message, { hint, cause });
}
