import { isIP } from 'node:net';
import { type Connection, endpointOf } from '../../api/connection.ts';
import { addressKind, bareHost } from '../../api/net/addresses.ts';
import { displayProxy, type ProxyChoice } from '../../api/net/proxy.ts';
import type { Transport } from '../../api/net/transport.ts';
import { TransportError } from '../../api/net/transport-error.ts';
import { errnoOf } from '../../errors.ts';
import { wholeSeconds } from '../../output/format.ts';
import type { Context } from '../../system/context.ts';
import { type Check, ok, problem, skipped, warning } from './check.ts';
import { within } from './limit.ts';

/** Seconds apart at which presigned URLs begin to fail on some servers, and on all. */
const APART_MS = 60_000;
const FAR_APART_MS = 300_000;

/** @param limitMs for the answer */
export async function nameLookUp(
  context: Context,
  hostname: string,
  proxy: ProxyChoice | null,
  limitMs: number,
): Promise<Check> {
  const name = 'Name';
  const host = bareHost(hostname);
  if (proxy !== null)
    return skipped(name, `${host} is looked up by the proxy ${displayProxy(proxy.url)} (${proxy.source})`);
  if (isIP(host) !== 0) return ok(name, `${host} is an address`);
  const found = await within(context, limitMs, () => addressOfName(context, host));
  if ('value' in found) return ok(name, `${host} is ${found.value}${kindWords(found.value)}`);
  return problem(
    name,
    `${host} is not found (${errnoOf(found.error) ?? found.failed})`,
    'Check the base URL (ebill profile show), the network and the VPN; behind a proxy, set HTTPS_PROXY.',
    'UNAVAILABLE',
  );
}

/** Within an organisation's network a wrong answer of the name server is the usual trouble: say what kind it is. */
function kindWords(address: string): string {
  const kind = addressKind(address);
  return kind === null || kind === 'public' ? '' : `, a${kind === 'unspecified' ? 'n' : ''} ${kind} address`;
}

function addressOfName(context: Context, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    context.lookup(host, {}, (error, found) => {
      if (error !== null) reject(error);
      else resolve(typeof found === 'string' ? found : (found[0]?.address ?? ''));
    });
  });
}

/** Is the server there, and does its clock agree with ours? Asked without credentials: any answer will do. */
export async function answerAndClock(
  context: Context,
  transport: Transport,
  connection: Connection,
  limitMs: number,
): Promise<readonly [connection: Check, clock: Check]> {
  const url = endpointOf(connection.baseUrl);
  const began = context.now();
  const answer = await within(context, limitMs, async (signal) => {
    const { headers, body } = await transport.send({ method: 'GET', url, headers: {}, signal });
    await body.dump();
    return headers;
  });
  const ms = context.now() - began;
  if ('value' in answer) {
    return [
      ok('Connection', `${new URL(url).host} answers in ${Math.round(ms)} ms`),
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
