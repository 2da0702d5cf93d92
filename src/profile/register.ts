import type { Connection } from '../api/connection.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';

const SECRET_NAME = /key|token|secret|auth|password|passwd|pwd|cookie|session|credential|signature/iu;
/** Short values are more likely words (`true`, `json`): hiding those would tear holes in every text. */
const SHORTEST_VALUE = 8;
const PROXIES = /^(?:https?|all|npm_config_https?|npm_config)_proxy$/iu;

/** Does a header or query parameter of this name carry a secret, as far as its name tells? */
export function namesSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Makes everything secret in a connection known, in every form it travels in (cli.md, promise 4). */
export function registerSecrets(connection: Connection, redactor: Redactor): void {
  const { auth } = connection;
  if (auth.type === 'basic') {
    redactor.add(auth.password);
    redactor.add(basic(auth.username, auth.password));
  } else if (auth.type !== 'none') {
    redactor.add(auth.token);
  }
  for (const pair of [...Object.entries(connection.headers), ...Object.entries(connection.query)])
    registerPair(pair, redactor);
  registerUserinfo(connection.proxy ?? '', redactor);
}

/**
 * What is secret in a call before a word of it is understood: in the environment, whether it will be used or not, and on
 * the command line, where a secret does not belong but may be put by mistake.
 */
export function registerCall(argv: readonly string[], env: Context['env'], redactor: Redactor): void {
  const { EBILL_USERNAME: username, EBILL_PASSWORD: password, EBILL_TOKEN: token } = env;
  for (const secret of [password, token, env['EBILL_CLIENT_KEY_PASSPHRASE']])
    if (secret) redactor.add(secret);
  if (username && password) redactor.add(basic(username, password));
  for (const [name, value] of Object.entries(env))
    if (PROXIES.test(name)) registerUserinfo(value ?? '', redactor);
  // The sandbox prints its own: they guard nothing.
  if (argv.includes('sandbox')) return;
  argv.forEach((word, i) => {
    const [option = '', ...rest] = word.split('=');
    const value = rest.length > 0 ? rest.join('=') : (argv[i + 1] ?? '');
    if (/^--(?:token|password|passphrase|secret)$/iu.test(option)) redactor.add(value);
    if (option === '--header' || option === '--query') {
      const [name = '', ...text] = value.split('=');
      registerPair([name, text.join('=')], redactor);
    }
    if (option === '--proxy' || option === '--base-url') registerUserinfo(value, redactor);
  });
}

function registerPair([name, value]: readonly [string, string], redactor: Redactor): void {
  if (namesSecret(name) && value.length >= SHORTEST_VALUE) redactor.add(value);
}

/** The password of a URL as it is written, as it is meant, and as the header that it becomes. */
function registerUserinfo(url: string, redactor: Redactor): void {
  // A proxy may be named without a scheme, and may take a token for a user.
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
