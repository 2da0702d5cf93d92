import type { Client } from '../../api/client.ts';
import type { Connection } from '../../api/connection.ts';
import { EbillError } from '../../errors.ts';
import { type Check, ok, problem } from './check.ts';

/** The load of this name cannot exist: asking for it changes nothing, and is answered only to those who may ask. */
const NOBODY = 'EBILL_DOCTOR_ASKS';

export function setUp({ profile, baseUrl, auth, proxy, production }: Connection): Check {
  const parts = [
    profile === null ? 'no profile' : `profile ${profile}`,
    baseUrl,
    auth.type === 'header' ? `header ${auth.name}` : auth.type,
    ...(proxy === null ? [] : [`proxy ${new URL(proxy).host}`]),
    ...(production ? ['production'] : []),
  ];
  return ok('Set-up', parts.join(', '));
}

export const noSetUp = ({ message, hint, code }: EbillError): Check => problem('Set-up', message, hint, code);

/** A question that changes nothing, with our credentials. */
export async function authorisation(client: Client): Promise<Check> {
  const name = 'Authorisation';
  try {
    await client.status({ jobId: NOBODY }, 0);
    return ok(name, 'the server takes these credentials');
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    return problem(name, error.message, error.hint, error.code);
  }
}
