import { checkSecure, parseBaseUrl, secretName } from '../../profile/auth.ts';
import { changed, newProfile } from '../../profile/edit.ts';
import { type AuthKind, checkProfileName } from '../../profile/profile.ts';
import { type EnvironmentLayer, environmentAuth, environmentLayer } from '../../profile/resolve.ts';
import { profilesPath, readProfiles } from '../../profile/store.ts';
import type { App, CommandModule } from '../shared/command.ts';
import { absoluteFiles, declareFlags, type ProfileFlags, profileFlags } from './options.ts';
import { alreadyExists, askMissing, askProduction, confirmProfile, type Given } from './questions.ts';
import { gatherSecret, saveProfile, warnOfMissingSecret } from './secret.ts';
import { profileResult, summary } from './view.ts';

interface AddOptions extends ProfileFlags {
  /** `null`: ask for it. */
  readonly name: string | null;
}

export const command: CommandModule<AddOptions> = {
  help: {
    notes: [
      'On a terminal it asks for what is missing, makes a test call, and saves nothing before the last answer. Without a terminal the name and the base URL are required.',
      'The base URL comes from --base-url or EBILL_BASE_URL, the organisation from --organisation or EBILL_ORGANISATION. The password or token comes from a prompt, from standard input, or from EBILL_PASSWORD or EBILL_TOKEN, never from an argument. The first profile added becomes the default.',
    ],
    examples: [
      ['ebill profile add', 'ask for everything'],
      [
        'ebill profile add prod --base-url https://ebill.example.com --auth basic --username loader --production',
        'ask only for the password',
      ],
      [
        'ebill profile add test --base-url https://test.example.com/acme --auth bearer --token-stdin < token.txt',
        'read the token from a file',
      ],
      [
        'ebill profile add lab --base-url https://lab.example.com --auth header:X-Api-Key --query format=xml --use',
        'send a key in a header',
      ],
    ],
    exitCodes: [5],
    seeAlso: ['profile set', 'help security', 'help environment'],
  },
  configure(command) {
    command.description('Save a server, and how to authorise there, as a profile.');
    declareFlags(command, '[name]');
  },

  options: ([name], flags) => ({
    name: typeof name === 'string' ? checkProfileName(name) : null,
    ...profileFlags(flags),
  }),

  async run(app, options) {
    const { changes, stdin } = options;
    const profiles = await readProfiles(app.context);
    if (options.name !== null && profiles.all.has(options.name)) throw alreadyExists(options.name);
    const env = environmentLayer(app.context.env);
    const files = await absoluteFiles(app.context, changes);
    const { name, baseUrl, auth, username, asked } = await askMissing(
      app,
      givenBy(app, options, env),
      profiles,
    );
    const draft = changed(newProfile(name, baseUrl), {
      ...changes,
      ...files,
      organisation: changes.organisation ?? env.organisation,
      auth,
      username: username ?? undefined,
      baseUrl: undefined,
    });
    checkSecure(baseUrl, draft.allowInsecure, null);
    const secret = await gatherSecret(app, draft, stdin, env);
    const production = changes.production ?? (asked && (await askProduction(app)));
    const profile = { ...draft, production };
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would add ${summary(profile)}`, { requests: [] });
    const use = asked ? await confirmProfile(app, profile, secret, profiles, options.use) : options.use;
    // A secret left over from an earlier profile of this name must not become this one's.
    const now = await saveProfile(app, profile, secret === null ? 'remove' : { set: secret }, (before) => {
      if (before.all.has(name)) throw alreadyExists(name);
      return use || before.all.size === 0 ? name : before.current;
    });
    if (asked) app.ui.note(`The profile is stored in ${profilesPath(app.context)}.`);
    if (secret === null && secretName(profile.auth) !== null) warnOfMissingSecret(app, profile);
    if (now.current === name)
      return profileResult(
        app.ui,
        name,
        `Added ${summary(profile)}, the default profile`,
        asked ? { next: 'To check the whole set-up: ebill doctor' } : {},
      );
    return profileResult(app.ui, name, `Added ${summary(profile)}`, {
      next: `To make it the default: ebill profile use ${name}`,
    });
  },
};

/** @throws EbillError USAGE for an invalid base URL */
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

/** Without `--auth`, other options imply it, else the environment. */
function authOf(
  { auth, username }: ProfileFlags['changes'],
  stdin: ProfileFlags['stdin'],
  env: EnvironmentLayer,
): AuthKind | null {
  if (auth !== undefined) return auth;
  if (stdin !== null) return { type: stdin === 'password' ? 'basic' : 'bearer' };
  return username !== undefined ? { type: 'basic' } : environmentAuth(env, null);
}
