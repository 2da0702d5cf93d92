import { isIP } from 'node:net';
import type { Client } from '../../api/client.ts';
import { type Connection, endpointOf } from '../../api/connection.ts';
import { isPage, pageText } from '../../api/error-message.ts';
import { addressKind, bareHost } from '../../api/net/addresses.ts';
import { displayProxy, type ProxyChoice } from '../../api/net/proxy.ts';
import { fetchCertificate, type ServerCertificate } from '../../api/net/server-certificate.ts';
import { describeTlsError, UNKNOWN_AUTHORITY_HINT } from '../../api/net/tls-errors.ts';
import type { Transport } from '../../api/net/transport.ts';
import { TransportError, transportError } from '../../api/net/transport-error.ts';
import { type Call, callsAt, withQuery } from '../../api/request.ts';
import { PAGE_MEANS, type Reply, statusAttempt } from '../../api/result.ts';
import { isRetryable } from '../../api/retry.ts';
import { parseXml } from '../../api/xml.ts';
import { EbillError, errnoOf } from '../../errors.ts';
import { counted, wholeSeconds } from '../../output/format.ts';
import type { Context } from '../../system/context.ts';
import { attempt, type Check, daysLeft, ok, problem, skipped, warning } from './check.ts';

/** Clock differences, ms, at which presigned URLs fail on some servers, and on most. */
const WARN_SKEW_MS = 60_000;
const MAX_SKEW_MS = 300_000;

export async function nameLookUp(
  context: Context,
  hostname: string,
  proxy: ProxyChoice | null,
  limitMs: number,
): Promise<Check> {
  const name = 'Name';
  const host = bareHost(hostname);
  if (proxy !== null)
    return skipped(name, `${host} is resolved by the proxy ${displayProxy(proxy.url)} (${proxy.source})`);
  if (isIP(host) !== 0) return ok(name, `${host} is an IP address`);
  const found = await attempt(context, limitMs, () => addressOf(context, host));
  if ('value' in found) return ok(name, `${host} resolves to ${found.value}${addressKindText(found.value)}`);
  return problem(
    name,
    `${host} cannot be resolved (${errnoOf(found.error) ?? found.failed})`,
    'Check the base URL (ebill profile show), the network and the VPN; behind a proxy, set HTTPS_PROXY.',
    'UNAVAILABLE',
  );
}

/** The kind of address shows a wrong answer of an internal name server. */
function addressKindText(address: string): string {
  const kind = addressKind(address);
  return kind === null || kind === 'public' ? '' : `, a${kind === 'unspecified' ? 'n' : ''} ${kind} address`;
}

function addressOf(context: Context, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    context.lookup(host, {}, (error, found) => {
      if (error !== null) reject(error);
      else resolve(typeof found === 'string' ? found : (found[0]?.address ?? ''));
    });
  });
}

/** Calls the server without credentials; any answer counts, and its date is compared with the clock. */
export async function answerAndClock(
  context: Context,
  transport: Transport,
  connection: Connection,
  limitMs: number,
): Promise<readonly [connection: Check, clock: Check]> {
  const url = endpointOf(connection.baseUrl);
  const began = context.now();
  const answer = await attempt(context, limitMs, async (signal) => {
    const { headers, body } = await transport.send({ method: 'GET', url, headers: {}, signal });
    await body.dump();
    return headers;
  });
  const ms = context.now() - began;
  if ('value' in answer) {
    return [
      ok('Connection', `${new URL(url).host} answered in ${Math.round(ms)} ms`),
      clock(answer.value['date'], began + ms / 2),
    ];
  }
  const known = answer.error instanceof TransportError ? answer.error.hint : null;
  const hint = known ?? 'Check the base URL, the network, the proxy and the firewall.';
  return [
    problem('Connection', answer.failed, hint, 'UNAVAILABLE'),
    skipped('Clock', 'the server did not answer'),
  ];
}

function clock(date: string | undefined, now: number): Check {
  const name = 'Clock';
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return skipped(name, 'the server sent no date');
  // The header has whole seconds.
  const skew = Math.max(0, Math.abs(now - theirs - 500) - 500);
  const message = `${wholeSeconds(skew)} off from the server's clock`;
  const hint = 'Set the clock (NTP): presigned URLs expire, and both sides must agree on the time.';
  if (skew >= MAX_SKEW_MS) return problem(name, message, hint, 'UNAVAILABLE');
  return skew >= WARN_SKEW_MS
    ? warning(name, message, hint)
    : ok(name, skew < 2000 ? "agrees with the server's clock" : message);
}

const TLS = 'TLS';

/**
 * The server's certificate: subject, issuer and days left.
 * @param limitMs ms for the handshake
 * @throws EbillError USAGE when a certificate file of the profile cannot be used
 */
export async function certificate(
  context: Context,
  connection: Connection,
  url: URL,
  proxy: ProxyChoice | null,
  limitMs: number,
): Promise<Check> {
  const found = await attempt(context, limitMs, (signal) =>
    fetchCertificate(connection, context, url, proxy, signal),
  );
  if ('failed' in found) {
    const via = proxy === null ? '' : ' through the proxy';
    const check = `Check the base URL, the port${proxy === null ? '' : ', the proxy'} and the firewall.`;
    if (found.timedOut)
      return problem(TLS, `no handshake with ${url.host}${via}: ${found.failed}`, check, 'UNAVAILABLE');
    const { message, hint } = transportError(found.error, url.origin, false, proxy);
    return problem(TLS, message, hint ?? check, 'UNAVAILABLE');
  }
  const trusted = [connection.caFile, context.env['NODE_EXTRA_CA_CERTS'] || null].filter(
    (one) => one !== null,
  );
  const check = certificateCheck(found.value, url.hostname, trusted.join(' and ') || null, context.now());
  return context.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0' ? warnIgnored(check) : check;
}

/** NODE_TLS_REJECT_UNAUTHORIZED has no effect here, but it has in other programs. */
function warnIgnored(check: Check): Check {
  if (check.state !== 'ok') return check;
  const message = `${check.message}; NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored`;
  return warning(TLS, message, 'Unset it: other programs accept any certificate because of it.');
}

/** @param trusted the files of additional authorities @param now ms since 1970 */
export function certificateCheck(
  { subject, issuer, validTo, errorCode }: ServerCertificate,
  host: string,
  trusted: string | null,
  now: number,
): Check {
  const who = `${subject} by ${issuer}`;
  const list = trusted === null ? '' : `, with ${trusted}`;
  if (errorCode !== null) {
    const { reason, hint } = describeTlsError(errorCode) ?? {
      reason: errorCode,
      hint: UNKNOWN_AUTHORITY_HINT,
    };
    const it = reason.replace(/^its certificate /, 'it ');
    const message = `the certificate of ${host} (${who}) is not accepted: ${it}${list}`;
    return problem(TLS, message, hint, 'UNAVAILABLE');
  }
  const { days, soon } = daysLeft(validTo, now);
  const message = `certificate of ${who}, ${counted(days, 'day', 'days')} left${list}`;
  return soon
    ? warning(TLS, message, 'Tell the operators of the server: once it has expired, nothing can be loaded.')
    : ok(TLS, message);
}

/** No batch has this job id. Asking for it changes nothing and needs valid credentials. */
const UNKNOWN_JOB_ID = 'EBILL_DOCTOR_ASKS';

/** @param secret where the password or token comes from */
export function setUpCheck(
  { profile, baseUrl, auth, proxy, production }: Connection,
  secret: string | null,
): Check {
  const parts = [
    profile === null ? 'no profile' : `profile ${profile}`,
    baseUrl,
    auth.type === 'header' ? `header ${auth.name}` : auth.type,
    ...(secret === null ? [] : [secret]),
    ...(proxy === null ? [] : [`proxy ${new URL(proxy).host}`]),
    ...(production ? ['production'] : []),
  ];
  return ok('Set-up', parts.join(', '));
}

export const noSetUp = ({ message, hint, code }: EbillError): Check => problem('Set-up', message, hint, code);

/** The calls of the checks, for `--dry-run`. */
export function plannedCalls({ baseUrl, query }: Connection, authorised: boolean): readonly Call[] {
  const url = endpointOf(baseUrl);
  const bare: Call = { method: 'GET', url, body: null };
  return authorised ? [bare, callsAt(url, query).status({ jobId: UNKNOWN_JOB_ID })] : [bare];
}

/** Makes a call that changes nothing, with the credentials. A page instead of an answer is named by its title (api rule 8). */
export async function authorisation(client: Client): Promise<Check> {
  const name = 'Authorisation';
  try {
    // Both the API and any other web server answer 404 for an unknown job id; only the latter with a page.
    const call = client.calls.status({ jobId: UNKNOWN_JOB_ID });
    const reply = await client.raw(call);
    if (isPage(reply.body) && reply.status !== 401 && reply.status !== 403)
      return instead(name, pageText(reply.safe), await client.raw(inXml(call)));
    const asked = { id: null, jobId: UNKNOWN_JOB_ID };
    const attempt = statusAttempt(
      reply,
      'Getting the status',
      asked,
      () => true,
      () => 1,
    );
    if ('retry' in attempt && isRetryable(reply.status))
      return problem(
        name,
        `the server answered ${attempt.message}`,
        'Run ebill doctor again later, or show this to the operator of the eBill server.',
        'UNAVAILABLE',
      );
    const found = ('done' in attempt ? attempt.done : attempt.retry)();
    if (found === null && !isXml(reply.body))
      return warning(
        name,
        `the server answered HTTP ${reply.status} without XML: nothing shows that the API is there`,
        'Check the host and path of the base URL: ebill profile show',
      );
    return ok(name, 'the server accepts these credentials');
  } catch (error) {
    if (error instanceof TransportError)
      return problem(name, `${error.message}.`, 'Run ebill doctor again.', 'UNAVAILABLE');
    if (!(error instanceof EbillError)) throw error;
    return problem(name, error.message, error.hint, error.code);
  }
}

/** The vendor's other calls answer in XML only when they are asked to (api rule 13). */
const inXml = (call: Call): Call => ({ ...call, url: withQuery(call.url, { format: 'xml' }) });

function isXml(body: string): boolean {
  try {
    return parseXml(body).name !== 'html';
  } catch {
    return false;
  }
}

function instead(name: string, page: string, asked: Reply): Check {
  return isXml(asked.body)
    ? problem(
        name,
        `${page}; with the query parameter format=xml the server answers in XML`,
        'Add it to the profile: ebill profile set NAME --query format=xml',
        'UNAVAILABLE',
      )
    : problem(
        name,
        `${page} came instead of an answer of the API, with format=xml too, so the credentials could not be checked`,
        PAGE_MEANS,
        'UNAVAILABLE',
      );
}
