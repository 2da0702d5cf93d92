import type { Connection } from '../../api/connection.ts';
import { type ShownCertificate, shownCertificate } from '../../api/handshake.ts';
import type { ProxyChoice } from '../../api/proxy-choice.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../output/human.ts';
import { type Check, ok, problem, warning } from './check.ts';
import { within } from './limit.ts';

const NAME = 'TLS';
/** Days a certificate should still be good for. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/**
 * The server's certificate: whose, by whom, and how long it is good.
 * @param limitMs for the handshake
 * @throws EbillError USAGE when a certificate file of the profile cannot be read
 */
export async function certificate(
  context: Context,
  connection: Connection,
  url: URL,
  proxy: ProxyChoice | null,
  limitMs: number,
): Promise<Check> {
  const found = await within(context, limitMs, (signal) =>
    shownCertificate(connection, context.env, url, proxy?.url ?? null, signal),
  );
  if ('failed' in found) {
    const by = proxy === null ? '' : ' through the proxy';
    return problem(
      NAME,
      `no handshake with ${url.host}${by}: ${found.failed}`,
      `Check the base URL, the port${proxy === null ? '' : ', the proxy'} and the firewall.`,
      'UNAVAILABLE',
    );
  }
  // A file of the profile's own takes the place of the one Node was started with.
  const trusted = connection.caFile ?? (context.env['NODE_EXTRA_CA_CERTS'] || null);
  return judged(found.value, url.hostname, trusted, context.now());
}

/** @param trusted a file of further authorities in play @param now ms since 1970 */
export function judged(
  { subject, issuer, validTo, refused }: ShownCertificate,
  host: string,
  trusted: string | null,
  now: number,
): Check {
  const whose = `${subject} by ${issuer}`;
  const list = trusted === null ? '' : `, with ${trusted}`;
  if (refused !== null) {
    const [why, hint] = REFUSALS[refused] ?? [refused, UNKNOWN_AUTHORITY];
    const message = `the certificate of ${host} (${whose}) is not accepted: ${why}${list}`;
    return problem(NAME, message, hint, 'UNAVAILABLE');
  }
  const days = Math.floor((validTo - now) / DAY_MS);
  const message = `certificate of ${whose}, ${counted(days, 'day', 'days')} left${list}`;
  return days < SOON_DAYS
    ? warning(NAME, message, 'Tell the operators of the server: when it runs out, nothing can be loaded.')
    : ok(NAME, message);
}

const UNKNOWN_AUTHORITY =
  'If a private authority signed it, name its certificate: ebill profile set NAME --ca-file FILE, or NODE_EXTRA_CA_CERTS. Verification is never turned off.';
const unknown = ['its authority is not known', UNKNOWN_AUTHORITY] as const;

/** Codes of OpenSSL and Node that have a remedy of their own. */
const REFUSALS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  CERT_HAS_EXPIRED: ['it has run out', "Tell the operators of the server, if this machine's clock is right."],
  CERT_NOT_YET_VALID: [
    'it is not good yet',
    "Set this machine's clock; if it is right, tell the operators of the server.",
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'it is for another name',
    'Check the host of the base URL; if it is right, tell the operators of the server.',
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['it is signed by itself', UNKNOWN_AUTHORITY],
  SELF_SIGNED_CERT_IN_CHAIN: unknown,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknown,
  UNABLE_TO_GET_ISSUER_CERT: unknown,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknown,
};
