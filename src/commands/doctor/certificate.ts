import type { Connection } from '../../api/connection.ts';
import type { ProxyChoice } from '../../api/net/proxy.ts';
import { fetchCertificate, type ServerCertificate } from '../../api/net/server-certificate.ts';
import { describeTlsError, UNKNOWN_AUTHORITY_HINT } from '../../api/net/tls-errors.ts';
import { transportError } from '../../api/net/transport-error.ts';
import { counted } from '../../output/format.ts';
import type { Context } from '../../system/context.ts';
import { type Check, ok, problem, warning } from './check.ts';
import { DAY_MS, SOON_DAYS } from './client-certificate.ts';
import { within } from './limit.ts';

const NAME = 'TLS';

/**
 * The server's certificate: whose, by whom, and how long it is good.
 * @param limitMs for the handshake
 * @throws EbillError USAGE when a certificate file of the profile is of no use
 */
export async function certificate(
  context: Context,
  connection: Connection,
  url: URL,
  proxy: ProxyChoice | null,
  limitMs: number,
): Promise<Check> {
  const found = await within(context, limitMs, (signal) =>
    fetchCertificate(connection, context, url, proxy, signal),
  );
  if ('failed' in found) {
    const by = proxy === null ? '' : ' through the proxy';
    const check = `Check the base URL, the port${proxy === null ? '' : ', the proxy'} and the firewall.`;
    if (found.late)
      return problem(NAME, `no handshake with ${url.host}${by}: ${found.failed}`, check, 'UNAVAILABLE');
    const { message, hint } = transportError(found.error, url.origin, false, proxy);
    return problem(NAME, message, hint ?? check, 'UNAVAILABLE');
  }
  const trusted = [connection.caFile, context.env['NODE_EXTRA_CA_CERTS'] || null].filter(
    (one) => one !== null,
  );
  const check = judged(found.value, url.hostname, trusted.join(' and ') || null, context.now());
  return context.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0' ? unobeyed(check) : check;
}

/** Whoever set it believes that nothing is verified, and elsewhere is right. */
function unobeyed(check: Check): Check {
  if (check.state !== 'ok') return check;
  const message = `${check.message}; NODE_TLS_REJECT_UNAUTHORIZED=0 is not obeyed`;
  return warning(NAME, message, 'Unset it: other programs obey it, and take any certificate.');
}

/** @param trusted files of further authorities in play @param now ms since 1970 */
export function judged(
  { subject, issuer, validTo, refused }: ServerCertificate,
  host: string,
  trusted: string | null,
  now: number,
): Check {
  const whose = `${subject} by ${issuer}`;
  const list = trusted === null ? '' : `, with ${trusted}`;
  if (refused !== null) {
    const { why, hint } = describeTlsError(refused) ?? { why: refused, hint: UNKNOWN_AUTHORITY_HINT };
    const it = why.replace(/^its certificate /, 'it ');
    const message = `the certificate of ${host} (${whose}) is not accepted: ${it}${list}`;
    return problem(NAME, message, hint, 'UNAVAILABLE');
  }
  const days = Math.floor((validTo - now) / DAY_MS);
  const message = `certificate of ${whose}, ${counted(days, 'day', 'days')} left${list}`;
  return days < SOON_DAYS
    ? warning(NAME, message, 'Tell the operators of the server: when it runs out, nothing can be loaded.')
    : ok(NAME, message);
}
