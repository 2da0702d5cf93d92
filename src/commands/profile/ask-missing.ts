import { EbillError } from '../../errors.ts';
import { choose, line } from '../../output/prompt.ts';
import { parseAuthKind } from '../../profile/auth-kind.ts';
import { checkSecure, parseBaseUrl } from '../../profile/base-url.ts';
import { checkUsername } from '../../profile/credential-text.ts';
import { checkProfileName } from '../../profile/name.ts';
import type { AuthKind, Profiles } from '../../profile/profile.ts';
import type { App } from '../shared/command.ts';
import { introduce } from './agree.ts';
import { problemOf } from './problem.ts';

/** What options and environment say of a new profile; `null`: nothing. */
export interface Given {
  readonly name: string | null;
  readonly baseUrl: string | null;
  readonly auth: AuthKind | null;
  readonly username: string | null;
  readonly allowInsecure: boolean;
}

/** Enough to make a profile of. */
export interface Basics {
  readonly name: string;
  readonly baseUrl: string;
  readonly auth: AuthKind;
  readonly username: string | null;
  /** Was anything asked? Then it is a conversation, and what comes after is asked and told too. */
  readonly asked: boolean;
}

/**
 * Asks on a terminal for what is missing, each question again with the reason until its answer can be used.
 * Elsewhere nothing is asked: without `auth` the server is taken to want none.
 *
 * @throws EbillError `USAGE` when something is missing and nobody can be asked, `INTERRUPTED` when a question was left
 * unanswered
 */
export async function askMissing(app: App, given: Given, profiles: Profiles): Promise<Basics> {
  const { name, baseUrl, auth, username } = given;
  if (!app.ui.interactive) {
    if (name === null) throw nameless(baseUrl);
    if (baseUrl === null) throw urlless();
    return { name, baseUrl, auth: auth ?? { type: 'none' }, username, asked: false };
  }
  const nothingMissing = name !== null && baseUrl !== null && auth !== null;
  if (!nothingMissing) introduce(app);
  app.ui.end();
  const known = {
    name: name ?? (await askName(app, profiles)),
    baseUrl: baseUrl ?? (await askBaseUrl(app, given.allowInsecure)),
    auth: auth ?? (await askAuth(app)),
  };
  const nobody = known.auth.type === 'basic' && username === null;
  return {
    ...known,
    username: nobody ? await askUsername(app) : username,
    asked: !nothingMissing || nobody,
  };
}

export function alreadyThere(name: string): EbillError {
  return new EbillError('USAGE', `There is a profile "${name}" already.`, {
    hint: `To change it: ebill profile set ${name} …; to start over: ebill profile remove ${name}`,
  });
}

function askName(app: App, profiles: Profiles): Promise<string> {
  return line(app.context, 'A name for the profile, such as prod:', (text) =>
    problemOf(() => {
      checkProfileName(text);
      if (profiles.all.has(text)) throw alreadyThere(text);
    }),
  );
}

function askBaseUrl(app: App, allowInsecure: boolean): Promise<string> {
  return line(app.context, 'The base URL of the eBill server (https://…):', (text) =>
    problemOf(() => checkSecure(parseBaseUrl(text, 'The base URL'), allowInsecure, null)),
  );
}

async function askAuth(app: App): Promise<AuthKind> {
  const kind = await choose(app.context, 'How does the server know you?', [
    ['bearer', 'a token (bearer)'],
    ['basic', 'a username and a password (basic)'],
    ['header', 'a token in a header of its own'],
    ['none', 'not at all'],
  ]);
  if (kind !== 'header') return { type: kind };
  const asKind = (text: string): AuthKind => parseAuthKind(`header:${text}`, 'The header');
  return asKind(
    await line(app.context, "The header's name, such as X-Api-Key:", (text) => problemOf(() => asKind(text))),
  );
}

function askUsername(app: App): Promise<string> {
  return line(app.context, 'The username:', (text) => problemOf(() => checkUsername(text, 'The username')));
}

function nameless(baseUrl: string | null): EbillError {
  const what = baseUrl === null ? 'a name and a base URL' : 'a name';
  return new EbillError('USAGE', `A profile needs ${what}.`, {
    hint: `Nothing can be asked without a terminal: ebill profile add NAME${baseUrl === null ? ' --base-url https://…' : ' …'}`,
  });
}

function urlless(): EbillError {
  return new EbillError('USAGE', 'A profile needs a base URL.', { hint: 'Add --base-url https://…' });
}
