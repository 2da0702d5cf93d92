/** Values known to be secret in this process; anything equal to one is hidden wherever it would be shown. */
export class Redactor {
  readonly #known = new Set<string>();
  #pattern: RegExp | null = null;

  /** Remember a secret (a password, a token). Very short ones are left to the shape rules, else every text would be holes. */
  add(secret: string): void {
    if (secret.length < 4) return;
    for (const form of formsOf(secret)) this.#known.add(form);
    // The longest first: of a secret within a secret, nothing of the outer one may be left.
    const longestFirst = [...this.#known].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(longestFirst.map(literally).join('|'), 'g');
  }

  /** The text with known secrets, authorisation values, userinfo and presigned query values hidden (cli.md, promise 4). */
  clean(text: string): string {
    return redactShapes(this.#pattern === null ? text : text.replace(this.#pattern, HIDDEN));
  }
}

/** A secret as it may be written: plain, in a URL, in a form, in JSON, in XML. */
function formsOf(secret: string): string[] {
  // Half a surrogate pair cannot travel in a URL.
  const whole = secret.replace(/\p{Cs}/gu, '\ufffd');
  const xml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    secret,
    encodeURIComponent(whole),
    new URLSearchParams([['', whole]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    xml,
    xml.replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
  ];
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

const HIDDEN = '***';

/** Hides what looks like a secret whoever's it is: the rules by shape. */
export function redactShapes(text: string): string {
  return (
    text
      // A presigned URL verifies by these; without them it is only an address.
      .replace(/\b(X-Amz-(?:Signature|Credential|Security-Token))=[^&\s"'<>]+/gi, `$1=${HIDDEN}`)
      .replace(/\b(AWSAccessKeyId|Signature)=[^&\s"'<>]+/g, `$1=${HIDDEN}`)
      // With a scheme we know, what follows it; else all that may be scheme and value.
      .replace(
        /\b((?:proxy-)?authorization["']?\s{0,9}[:=]\s{0,9}["']?)(?:((?:basic|bearer|negotiate|token)\s{1,9})[^\s"',;<>]+|(?!\*\*\*)[^\s"',;<>]+(?:[ \t]{1,9}[^\s"',;<>]+)?)/gi,
        (_all, name: string, scheme = '') => `${name}${scheme}${HIDDEN}`,
      )
      .replace(/\b(basic|bearer)\s+[A-Za-z0-9+/._~-]{8,}=*/gi, `$1 ${HIDDEN}`)
      .replace(/(:\/\/)[^/\s:@"'<>]*(?::[^/\s@"'<>]*)?@/g, `$1${HIDDEN}@`)
  );
}

/** A URL without its query and userinfo: safe to keep and to show, and enough to know the object again. */
export function addressOf(url: string): string {
  return redactShapes(url.split(/[?#]/, 1)[0] ?? '');
}
