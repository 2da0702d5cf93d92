import { EbillError } from '../../errors.ts';
import { secret as askSecret, readStdin } from '../../output/prompt.ts';
import { authText, secretName } from '../../profile/auth-kind.ts';
import { checkSecret } from '../../profile/credential-text.ts';
import type { EnvironmentLayer } from '../../profile/environment.ts';
import type { Profile } from '../../profile/profile.ts';
import type { App } from '../shared/command.ts';
import { problemOf } from './problem.ts';

/**
 * The secret a profile needs, from standard input, else the environment, else a prompt on a terminal; never from an
 * argument (cli.md, `profile`).
 *
 * @param stdin which secret standard input was said to hold
 * @returns `null` when there is none to be had, or a prompt was left empty
 * @throws EbillError `USAGE` when the profile takes another kind of secret, or this one cannot be sent
 */
export async function gatherSecret(
  app: App,
  profile: Profile,
  stdin: 'password' | 'token' | null,
  env: EnvironmentLayer,
): Promise<string | null> {
  const kind = secretName(profile.auth);
  if (stdin !== null && stdin !== kind) throw mismatch(profile, stdin);
  if (kind === null) return null;
  const found = await find(
    app,
    profile,
    kind,
    stdin !== null,
    kind === 'password' ? env.password : env.token,
  );
  if (found === null) return null;
  app.redactor.add(found.secret);
  return checkSecret(found.secret, profile.auth, found.source);
}

async function find(
  app: App,
  profile: Profile,
  kind: 'password' | 'token',
  piped: boolean,
  fromEnvironment: string | null,
): Promise<{ readonly secret: string; readonly source: string } | null> {
  if (app.globals.dryRun) return null;
  if (piped) return { secret: await readStdin(app.context), source: 'Standard input' };
  if (fromEnvironment !== null) {
    const source = `EBILL_${kind.toUpperCase()}`;
    app.ui.note(`The ${kind} is taken from ${source}.`);
    return { secret: fromEnvironment, source };
  }
  if (!app.ui.interactive) return null;
  const whose = profile.auth.type === 'basic' ? ` of ${profile.auth.username}` : '';
  app.ui.note(`What you type is not shown. Enter alone keeps none: EBILL_${kind.toUpperCase()} has it then.`);
  app.ui.end();
  const question = `The ${kind}${whose} for ${profile.baseUrl}:`;
  const typed = await askSecret(app.context, question, (text) =>
    problemOf(() => checkSecret(text, profile.auth, `The ${kind}`)),
  );
  return typed === '' ? null : { secret: typed, source: `The ${kind}` };
}

function mismatch(profile: Profile, stdin: 'password' | 'token'): EbillError {
  const auth = authText(profile.auth);
  return new EbillError('USAGE', `--${stdin}-stdin does not go with ${auth}.`, {
    hint:
      stdin === 'password'
        ? 'A password is for basic: --auth basic --username U --password-stdin.'
        : 'A token is for bearer or a header: --auth bearer --token-stdin.',
  });
}
