import { lookup } from 'node:dns/promises';
import { connect } from 'node:tls';
import type { Connection } from '../../api/connection.ts';
import { endpointOf } from '../../api/endpoint.ts';
import { type Transport, TransportError, tlsOptions } from '../../api/transport.ts';
import type { Context } from '../../context.ts';
import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import { wholeSeconds } from '../../output/human.ts';
import { type Check, ok, problem, skipped, warning } from './check.ts';

/** Days a certificate should still be good for. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;
/** Seconds apart at which presigned URLs begin to fail on some servers, and on all. */
const APART_MS = 60_000;
const FAR_APART_MS = 300_000;

/**
 * Does the environment send this URL through a proxy? By the rules of the transport's own agent: without HTTPS_PROXY,
 * HTTP_PROXY serves https too; an entry of NO_PROXY may name a port.
 */
export function goesByProxy({ protocol, hostname, port }: URL, env: Context['env']): boolean {
  const of = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  const secure = protocol === 'https:';
  if (((secure && of('HTTPS_PROXY')) || of('HTTP_PROXY')) === '') return false;
  const at = port || (secure ? '443' : '80');
  const spared = of('NO_PROXY').trim();
  if (spared === '*') return false;
  return !spared
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .some((one) => {
      const [, host = one, only = at] = /^(.+):(\d+)$/.exec(one) ?? [];
      const bare = host.replace(/^\*?\./, '');
      return only === at && (hostname === bare || hostname.endsWith(`.${bare}`));
    });
}

export async function nameLookUp(host: string, proxied: boolean): Promise<Check> {
  const name = 'Name';
  if (proxied) return skipped(name, `${host} is looked up by the proxy`);
  try {
    const { address } = await lookup(host.replace(/^\[|\]$/g, ''));
    return ok(name, `${host} is ${address}`);
  } catch (error) {
    return problem(
      name,
      `${host} is not found (${errnoOf(error) ?? messageOf(error)})`,
      'Check the base URL (ebill profile show), the network and the VPN; behind a proxy, set HTTPS_PROXY.',
      'UNAVAILABLE',
    );
  }
}

/** The server's certificate, whoever vouches for it. @param limitMs for the handshake */
export async function certificate(
  context: Context,
  connection: Connection,
  url: URL,
  limitMs: number,
): Promise<Check> {
  const name = 'TLS';
  const found = await handshake(connection, url, limitMs).catch((error: unknown) => messageOf(error));
  if (typeof found === 'string')
    return problem(
      name,
      `no handshake with ${url.host}: ${found}`,
      'Check the base URL, the port and the firewall.',
      'UNAVAILABLE',
    );
  const own = connection.caFile === null ? '' : `, with ${connection.caFile}`;
  if (found.refused !== null) {
    return problem(
      name,
      `the certificate of ${url.host} is not accepted: ${found.refused}`,
      'If a private authority signed it, name its certificate: ebill profile set NAME --ca-file FILE, or NODE_EXTRA_CA_CERTS. Verification is never turned off.',
      'UNAVAILABLE',
    );
  }
  const days = Math.floor((Date.parse(found.validTo) - context.now()) / DAY_MS);
  const message = `certificate of ${found.subject} by ${found.issuer}, ${days} days left${own}`;
  return days < SOON_DAYS
    ? warning(name, message, 'Tell the operators of the server: when it runs out, nothing can be loaded.')
    : ok(name, message);
}

interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validTo: string;
  /** Why it is not accepted; `null` when it is. */
  readonly refused: string | null;
}

async function handshake(connection: Connection, url: URL, limitMs: number): Promise<Certificate> {
  const options = await tlsOptions(connection);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect(
      { ...options, host, port: Number(url.port || 443), servername: host, rejectUnauthorized: false },
      () => {
        const { subject, issuer, valid_to } = socket.getPeerCertificate();
        const text = (value: string | string[] | undefined): string => [value ?? '?'].flat().join(', ');
        resolve({
          subject: text(subject?.CN),
          issuer: text(issuer?.O ?? issuer?.CN),
          validTo: valid_to,
          refused: socket.authorized ? null : String(socket.authorizationError),
        });
        socket.end();
      },
    );
    socket.setTimeout(limitMs, () => socket.destroy(new Error(`no answer within ${wholeSeconds(limitMs)}`)));
    socket.on('error', reject);
  });
}

/** Is the server there, and does its clock agree with ours? Asked without credentials: any answer will do. */
export async function answerAndClock(
  context: Context,
  transport: Transport,
  connection: Connection,
): Promise<readonly Check[]> {
  const url = endpointOf(connection.baseUrl);
  try {
    const began = context.now();
    const answer = await transport.send({ method: 'GET', url, headers: {}, signal: context.signal });
    await answer.body.dump();
    const ms = context.now() - began;
    return [
      ok('Connection', `${new URL(url).host} answers in ${Math.round(ms)} ms`),
      clock(answer.headers['date'], began + ms / 2),
    ];
  } catch (error) {
    if (!(error instanceof TransportError) && !(error instanceof EbillError)) throw error;
    return [
      problem(
        'Connection',
        error.message,
        error instanceof EbillError
          ? error.hint
          : 'Check the base URL, the network, the proxy and the firewall.',
        'UNAVAILABLE',
      ),
      skipped('Clock', 'the server did not answer'),
    ];
  }
}

function clock(date: string | undefined, now: number): Check {
  const name = 'Clock';
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return skipped(name, 'the server does not tell its time');
  // Its header is cut to whole seconds.
  const apart = Math.max(0, Math.abs(now - theirs - 500) - 500);
  const message = `${wholeSeconds(apart)} apart from the server's`;
  const hint =
    'Set the clock (NTP): presigned URLs are only good for a while, counted by the clocks of both sides.';
  if (apart >= FAR_APART_MS) return problem(name, message, hint, 'UNAVAILABLE');
  return apart >= APART_MS
    ? warning(name, message, hint)
    : ok(name, apart < 2000 ? "agrees with the server's" : message);
}
