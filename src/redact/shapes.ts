export const HIDDEN = '***';

/** A quote, as it is, behind backslashes (JSON within JSON), or as HTML writes it. */
const QUOTE = String.raw`(?:\\{0,3}["']|&quot;|&apos;|&#0{0,3}3[49];|&#x2[27];)`;
/** What a presigned URL verifies by, or names a key by: S3's of today and of old, CloudFront's, Google's, Azure's. */
const SIGNED = 'X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)';
/** Names under which bodies of answers and forms carry secrets. */
const NAMES =
  'pass(?:word|wd|phrase)|pwd|secret|token|(?:access|refresh|id|auth|bearer|session|security|csrf)[_-]?token|' +
  '(?:client|shared|app|api)[_-]?secret|(?:x-)?api[_-]?key|(?:access|private|secret|secret[_-]?access)[_-]?key|' +
  'AWSAccessKeyId|SignatureProvided|credentials?|session[_-]?id|(?:set-)?cookie|x-auth-token';

/** One of these is in each of them. */
const NAME_MARKS = ['pass', 'pwd', 'secret', 'token', 'key', 'signature', 'credential', 'session', 'cookie'];

const PRESIGNED = [
  new RegExp(String.raw`\b(${SIGNED}|AWSAccessKeyId|Key-Pair-Id)(=|%3D)(?:(?!%26|%22)[^&\s"'<>\\])+`, 'gi'),
  // Words of prose begin with a capital, too; parameters of a URL follow its "?" or "&".
  /\b(Signature|(?<=[?&;])(?:sig|Policy))(=)[^&\s"'<>\\]+/g,
];
const HEADER = new RegExp(
  String.raw`\b((?:proxy-)?authorization${QUOTE}?\s{0,9}[:=,>]\s{0,9}\[?\s{0,9}${QUOTE}?)` +
    // With a scheme we know, what follows it; else all that may be scheme and value.
    String.raw`(?:((?:basic|bearer|negotiate|token|digest|ntlm)\s{1,9})[^\s"',;<>\\]+|(?!\*\*\*)[^\s"',;<>\\]+(?:[ \t]{1,9}[^\s"',;<>\\]+)?)`,
  'gi',
);
/** A word of our language after a scheme is no credential: "basic authorisation". */
const SCHEME = /\b(basic|bearer|negotiate)\s+(?!auth|credential|scheme)[A-Za-z0-9+/._~-]{8,}={0,2}/gi;
const USERINFO = /(:\/\/)[^/\s:@"'<>]*(?::[^/\s@"'<>]*)?@/g;
const KEY = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g;
/** A signed token of three parts (RFC 7519). */
const TOKEN = /\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/g;
/** The key ids of AWS. */
const KEY_ID = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g;

const ELEMENT = new RegExp(
  String.raw`((?:<|&lt;)(?:[\w.-]{1,40}:)?(?:${NAMES})(?:\s[^<>]{0,200})?(?:>|&gt;))[^<&]+`,
  'gi',
);
const FIELD = new RegExp(
  String.raw`(${QUOTE}(?:${NAMES})${QUOTE}\s{0,9}:\s{0,9}${QUOTE})(?:(?!${QUOTE})[^\n])+`,
  'gi',
);
const PARAMETER = new RegExp(
  String.raw`((?:^|[?&;\s"'])(?:${NAMES})(?:=|%3D))(?:(?!%26)[^&\s"'<>\\])+`,
  'gi',
);
const LINE =
  /(^|[\r\n"'\s,])((?:x-)?api-key|x-auth-token|x-amz-security-token|(?:set-)?cookie)(\s{0,9}:\s{0,9})[^\r\n"']+/gi;

/** A signature in prose: "the signature 0123… does not match". */
const NAMED = /\b(signature\W{1,4})[0-9a-f]{32,}/gi;

/**
 * A shape, what takes its place, and its marks: a text that has none of them, in small letters, cannot have the shape. So most
 * texts compile few of these expressions, which all together cost a usage error a tenth of its time.
 */
interface Rule {
  readonly shape: RegExp;
  readonly by: string;
  readonly marks: readonly string[];
}

const URL_RULES: readonly Rule[] = [
  ...PRESIGNED.map((shape) => ({ shape, by: `$1$2${HIDDEN}`, marks: ['=', '%3d'] })),
  { shape: KEY_ID, by: HIDDEN, marks: ['akia', 'asia'] },
];
const STRICT_RULES: readonly Rule[] = [
  { shape: HEADER, by: `$1$2${HIDDEN}`, marks: ['authorization'] },
  { shape: SCHEME, by: `$1 ${HIDDEN}`, marks: ['basic', 'bearer', 'negotiate'] },
  { shape: USERINFO, by: `$1${HIDDEN}@`, marks: ['://'] },
  { shape: KEY, by: HIDDEN, marks: ['-----begin'] },
  { shape: TOKEN, by: HIDDEN, marks: ['eyj'] },
];
const NAMED_RULES: readonly Rule[] = [
  ...[ELEMENT, FIELD, PARAMETER].map((shape) => ({ shape, by: `$1${HIDDEN}`, marks: NAME_MARKS })),
  { shape: LINE, by: `$1$2$3${HIDDEN}`, marks: ['key', 'token', 'cookie'] },
  { shape: NAMED, by: `$1${HIDDEN}`, marks: ['signature'] },
];

function hidden(text: string, rules: readonly Rule[]): string {
  const small = text.toLowerCase();
  return rules.reduce(
    (rest, { shape, by, marks }) =>
      marks.some((mark) => small.includes(mark)) ? rest.replace(shape, by) : rest,
    text,
  );
}

/**
 * Hides what is a secret by its shape alone, whoever's it is, wherever it stands: headers of authorisation, userinfo and
 * signatures in URLs, private keys, tokens. None of it is ever a part of what the program itself says.
 * @param urls also what makes a presigned URL one (`--show-urls` leaves that)
 */
export function hideStrictShapes(text: string, urls = true): string {
  return hidden(text, urls ? [...URL_RULES, ...STRICT_RULES] : STRICT_RULES);
}

/** All rules by shape: also fields of XML, JSON and forms, and headers, by names that carry secrets. For text of others. */
export function redactShapes(text: string): string {
  return hidden(hideStrictShapes(text), NAMED_RULES);
}
