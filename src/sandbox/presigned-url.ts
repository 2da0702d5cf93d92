import { timingSafeEqual } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { parseUrl } from '../system/url.ts';
import type { S3Error } from './answer.ts';
import type { S3Credentials } from './options.ts';

/** As in the vendor's example host. */
const REGION = 'us-east-2';

interface PresignRequest {
  readonly method: 'PUT' | 'GET';
  /** Origin of the S3 side as the client reaches it. */
  readonly origin: string;
  readonly bucket: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly signedAt: number;
  readonly expiresSeconds: number;
}

/** A presigned, path-style URL. Only `host` is signed, so clients may send other headers (api rule 10). */
export async function presign(request: PresignRequest, credentials: S3Credentials): Promise<string> {
  const url = new URL(`${request.origin}/${request.bucket}/${encodeKey(request.key)}`);
  url.searchParams.set('X-Amz-Expires', String(request.expiresSeconds));
  const signer = new AwsV4Signer({
    ...credentials,
    method: request.method,
    url: url.href,
    service: 's3',
    region: REGION,
    datetime: amzDate(request.signedAt),
    signQuery: true,
  });
  return (await signer.sign()).url.href;
}

/** As `20210921T071553Z`. @param ms since 1970 */
function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[:-]|\.\d{3}/g, '');
}

/** S3's canonical form of a key: everything but `/` and RFC 3986's unreserved characters is percent-encoded. */
function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
}

/** The request as it arrived. */
interface ReceivedRequest {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly rawUrl: string;
  readonly host: string | undefined;
  readonly hasAuthorization: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const REQUIRED = ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'] as const;
type Parameters = Readonly<Record<(typeof REQUIRED)[number], string>>;

const WEEK = 604_800;

/** Checks a presigned request in S3's order. @returns S3's error, or `null` */
export async function verify(request: ReceivedRequest, credentials: S3Credentials): Promise<S3Error | null> {
  const url = urlOf(request);
  if (!url) return { status: 400, code: 'InvalidURI', message: "Couldn't parse the specified URI." };
  const parameters = parametersOf(url);
  if (parameters === null) return accessDenied('Access Denied');
  if (request.hasAuthorization) {
    // S3's own message: other credentials next to a presigned URL break the upload (api rule 10).
    const message =
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified';
    return { status: 400, code: 'InvalidArgument', message, details: { ArgumentName: 'Authorization' } };
  }
  if (typeof parameters === 'string') return malformed(parameters);
  const date = timeOf(parameters.Date);
  const expires = Number(parameters.Expires);
  if (parameters.Algorithm !== 'AWS4-HMAC-SHA256')
    return malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  if (date === null)
    return malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (!/^\d+$/.test(parameters.Expires)) return malformed('X-Amz-Expires should be a number');
  if (expires > WEEK)
    return malformed(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${WEEK} seconds`,
    );
  const [keyId = '', ...scope] = parameters.Credential.split('/');
  if (keyId !== credentials.accessKeyId) return invalidKey(keyId);
  if (scope.join('/') !== `${parameters.Date.slice(0, 8)}/${REGION}/s3/aws4_request`) {
    return malformed(
      `Error parsing the X-Amz-Credential parameter; the region must be '${REGION}', the service "s3", the terminal "aws4_request" and the date that of X-Amz-Date`,
    );
  }
  if (request.now < date - 15 * 60_000) return accessDenied('Request is not valid yet');
  if (request.now > date + expires * 1000) {
    return accessDenied('Request has expired', {
      'X-Amz-Expires': parameters.Expires,
      Expires: new Date(date + expires * 1000).toISOString(),
      ServerTime: new Date(request.now).toISOString(),
    });
  }
  return compare(request, url, parameters, credentials);
}

async function compare(
  request: ReceivedRequest,
  url: URL,
  given: Parameters,
  credentials: S3Credentials,
): Promise<S3Error | null> {
  url.searchParams.delete('X-Amz-Signature');
  const signer = new AwsV4Signer({
    ...credentials,
    method: request.method,
    url: url.href,
    service: 's3',
    region: REGION,
    datetime: given.Date,
    signQuery: true,
  });
  const expected = Buffer.from(await signer.signature());
  const received = Buffer.from(given.Signature);
  // The signer sets SignedHeaders itself; ours is always host.
  const same = expected.length === received.length && timingSafeEqual(expected, received);
  if (
    same &&
    given.SignedHeaders === 'host' &&
    keyInPath(url.pathname) === keyInPath(rawPath(request.rawUrl))
  ) {
    return null;
  }
  return {
    status: 403,
    code: 'SignatureDoesNotMatch',
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    // S3 echoes these: a client that shows its errors raw shows a signature.
    details: {
      AWSAccessKeyId: credentials.accessKeyId,
      StringToSign: await signer.stringToSign(),
      SignatureProvided: given.Signature,
      CanonicalRequest: await signer.canonicalString(),
    },
  };
}

function urlOf(request: ReceivedRequest): URL | null {
  // Through a proxy the request line has the whole URL.
  const text = /^https?:\/\//i.test(request.rawUrl)
    ? request.rawUrl
    : `http://${request.host ?? ''}${request.rawUrl}`;
  return request.host ? parseUrl(text) : null;
}

/** The path of a request line, as received. */
export function rawPath(rawUrl: string): string {
  return rawUrl.replace(/^https?:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
}

/** @returns the decoded path; `null` when the percent-encoding is invalid */
export function keyInPath(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** @returns the six parameters; `null` when there are none; a message when some are missing or repeated */
function parametersOf(url: URL): Parameters | string | null {
  const names = [...url.searchParams.keys()];
  if (!names.some((name) => name.startsWith('X-Amz-'))) return null;
  const found: Partial<Record<(typeof REQUIRED)[number], string>> = {};
  for (const name of REQUIRED) {
    const [value, ...more] = url.searchParams.getAll(`X-Amz-${name}`);
    if (value === undefined || more.length > 0) {
      return `Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.`;
    }
    found[name] = value;
  }
  if (new Set(names).size !== names.length) return 'A query parameter occurs more than once';
  return found as Parameters;
}

function timeOf(date: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? null : time;
}

function malformed(message: string): S3Error {
  return { status: 400, code: 'AuthorizationQueryParametersError', message };
}

function accessDenied(message: string, details: Readonly<Record<string, string>> = {}): S3Error {
  return { status: 403, code: 'AccessDenied', message, details };
}

function invalidKey(keyId: string): S3Error {
  const message = 'The AWS Access Key Id you provided does not exist in our records.';
  return { status: 403, code: 'InvalidAccessKeyId', message, details: { AWSAccessKeyId: keyId } };
}
