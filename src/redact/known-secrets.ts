import { parseUrl } from '../system/url.ts';
import type { Redactor } from './redactor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a connection authorises with; `Connection` of api fits. */
interface ConnectionSecrets {
  readonly auth:
    | { readonly type: 'none' }
    | { readonly type: 'basic'; readonly username: string; readonly password: string }
    /** A token that a command prints is added when it has run. */
    | { readonly type: 'bearer' | 'header'; readonly token: string | object };
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly proxy: string | null;
}

/** Environment variables whose whole value is a secret. */
const SECRET_VARIABLES: readonly string[] = [
  'EBILL_TOKEN',
  'EBILL_PASSWORD',
  'EBILL_CLIENT_KEY_PASSPHRASE',
  'EBILL_NOTIFY_URL',
];
/** No secret, but what it prints is one: a child process must not ask for it. */
const TOKEN_COMMAND = 'EBILL_TOKEN_COMMAND';
const PROXY_VARIABLE = /_proxy$/iu;
const SECRET_OPTION = /^--(?:token|password|passphrase|secret)$/iu;
const SECRET_NAME = /key|token|secret|auth|password|passwd|pwd|cookie|session|credential|signature/iu;
/** Shorter header and query values are more likely words (`true`, `json`), which must stay readable. */
const SHORTEST_VALUE = 8;

/** Does the name of a header or query parameter say that its value is a secret? */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * The environment for a child process (commands rule 4): a proxy's URL comes without its user and password. Windows ignores
 * the case of variable names.
 */
export function withoutSecrets(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => ![...SECRET_VARIABLES, TOKEN_COMMAND].includes(name.toUpperCase()))
      .map(([name, value]) => [name, PROXY_VARIABLE.test(name) ? withoutUserinfo(value) : value]),
  );
}

/** Also of a URL without a scheme, and with a password that is not percent-encoded. */
const withoutUserinfo = (url: string | undefined): string | undefined =>
  url?.replace(/^(\s*(?:[a-z][a-z0-9+.-]*:\/\/)?).*@/isu, '$1');

/** Makes every secret of a connection known to the redactor, in each form in which it is sent. */
export function addConnectionSecrets(connection: ConnectionSecrets, redactor: Redactor): void {
  const { auth, headers, query, proxy } = connection;
  if (auth.type === 'basic') {
    redactor.add(auth.password);
    redactor.add(basic(auth.username, auth.password));
  } else if (auth.type !== 'none' && typeof auth.token === 'string') {
    redactor.add(auth.token);
  }
  for (const [name, value] of [...Object.entries(headers), ...Object.entries(query)])
    addNamedValue(name, value, redactor);
  addUserinfo(proxy ?? '', redactor);
}

/**
 * Makes the secrets of a call known before anything of it is parsed: those in the environment, used or not, and those
 * put on the command line by mistake.
 */
export function addCallSecrets(argv: readonly string[], env: Environment, redactor: Redactor): void {
  for (const name of SECRET_VARIABLES) redactor.add(env[name] ?? '');
  addSecretUrl(env['EBILL_NOTIFY_URL'] ?? '', redactor);
  const { EBILL_USERNAME: username, EBILL_PASSWORD: password } = env;
  if (username && password) redactor.add(basic(username, password));
  for (const [name, value] of Object.entries(env))
    if (PROXY_VARIABLE.test(name)) addUserinfo(value ?? '', redactor);
  // The sandbox prints its own credentials: they protect nothing.
  if (argv.includes('sandbox')) return;
  argv.forEach((word, i) => {
    const [option = '', ...rest] = word.split('=');
    const value = rest.length > 0 ? rest.join('=') : (argv[i + 1] ?? '');
    if (SECRET_OPTION.test(option)) redactor.add(value);
    if (option === '--notify-url') addSecretUrl(value, redactor);
    if (option === '--header' || option === '--query') {
      const [name = '', ...parts] = value.split('=');
      addNamedValue(name, parts.join('='), redactor);
    }
    if (option === '--proxy' || option === '--base-url') addUserinfo(value, redactor);
  });
}

function addNamedValue(name: string, value: string, redactor: Redactor): void {
  if (isSecretName(name) && value.length >= SHORTEST_VALUE) redactor.add(value);
}

/** From this length on a part of a path or query is a token and no word. */
const SHORTEST_TOKEN = 16;

/** A URL that is a secret as a whole: also its path and query, and the tokens in them, which messages may quote alone. */
export function addSecretUrl(given: string, redactor: Redactor): void {
  const url = given.trim();
  redactor.add(given);
  redactor.add(url);
  addUserinfo(url, redactor);
  const parsed = parseUrl(url);
  if (parsed !== null) redactor.add(parsed.href);
  for (const one of [url, parsed?.href ?? '']) {
    const [, rest = ''] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/isu.exec(one) ?? [];
    const [path = '', ...query] = rest.split('?');
    for (const part of [rest, path, query.join('?')])
      if (part.replace(/^[/?]/, '') !== '') redactor.add(part);
    for (const token of rest.split(/[/?&;=]/)) if (token.length >= SHORTEST_TOKEN) redactor.add(token);
  }
}

/** The password of a URL as written, decoded, and as the header it is sent in. */
function addUserinfo(url: string, redactor: Redactor): void {
  // A proxy may have no scheme, and a token in the place of the user.
  const [, user = '', password = ''] =
    /^\s*(?:[a-z]+:\/\/|(?![a-z]+:\/\/))([^/@:]*)(?::(.*))?@/iu.exec(url) ?? [];
  const secret = password === '' && user.length >= SHORTEST_VALUE ? user : password;
  if (secret === '') return;
  redactor.add(secret);
  redactor.add(decoded(secret));
  redactor.add(basic(decoded(user), decoded(password)));
}

const basic = (username: string, password: string): string =>
  Buffer.from(`${username}:${password}`).toString('base64');

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
