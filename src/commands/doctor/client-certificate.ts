import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Connection } from '../../api/connection.ts';
import { counted } from '../../output/format.ts';
import { visible } from '../../system/escaping.ts';
import { type Check, ok, problem, warning } from './check.ts';

const NAME = 'Client certificate';
/** Days a certificate should still be good for: a load may take as many. */
export const SOON_DAYS = 14;
export const DAY_MS = 86_400_000;
const NEWER = 'Get a newer one, then: ebill profile set NAME --client-cert FILE --client-key FILE';

/**
 * Whose the profile's own certificate is, and how long it is good; `null` where there is none, or none that can be read:
 * then the connection says so.
 * @param now ms since 1970
 */
export async function clientCertificate({ clientCert }: Connection, now: number): Promise<Check | null> {
  if (clientCert === null) return null;
  const shown = await readFile(clientCert)
    .then((pem) => new X509Certificate(pem))
    .catch(() => null);
  return shown === null ? null : judgedOwn(shown, now);
}

function judgedOwn({ subject, validFrom, validTo }: X509Certificate, now: number): Check {
  const whose = visible(subject.replaceAll('\n', ', '));
  if (Date.parse(validFrom) > now)
    return problem(NAME, `${whose}: not good before ${validFrom}`, "Set this machine's clock.", 'USAGE');
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MS);
  if (days < 0) return problem(NAME, `${whose}: ran out on ${validTo}`, NEWER, 'USAGE');
  const message = `${whose}, ${counted(days, 'day', 'days')} left`;
  return days < SOON_DAYS ? warning(NAME, message, NEWER) : ok(NAME, message);
}
