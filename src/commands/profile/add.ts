import { secretName } from '../../profile/auth-kind.ts';
import { checkSecure, parseBaseUrl } from '../../profile/base-url.ts';
import { changed, newProfile } from '../../profile/edit.ts';
import { type EnvironmentLayer, environmentAuth, environmentLayer } from '../../profile/environment.ts';
import { checkProfileName } from '../../profile/name.ts';
import type { AuthKind } from '../../profile/profile.ts';
import { loadProfiles, profilesPath } from '../../profile/store.ts';
import type { App, CommandModule } from '../shared/command.ts';
import { agree, askProduction } from './agree.ts';
import { alreadyThere, askMissing, type Given } from './ask-missing.ts';
import { absoluteFiles } from './files.ts';
import { gatherSecret } from './gather-secret.ts';
import { keep, summary, warnOfMissing } from './keep.ts';
import { declareFlags, type ProfileFlags, profileFlags } from './profile-flags.ts';
import { profileResult } from './result.ts';

interface AddOptions extends ProfileFlags {
  /** `null`: to be asked for. */
  readonly name: string | null;
}

/** `ebill profile add`: what options leave open comes from the environment, as everywhere (cli.md, "Environment"). */
export const command: CommandModule<AddOptions> = {
  help: {
    notes: [
      'On a terminal it asks for what is missing, makes a test call, and keeps nothing before the last answer. Without a terminal the name and the base URL have to be given.',
      'The base URL comes from --base-url or EBILL_BASE_URL. The password or token comes from a prompt, from standard input or from EBILL_PASSWORD or EBILL_TOKEN, never from an argument. The first profile added is the one in use.',
    ],
    examples: [
      ['ebill profile add', 'asks for everything'],
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
    command.description('Keep a server, and how to authorise there, under a name.');
    declareFlags(command, '[name]');
  },

  options: ([name], flags) => ({
    name: typeof name === 'string' ? checkProfileName(name) : null,
    ...profileFlags(flags),
  }),

  async run(app, options) {
    const { changes, stdin } = options;
    const profiles = await loadProfiles(app.context);
    if (options.name !== null && profiles.all.has(options.name)) throw alreadyThere(options.name);
    const env = environmentLayer(app.context.env);
    const files = await absoluteFiles(app.context, changes);
    const { name, baseUrl, auth, username, asked } = await askMissing(
      app,
      givenBy(app, options, env),
      profiles,
    );
    const almost = changed(newProfile(name, baseUrl), {
      ...changes,
      ...files,
      auth,
      username: username ?? undefined,
      baseUrl: undefined,
    });
    checkSecure(baseUrl, almost.allowInsecure, null);
    const secret = await gatherSecret(app, almost, stdin, env);
    const production = changes.production ?? (asked && (await askProduction(app)));
    const profile = { ...almost, production };
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would add ${summary(profile)}`, { requests: [] });
    const use = asked ? await agree(app, profile, secret, profiles, options.use) : options.use;
    // Without a secret, one left behind under this name must not become this profile's.
    const now = await keep(app, profile, secret === null ? 'remove' : { set: secret }, (before) => {
      if (before.all.has(name)) throw alreadyThere(name);
      return use || before.all.size === 0 ? name : before.current;
    });
    if (asked) app.ui.note(`The profile is in ${profilesPath(app.context)}.`);
    if (secret === null && secretName(profile.auth) !== null) warnOfMissing(app, profile);
    if (now.current === name)
      return profileResult(
        app.ui,
        name,
        `Added ${summary(profile)}, in use`,
        asked ? { next: 'To check the rest of the set-up: ebill doctor' } : {},
      );
    return profileResult(app.ui, name, `Added ${summary(profile)}`, {
      next: `To use it when no profile is named: ebill profile use ${name}`,
    });
  },
};

/** What need not be asked. @throws EbillError `USAGE` for a base URL of the wrong form */
function givenBy(app: App, { name, changes, stdin }: AddOptions, env: EnvironmentLayer): Given {
  const auth = authOf(changes, stdin, env);
  return {
    name,
    baseUrl: baseUrlOf(app.globals.baseUrl, env),
    auth,
    username: changes.username ?? (auth?.type === 'basic' ? env.username : null),
    allowInsecure: changes.allowInsecure ?? false,
  };
}

function baseUrlOf(option: string | null, env: EnvironmentLayer): string | null {
  if (option !== null) return parseBaseUrl(option, '--base-url');
  return env.baseUrl === null ? null : parseBaseUrl(env.baseUrl, 'EBILL_BASE_URL');
}

/** Without `--auth`: what the other options tell, else the environment. */
function authOf(
  { auth, username }: ProfileFlags['changes'],
  stdin: ProfileFlags['stdin'],
  env: EnvironmentLayer,
): AuthKind | null {
  if (auth !== undefined) return auth;
  if (stdin !== null) return { type: stdin === 'password' ? 'basic' : 'bearer' };
  return username !== undefined ? { type: 'basic' } : environmentAuth(env, null);
}
