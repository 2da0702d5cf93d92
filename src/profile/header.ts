import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/u;
// RFC 9110, 5.5, less the tab and the C1 controls.
const VALUE = /^[\u0020-\u007e\u00a0-\u00ff]*$/u;

// Credentials have their own place, and framing is the client's: a wrong one would break or smuggle requests.
const RESERVED = new Set([
  'authorization',
  'proxy-authorization',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
]);

/**
 * The name of a header a profile may add (RFC 9110, 5.6.2).
 *
 * @throws EbillError `USAGE` when it is no header name, or one that is not a profile's to set
 */
export function checkHeaderName(name: string, source: string): string {
  if (!TOKEN.test(name)) {
    throw new EbillError('USAGE', `${source}: "${visible(name.slice(0, 80))}" is no header name.`, {
      hint: 'A header name is letters, digits and dashes, like X-Tenant.',
    });
  }
  if (RESERVED.has(name.toLowerCase())) {
    throw new EbillError('USAGE', `${source}: the header ${name} is not for a profile to set.`, {
      hint: 'For credentials use --auth; host, length and connection headers are set by the program.',
    });
  }
  return name;
}

/** Can one header carry this text as its value? */
export function isHeaderText(text: string): boolean {
  return VALUE.test(text);
}

/**
 * The value of such a header, on one line and without spaces around it. The message does not show it: it may be a key.
 *
 * @throws EbillError `USAGE`
 */
export function checkHeaderValue(name: string, value: string, source: string): string {
  const trimmed = value.trim();
  if (isHeaderText(trimmed)) return trimmed;
  throw new EbillError(
    'USAGE',
    `${source}: the value of ${name} holds a line break or another character no header can carry.`,
    {
      hint: 'Give it on one line, in Latin-1.',
    },
  );
}
