export const HIDDEN = '***';

/** A quote: plain, after backslashes (JSON within JSON), or as an HTML entity. */
const QUOTE = String.raw`(?:\\{0,3}["']|&quot;|&apos;|&#0{0,3}3[49];|&#x2[27];)`;
/** Parameters of presigned URLs. Older S3 signatures, CloudFront, Google and Azure follow in `PRESIGNED`. */
const SIGNED = 'X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)';
/** Names of XML elements, JSON fields and form fields that carry secrets. */
const NAMES =
  'pass(?:word|wd|phrase)|pwd|secret|token|(?:access|refresh|id|auth|bearer|session|security|csrf)[_-]?token|' +
  '(?:client|shared|app|api)[_-]?secret|(?:x-)?api[_-]?key|(?:access|private|secret|secret[_-]?access)[_-]?key|' +
  'AWSAccessKeyId|SignatureProvided|credentials?|session[_-]?id|(?:set-)?cookie|x-auth-token';

/** Each of `NAMES` contains one of these. */
const NAME_MARKS = ['pass', 'pwd', 'secret', 'token', 'key', 'signature', 'credential', 'session', 'cookie'];

/**
 * How a value is found, where what ends it is no single character. An expression for the whole would repeat a group, which
 * needs stack for each character: a response of 9 MB has more of them than there is stack.
 */
interface Value {
  readonly start: RegExp;
  readonly end: RegExp;
  /** What is between the value and a second one, which ends in the same way. */
  readonly second?: RegExp;
}

const PRESIGNED: Value = {
  start: new RegExp(String.raw`\b(?:${SIGNED}|AWSAccessKeyId|Key-Pair-Id)(?:=|%3D)`, 'gi'),
  end: /[&\s"'<>\\]|%26|%22/gi,
};
// These are words of prose too, so a parameter has to follow "?" or "&".
const PRESIGNED_WORD = /\b((?:Signature|(?<=[?&;])(?:sig|Policy))=)[^&\s"'<>\\]+/g;
const AUTHORIZATION = String.raw`\b(?:proxy-)?authorization${QUOTE}?\s{0,9}[:=,>]\s{0,9}\[?\s{0,9}${QUOTE}?`;
const SCHEMES = String.raw`(?:basic|bearer|negotiate|token|digest|ntlm)\s{1,9}`;
const HEADER: Value = { start: new RegExp(AUTHORIZATION + SCHEMES, 'gi'), end: /[\s"',;<>\\]/g };
/** What follows may be a scheme and a value. */
const OTHER_HEADER: Value = {
  start: new RegExp(String.raw`${AUTHORIZATION}(?!\*\*\*|${SCHEMES})`, 'gi'),
  end: /[\s"',;<>\\]/g,
  second: /[ \t]{1,9}(?=[^\s"',;<>\\])/y,
};
/** English after a scheme is no credential: "basic authorisation". */
const SCHEME =
  /\b(basic|bearer|negotiate)\s+(?!auth|credential|scheme)[A-Za-z0-9+/._~-]{8}[A-Za-z0-9+/._~-]*={0,2}/gi;
const USERINFO = /(:\/\/)[^/\s:@"'<>]*(?::[^/\s@"'<>]*)?@/g;
const KEY = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g;
/** A JSON Web Token (RFC 7519). */
const TOKEN = /\beyJ[\w-]{8}[\w-]*\.[\w-]{4}[\w-]*\.[\w-]*/g;
/** AWS access key ids. */
const KEY_ID = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g;

const ELEMENT = new RegExp(
  String.raw`((?:<|&lt;)(?:[\w.-]{1,40}:)?(?:${NAMES})(?:\s[^<>]{0,200})?(?:>|&gt;))[^<&]+`,
  'gi',
);
const FIELD: Value = {
  start: new RegExp(String.raw`${QUOTE}(?:${NAMES})${QUOTE}\s{0,9}:\s{0,9}${QUOTE}`, 'gi'),
  end: new RegExp(String.raw`${QUOTE}|\n`, 'gi'),
};
const PARAMETER: Value = {
  start: new RegExp(String.raw`(?:^|[?&;\s"'])(?:${NAMES})(?:=|%3D)`, 'gi'),
  end: /[&\s"'<>\\]|%26/gi,
};
const LINE =
  /(^|[\r\n"'\s,])((?:x-)?api-key|x-auth-token|x-amz-security-token|(?:set-)?cookie)(\s{0,9}:\s{0,9})[^\r\n"']+/gi;

/** In prose: "the signature 0123… does not match". */
const NAMED = /\b(signature\W{1,4})[0-9a-f]{32}[0-9a-f]*/gi;

interface Rule {
  readonly shape: RegExp | Value;
  /** For an expression. */
  readonly replacement?: string;
  /** A text without any of these, in lower case, cannot have the shape: most texts need not compile the expression. */
  readonly marks: readonly string[];
}

const URL_RULES: readonly Rule[] = [
  { shape: PRESIGNED, marks: ['=', '%3d'] },
  { shape: PRESIGNED_WORD, replacement: `$1${HIDDEN}`, marks: ['='] },
  { shape: KEY_ID, replacement: HIDDEN, marks: ['akia', 'asia'] },
  { shape: HEADER, marks: ['authorization'] },
  { shape: OTHER_HEADER, marks: ['authorization'] },
  { shape: SCHEME, replacement: `$1 ${HIDDEN}`, marks: ['basic', 'bearer', 'negotiate'] },
  { shape: USERINFO, replacement: `$1${HIDDEN}@`, marks: ['://'] },
  { shape: KEY, replacement: HIDDEN, marks: ['-----begin'] },
  { shape: TOKEN, replacement: HIDDEN, marks: ['eyj'] },
];
const NAMED_RULES: readonly Rule[] = [
  { shape: ELEMENT, replacement: `$1${HIDDEN}`, marks: NAME_MARKS },
  { shape: FIELD, marks: NAME_MARKS },
  { shape: PARAMETER, marks: NAME_MARKS },
  { shape: LINE, replacement: `$1$2$3${HIDDEN}`, marks: ['key', 'token', 'cookie'] },
  { shape: NAMED, replacement: `$1${HIDDEN}`, marks: ['signature'] },
];

function hidden(text: string, rules: readonly Rule[]): string {
  const lower = text.toLowerCase();
  return rules.reduce((rest, { shape, replacement = HIDDEN, marks }) => {
    if (!marks.some((mark) => lower.includes(mark))) return rest;
    return shape instanceof RegExp ? rest.replace(shape, replacement) : withoutValues(rest, shape);
  }, text);
}

function withoutValues(text: string, { start, end, second }: Value): string {
  let kept = '';
  let at = 0;
  start.lastIndex = 0;
  while (start.exec(text) !== null) {
    const from = start.lastIndex;
    end.lastIndex = from;
    let to = end.exec(text)?.index ?? text.length;
    if (second !== undefined && to > from) {
      second.lastIndex = to;
      if (second.test(text)) {
        end.lastIndex = second.lastIndex;
        to = end.exec(text)?.index ?? text.length;
      }
    }
    if (to > from) kept += text.slice(at, from) + HIDDEN;
    if (to > from) at = to;
    start.lastIndex = to;
  }
  return kept + text.slice(at);
}

/**
 * Hides what looks like a secret in text from outside: authorisation headers, userinfo and signatures in URLs, private keys,
 * tokens, and fields of XML, JSON and forms whose name says that they are secret.
 */
export function redactShapes(text: string): string {
  return hidden(text, [...URL_RULES, ...NAMED_RULES]);
}

/** A URL without its query and userinfo: safe to keep and to show, and enough to recognise the object. */
export function addressOf(url: string): string {
  return hidden(url.split(/[?#]/, 1)[0] ?? '', URL_RULES);
}
