import { type Call, type Client, callsAt } from '../../api/client.ts';
import { type Connection, endpointOf } from '../../api/connection.ts';
import { TransportError } from '../../api/net/transport-error.ts';
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

/** What the checks ask of the server, as data; what `authorisation` asks only where it is called. */
export function questions({ baseUrl, query }: Connection, authorised: boolean): readonly Call[] {
  const url = endpointOf(baseUrl);
  const bare: Call = { method: 'GET', url, body: null };
  return authorised ? [bare, callsAt(url, query).status({ jobId: NOBODY })] : [bare];
}

/** A question that changes nothing, with our credentials. */
export async function authorisation(client: Client): Promise<Check> {
  const name = 'Authorisation';
  try {
    const found = await client.status({ jobId: NOBODY }, 0);
    if (found === null && (await isWebPage(client)))
      return problem(
        name,
        'a web page answers where the API should be, so nothing is known of the credentials',
        'Check the host and path of the base URL (ebill profile show).',
        'REJECTED',
      );
    return ok(name, 'the server takes these credentials');
  } catch (error) {
    if (error instanceof TransportError)
      return problem(name, `${error.message}.`, 'Run it again.', 'UNAVAILABLE');
    if (!(error instanceof EbillError)) throw error;
    return problem(name, error.message, error.hint, error.code);
  }
}

/** "Not found" is what an API says of a batch, and what any other web server says of a path it does not have. */
async function isWebPage(client: Client): Promise<boolean> {
  const { contentType } = await client.raw(client.calls.status({ jobId: NOBODY }));
  return /^text\/html\b/i.test(contentType);
}
