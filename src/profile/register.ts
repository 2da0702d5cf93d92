import type { Connection } from '../api/connection.ts';
import type { Redactor } from '../redact.ts';

const SECRET_NAME = /key|token|secret|auth|password|passwd|pwd|cookie|session|credential|signature/iu;

/** Does a header or query parameter of this name carry a secret, as far as its name tells? */
export function namesSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Makes everything secret in a connection known, in every form it travels in (cli.md, promise 4). */
export function registerSecrets(connection: Connection, redactor: Redactor): void {
  const { auth } = connection;
  if (auth.type === 'basic') {
    redactor.add(auth.password);
    redactor.add(Buffer.from(`${auth.username}:${auth.password}`).toString('base64'));
  } else if (auth.type !== 'none') {
    redactor.add(auth.token);
  }
  for (const [name, value] of [...Object.entries(connection.headers), ...Object.entries(connection.query)]) {
    // Short ones are more likely words (`true`, `json`): hiding those would tear holes in every text.
    if (namesSecret(name) && value.length >= 8) redactor.add(value);
  }
  // As it is written; the parser would have encoded it.
  const password = /^[a-z]+:\/\/[^/@:]*:(.*)@/iu.exec(connection.proxy ?? '')?.[1];
  if (password !== undefined) redactor.add(password);
}
