import type { LookupFunction } from 'node:net';
import { EbillError } from '../../errors.ts';
import { visible } from '../../system/escaping.ts';
import type { Connection } from '../connection.ts';
import { forbiddenPlace, isApiHost } from '../transfer-url.ts';
import { addressKind } from './addresses.ts';

/**
 * Name look-ups that hold a name to what its URL is held to (`transfer-url.ts`). The addresses judged are those the
 * connection is made to: between the two nothing is looked up again, so a name cannot mean one place when it is checked
 * and another when it is used.
 * @returns a look-up for connections over plain http (`plain`) or TLS; it fails with EbillError REJECTED
 */
export function guardedLookup(
  lookup: LookupFunction,
  { baseUrl, allowInsecure }: Pick<Connection, 'baseUrl' | 'allowInsecure'>,
): (plain: boolean) => LookupFunction {
  const ofApi = new Set<string>();
  return (plain) => (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) {
        callback(error, found, family);
        return;
      }
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      if (isApiHost(hostname, baseUrl)) for (const address of addresses) ofApi.add(address);
      const why = firstReason(addresses, plain && !allowInsecure, ofApi);
      callback(why === null ? null : refusedName(hostname, why), found, family);
    });
  };
}

/** @param onlyHere plain http is for this machine: the URL's name said so, the look-up has to say so too */
function firstReason(
  addresses: readonly string[],
  onlyHere: boolean,
  ofApi: ReadonlySet<string>,
): string | null {
  for (const address of addresses) {
    if (onlyHere && addressKind(address) !== 'loopback') return `${address}, which is not this machine`;
    const why = forbiddenPlace(address);
    // One bad address among good ones is enough: which of them is tried first is not ours to say.
    if (why !== null && !ofApi.has(address)) return `${address}: ${why}`;
  }
  return null;
}

function refusedName(hostname: string, why: string): EbillError {
  return new EbillError('REJECTED', `The name ${visible(hostname)} is looked up to ${visible(why)}.`, {
    hint: 'Nothing was sent there. Check the name and the name server, or show this to whoever runs the eBill server.',
  });
}
