import { openApi } from '../../api/open.ts';
import { EbillError } from '../../errors.ts';
import { createProgress } from '../../output/progress/progress.ts';
import { askChoice, askText, confirm } from '../../output/prompt.ts';
import { checkSecure, checkUsername, parseAuthKind, parseBaseUrl, secretName } from '../../profile/auth.ts';
import { type AuthKind, checkProfileName, type Profile, type Profiles } from '../../profile/profile.ts';
import { environmentLayer, resolve } from '../../profile/resolve.ts';
import { addConnectionSecrets } from '../../redact/known-secrets.ts';
import type { Check } from '../doctor/check.ts';
import { authorisation } from '../doctor/server.ts';
import type { App } from '../shared/command.ts';
import { problemOf } from './secret.ts';

/** What options and the environment say about a new profile; `null`: nothing. */
export interface Given {
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
export async function askMissing(app: App, given: Given, profiles: Profiles): Promise<Basics> {
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

export function alreadyExists(name: string): EbillError {
  return new EbillError('USAGE', `A profile "${name}" already exists.`, {
    hint: `To change it: ebill profile set ${name} …; to start over: ebill profile remove ${name}`,
  });
}

function missingName(baseUrl: string | null): EbillError {
  const what = baseUrl === null ? 'a name and a base URL' : 'a name';
  return new EbillError('USAGE', `A profile needs ${what}.`, {
    hint: `Without a terminal ebill cannot ask for it: ebill profile add NAME${baseUrl === null ? ' --base-url https://…' : ' …'}`,
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
export function askProduction(app: App): Promise<boolean> {
  return yes(app, 'Is this a production server? Commands that write to it will ask first.');
}

/**
 * The last questions about a new profile, before anything is saved: whether to keep it after a failed test call, and
 * whether to make it the default.
 * @param use whether `--use` was given
 * @returns whether to make it the default
 * @throws EbillError DECLINED when it is not to be kept, INTERRUPTED when a question was not answered
 */
export async function confirmProfile(
  app: App,
  profile: Profile,
  secret: string | null,
  profiles: Profiles,
  use: boolean,
): Promise<boolean> {
  // A call without the secret would only fail.
  if (secret !== null || secretName(profile.auth) === null) {
    const { state, message, hint } = await testCall(app, profile, secret);
    if (state === 'ok') app.ui.note(`Test call: ${message}.`);
    else {
      app.ui.warn(`The test call failed. ${message} ${hint}`.trimEnd());
      if (!(await yes(app, 'Save the profile anyway?'))) throw declined(profile.name);
    }
  }
  if (use || profiles.all.size === 0) return true;
  const instead = profiles.current === null ? '' : ` instead of ${profiles.current}`;
  return yes(app, `Make ${profile.name} the default profile${instead}?`);
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
  const progress = createProgress(ui, context);
  progress.listener({ event: 'wait.start', message: `asking ${new URL(profile.baseUrl).host}` });
  try {
    const api = await openApi({
      context,
      connection,
      userAgent,
      timeoutMs: Math.min(LIMIT_MS, globals.timeoutMs),
      retries: 0,
      redactor,
      log: globals.verbose ? (line) => ui.note(line) : undefined,
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
