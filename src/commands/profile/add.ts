import { isDeepStrictEqual } from 'node:util';
import { openApi } from '../../api/open.ts';
import { EbillError } from '../../errors.ts';
import { createProgress } from '../../output/progress/progress.ts';
import { askChoice, askText, confirm } from '../../output/prompt.ts';
import { checkSecure, checkUsername, parseAuthKind, parseBaseUrl, secretName } from '../../profile/auth.ts';
import { changed, newProfile } from '../../profile/edit.ts';
import { type AuthKind, checkProfileName, type Profile, type Profiles } from '../../profile/profile.ts';
import { type EnvironmentLayer, environmentAuth, environmentLayer, resolve } from '../../profile/resolve.ts';
import { profilesPath, readProfiles } from '../../profile/store.ts';
import { addConnectionSecrets } from '../../redact/known-secrets.ts';
import type { Check } from '../doctor/check.ts';
import { authorisation } from '../doctor/server.ts';
import type { App, CommandModule } from '../shared/command.ts';
import { absoluteFiles, declareFlags, type ProfileFlags, profileFlags } from './options.ts';
import {
  gatherSecret,
  problemOf,
  profileResult,
  saveProfile,
  storingCommand,
  summary,
  warnOfMissingSecret,
} from './result.ts';

interface AddOptions extends ProfileFlags {
  /** `null`: ask for it. */
  readonly name: string | null;
}

export const command: CommandModule<AddOptions> = {
  help: {
    notes: [
      'On a terminal it asks for what is missing, makes a test call, and saves nothing before the last answer. Without a terminal the name and the base URL are required.',
      'The base URL comes from --base-url or EBILL_BASE_URL, the organisation from --organisation or EBILL_ORGANISATION. The password or token comes from a prompt, from standard input, or from EBILL_PASSWORD or EBILL_TOKEN, never from an argument. With --token-command (or EBILL_TOKEN_COMMAND) the profile stores the command and no token. The first profile added becomes the default.',
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
    const env = environmentLayer(app.context.env);
    const files = await absoluteFiles(app.context, changes);
    const existing = options.name === null ? undefined : profiles.all.get(options.name);
    if (existing !== undefined) {
      const baseUrl = baseUrlOf(app.globals.baseUrl, env);
      const same =
        baseUrl !== null &&
        stdin === null &&
        (!options.use || profiles.current === existing.name) &&
        isDeepStrictEqual(changed(existing, { ...changes, ...files, baseUrl }), existing);
      if (!same) throw alreadyExists(existing.name);
      const kind = existing.tokenCommand === null ? secretName(existing.auth) : null;
      return profileResult(
        app.ui,
        existing.name,
        `${existing.name} is stored already with these settings; nothing was changed`,
        kind === null ? {} : { next: `To store another ${kind}: ${storingCommand(app, existing)}` },
      );
    }
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
      tokenCommand: changes.tokenCommand ?? tokenCommandOf(app, auth, stdin, env),
      baseUrl: undefined,
    });
    checkSecure(baseUrl, draft.allowInsecure, null);
    const source = {
      stdin,
      command: `ebill profile add ${name} …`,
      prompted: 'Leave the option out to be prompted for it.',
      stored: () => Promise.resolve(false),
    };
    const secret = await gatherSecret(app, draft, source, env);
    const production = changes.production ?? (asked && (await askProduction(app)));
    const profile = { ...draft, production };
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would add ${summary(profile)}`, { requests: [] });
    const { use, failed } = asked
      ? await confirmProfile(app, profile, secret, profiles, options.use)
      : { use: options.use, failed: null };
    // A secret left over from an earlier profile of this name must not become this one's.
    const now = await saveProfile(app, (before) => {
      if (before.all.has(name)) throw alreadyExists(name);
      return {
        profile,
        secret: secret === null ? 'remove' : { set: secret },
        current: use || before.all.size === 0 ? name : before.current,
      };
    });
    if (asked) app.ui.note(`The profile is stored in ${profilesPath(app.context)}.`);
    const missing = secret === null && warnOfMissingSecret(app, profile);
    const isDefault = now.current === name;
    const what = `${summary(profile)}${isDefault ? ', the default profile' : ''}`;
    if (failed !== null)
      return profileResult(app.ui, name, `Saved ${what}, although the test call failed: ${failed.message}`, {
        next: failed.hint === '' ? `To check it again: ebill doctor --profile ${name}` : failed.hint,
      });
    if (!isDefault)
      return profileResult(app.ui, name, `Added ${what}`, {
        next: `To make it the default: ebill profile use ${name}`,
      });
    return profileResult(
      app.ui,
      name,
      `Added ${what}`,
      asked && !missing ? { next: 'To check the whole set-up: ebill doctor' } : {},
    );
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
  { auth, username, tokenCommand }: ProfileFlags['changes'],
  stdin: ProfileFlags['stdin'],
  env: EnvironmentLayer,
): AuthKind | null {
  if (auth !== undefined) return auth;
  if (typeof tokenCommand === 'string') return { type: 'bearer' };
  if (stdin !== null) return { type: stdin === 'password' ? 'basic' : 'bearer' };
  return username !== undefined ? { type: 'basic' } : environmentAuth(env, null);
}

/** Of the environment, like the token there, which takes precedence. */
function tokenCommandOf(
  app: App,
  auth: AuthKind,
  stdin: ProfileFlags['stdin'],
  { token, tokenCommand }: EnvironmentLayer,
): string | undefined {
  if (secretName(auth) !== 'token' || stdin !== null || token !== null || tokenCommand === null) return;
  app.ui.note('Using the token command from EBILL_TOKEN_COMMAND.');
  return tokenCommand;
}

/** What options and the environment say about a new profile; `null`: nothing. */
interface Given {
  readonly name: string | null;
  readonly baseUrl: string | null;
  readonly auth: AuthKind | null;
  readonly username: string | null;
  readonly allowInsecure: boolean;
}

interface Basics {
  readonly name: string;
  readonly baseUrl: string;
  readonly auth: AuthKind;
  readonly username: string | null;
  /** A question was asked. Then the later questions are asked too. */
  readonly asked: boolean;
}

/**
 * Asks on a terminal for what is missing, and repeats each question with the reason until the answer is valid. Without
 * a terminal nothing is asked, and without `auth` the profile gets none.
 * @throws EbillError USAGE when something is missing without a terminal, INTERRUPTED when a question was not answered
 */
async function askMissing(app: App, given: Given, profiles: Profiles): Promise<Basics> {
  const { name, baseUrl, auth, username } = given;
  if (!app.ui.interactive) {
    if (name === null) throw missingName(baseUrl);
    if (baseUrl === null)
      throw new EbillError('USAGE', 'A profile needs a base URL.', { hint: 'Add --base-url https://…' });
    return { name, baseUrl, auth: auth ?? { type: 'none' }, username, asked: false };
  }
  const complete = name !== null && baseUrl !== null && auth !== null;
  if (!complete) {
    app.ui.note('A profile stores an eBill server, and how to authorise there, under a name.');
    app.ui.note('Nothing is saved before the last answer. Press Ctrl-C to leave.');
  }
  app.ui.end();
  const known = {
    name: name ?? (await askName(app, profiles)),
    baseUrl: baseUrl ?? (await askBaseUrl(app, given.allowInsecure)),
    auth: auth ?? (await askAuth(app)),
  };
  const needsUsername = known.auth.type === 'basic' && username === null;
  return {
    ...known,
    username: needsUsername ? await askUsername(app) : username,
    asked: !complete || needsUsername,
  };
}

function alreadyExists(name: string): EbillError {
  return new EbillError('USAGE', `A profile "${name}" already exists.`, {
    hint: `Change it with profile set, or remove it first to start over. To see it: ebill profile show ${name}`,
  });
}

function missingName(baseUrl: string | null): EbillError {
  const what = baseUrl === null ? 'a name and a base URL' : 'a name';
  return new EbillError('USAGE', `A profile needs ${what}.`, {
    hint:
      baseUrl === null
        ? 'Without a terminal ebill cannot ask for it: ebill profile add NAME --base-url https://…'
        : 'Without a terminal ebill cannot ask for it. Name the profile after the command: ebill profile add NAME',
  });
}

function askName(app: App, profiles: Profiles): Promise<string> {
  const check = (text: string): void => {
    checkProfileName(text);
    if (profiles.all.has(text)) throw alreadyExists(text);
  };
  return askText(app.context, 'Profile name, such as prod:', problemOf(check));
}

function askBaseUrl(app: App, allowInsecure: boolean): Promise<string> {
  const check = (text: string): void => checkSecure(parseBaseUrl(text, 'The base URL'), allowInsecure, null);
  return askText(app.context, 'Base URL of the eBill server (https://…):', problemOf(check));
}

async function askAuth(app: App): Promise<AuthKind> {
  const kind = await askChoice(app.context, 'How do you authorise?', [
    ['bearer', 'with a token (bearer)'],
    ['basic', 'with a username and a password (basic)'],
    ['header', 'with a token in a custom header'],
    ['none', 'not at all'],
  ]);
  if (kind !== 'header') return { type: kind };
  const asKind = (text: string): AuthKind => parseAuthKind(`header:${text}`, 'The header');
  return asKind(await askText(app.context, 'Name of the header, such as X-Api-Key:', problemOf(asKind)));
}

function askUsername(app: App): Promise<string> {
  return askText(
    app.context,
    'Username:',
    problemOf((text) => checkUsername(text, 'The username')),
  );
}

/** A mistake in production costs real money, so the mark is asked for. */
function askProduction(app: App): Promise<boolean> {
  return yes(app, 'Is this a production server? Commands that write to it will ask first.');
}

/**
 * The last questions about a new profile, before anything is saved: whether to keep it after a failed test call, and
 * whether to make it the default.
 * @param use whether `--use` was given
 * @returns whether to make it the default, and the test call if it failed
 * @throws EbillError DECLINED when it is not to be kept, INTERRUPTED when a question was not answered
 */
async function confirmProfile(
  app: App,
  profile: Profile,
  secret: string | null,
  profiles: Profiles,
  use: boolean,
): Promise<{ readonly use: boolean; readonly failed: Check | null }> {
  let failed: Check | null = null;
  // A call without the secret would only fail.
  if (secret !== null || profile.tokenCommand !== null || secretName(profile.auth) === null) {
    const check = await testCall(app, profile, secret);
    const { state, message, hint } = check;
    if (state === 'ok') app.ui.note(`Test call: ${message}.`);
    else {
      app.ui.warn(`The test call failed. ${message}`, hint);
      if (!(await yes(app, 'Save the profile anyway?'))) throw declined(profile.name);
      failed = check;
    }
  }
  if (use || profiles.all.size === 0) return { use: true, failed };
  const instead = profiles.current === null ? '' : ` instead of ${profiles.current}`;
  return { use: await yes(app, `Make ${profile.name} the default profile${instead}?`), failed };
}

async function yes(app: App, question: string): Promise<boolean> {
  app.ui.end();
  return app.globals.yes || confirm(app.context, question);
}

function declined(name: string): EbillError {
  return new EbillError('DECLINED', `The profile ${name} was not saved; nothing was changed.`, {
    hint: 'Correct the cause and try again: ebill profile add',
  });
}

/** ms to wait for the server's answer while a person waits. */
const LIMIT_MS = 10_000;

/**
 * Calls the server, without changing anything there, with the profile alone: the environment is ignored.
 * @throws the signal's reason when interrupted
 */
async function testCall(app: App, profile: Profile, secret: string | null): Promise<Check> {
  const { context, globals, redactor, ui, userAgent } = app;
  const { connection } = resolve({
    options: { profile: profile.name, baseUrl: null },
    env: environmentLayer({}),
    stored: { profile, secret },
  });
  addConnectionSecrets(connection, redactor);
  const progress = await createProgress(ui, context);
  progress.listener({ event: 'wait.start', message: `asking ${new URL(profile.baseUrl).host}` });
  try {
    const api = await openApi({
      context,
      connection,
      userAgent,
      timeoutMs: Math.min(LIMIT_MS, globals.timeoutMs),
      retries: 0,
      redactor,
      // A presigned URL is from outside.
      log: globals.verbose ? (line) => ui.note(redactor.clean(line)) : undefined,
    });
    try {
      return await authorisation(api.client);
    } finally {
      await api.close();
    }
  } finally {
    progress.stop();
  }
}
