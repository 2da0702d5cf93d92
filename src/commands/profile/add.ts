import { EbillError } from '../../errors.ts';
import { secretName } from '../../profile/auth-kind.ts';
import { checkSecure, parseBaseUrl } from '../../profile/base-url.ts';
import { type Changes, changed, newProfile } from '../../profile/edit.ts';
import { type EnvironmentLayer, environmentAuth, environmentLayer } from '../../profile/environment.ts';
import { loadProfiles } from '../../profile/store.ts';
import type { CommandModule } from '../command.ts';
import { absoluteFiles } from './files.ts';
import { gatherSecret } from './gather-secret.ts';
import { keep, summary, warnOfMissing } from './keep.ts';
import { declareFlags, type ProfileOptions, profileOptions } from './profile-flags.ts';
import { profileResult } from './result.ts';

/** `ebill profile add`: what options leave open comes from the environment, as everywhere (cli.md, "Environment"). */
export const command: CommandModule<ProfileOptions> = {
  help: {
    notes: [
      'The base URL comes from --base-url or EBILL_BASE_URL. The password or token comes from a prompt, from standard input or from EBILL_PASSWORD or EBILL_TOKEN, never from an argument. The first profile added is the one in use.',
    ],
    examples: [
      [
        'ebill profile add prod --base-url https://ebill.example.com --auth basic --username loader --production',
        'asks for the password',
      ],
      [
        'ebill profile add test --base-url https://test.example.com/acme --auth bearer --token-stdin < token.txt',
        'without a terminal',
      ],
      [
        'ebill profile add lab --base-url https://lab.example.com --auth header:X-Api-Key --query format=xml --use',
        'a key in a header of its own',
      ],
    ],
    exitCodes: [5],
    seeAlso: ['profile set', 'help security', 'help environment'],
  },
  configure(command) {
    command.description('keep a server and how to authorise there under a name');
    declareFlags(command);
  },

  options: profileOptions,

  async run(app, { name, changes, stdin, use }) {
    const profiles = await loadProfiles(app.context);
    if (profiles.all.has(name)) throw alreadyThere(name);
    const env = environmentLayer(app.context.env);
    const files = await absoluteFiles(app.context, changes);
    const profile = changed(newProfile(name, baseUrlOf(app.globals.baseUrl, env)), {
      ...changes,
      ...files,
      ...authOf(changes, stdin, env),
      baseUrl: undefined,
    });
    checkSecure(profile.baseUrl, profile.allowInsecure, name);
    const secret = await gatherSecret(app, profile, stdin, env);
    if (app.globals.dryRun) return profileResult(name, `Would add ${summary(profile)}`, { requests: [] });
    // Without a secret, one left behind under this name must not become this profile's.
    const now = await keep(app, profile, secret === null ? 'remove' : { set: secret }, (before) => {
      if (before.all.has(name)) throw alreadyThere(name);
      return use || before.all.size === 0 ? name : before.current;
    });
    if (secret === null && secretName(profile.auth) !== null) warnOfMissing(app, profile);
    if (now.current === name) return profileResult(name, `Added ${summary(profile)}, in use`);
    return profileResult(name, `Added ${summary(profile)}`, {
      next: `To use it when no profile is named: ebill profile use ${name}`,
    });
  },
};

function baseUrlOf(option: string | null, env: EnvironmentLayer): string {
  if (option !== null) return parseBaseUrl(option, '--base-url');
  if (env.baseUrl !== null) return parseBaseUrl(env.baseUrl, 'EBILL_BASE_URL');
  throw new EbillError('USAGE', 'A profile needs a base URL.', { hint: 'Add --base-url https://…' });
}

/** Without `--auth`: what the other options tell, else the environment. */
function authOf(
  { auth, username }: ProfileOptions['changes'],
  stdin: ProfileOptions['stdin'],
  env: EnvironmentLayer,
): Pick<Changes, 'auth' | 'username'> {
  const told = { password: 'basic', token: 'bearer' } as const;
  const kind =
    auth ??
    (stdin !== null
      ? { type: told[stdin] }
      : username !== undefined
        ? { type: 'basic' as const }
        : (environmentAuth(env, null) ?? { type: 'none' as const }));
  return {
    auth: kind,
    username: username ?? (kind.type === 'basic' ? (env.username ?? undefined) : undefined),
  };
}

function alreadyThere(name: string): EbillError {
  return new EbillError('USAGE', `There is a profile "${name}" already.`, {
    hint: `To change it: ebill profile set ${name} …; to start over: ebill profile remove ${name}`,
  });
}
