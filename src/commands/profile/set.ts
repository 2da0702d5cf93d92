import { isDeepStrictEqual } from 'node:util';
import { EbillError } from '../../errors.ts';
import { authText, checkSecure, originOf, parseBaseUrl, sameKind, secretName } from '../../profile/auth.ts';
import { type Changes, changed } from '../../profile/edit.ts';
import { type Profile, type Profiles, profileNamed } from '../../profile/profile.ts';
import { environmentLayer } from '../../profile/resolve.ts';
import { getSecret } from '../../profile/secrets.ts';
import { readProfiles } from '../../profile/store.ts';
import type { App, CommandModule } from '../shared/command.ts';
import {
  absoluteFiles,
  declareFlags,
  declareUnsetFlags,
  type ProfileOptions,
  profileOptions,
} from './options.ts';
import {
  gatherSecret,
  profileResult,
  type SecretChange,
  saveProfile,
  summary,
  warnOfMissingSecret,
} from './result.ts';
/** The environment can supply the secret, but changes nothing else. */
export const command: CommandModule<ProfileOptions> = {
  help: {
    notes: [
      '--base-url changes the base URL. A stored password or token stays unless the kind of authorisation changes. With --auth or --username ebill asks for it again on a terminal; press Enter to keep it.',
    ],
    examples: [
      ['ebill profile set prod --token-stdin < new-token.txt', 'store a new token'],
      [
        'ebill profile set prod --token-command "vault read -field=token kv/ebill"',
        'run a command for the token instead of storing it',
      ],
      [
        'ebill profile set prod --auth basic --username loader',
        'change the authorisation; asks for the password',
      ],
      [
        'ebill profile set test --header X-Tenant=acme --query format= --no-proxy',
        'add a header, remove a query parameter and the proxy',
      ],
      ['ebill profile set test --status-name "In Review=running"', 'declare a status name of this server'],
      [
        'ebill profile set prod --column "invoice.key=Invoice Number" --column invoice.amount=Amount',
        'turn on the checks across files',
      ],
    ],
    exitCodes: [5],
    seeAlso: ['profile add', 'profile show'],
  },
  configure(command) {
    command.description('Change settings of a profile; the others stay as they are.');
    declareFlags(command, '<name>');
    declareUnsetFlags(command);
  },

  options: profileOptions,

  async run(app, { name, changes, stdin, use }) {
    const profiles = await readProfiles(app.context);
    const before = profileNamed(profiles, name);
    const baseUrl =
      app.globals.baseUrl === null ? undefined : parseBaseUrl(app.globals.baseUrl, '--base-url');
    const all: Changes = { ...changes, ...(await absoluteFiles(app.context, changes)), baseUrl };
    if (stdin === null && !use && !changesAnything(all)) throw nothingGiven(name);
    const after = changed(before, all);
    checkSecure(after.baseUrl, after.allowInsecure, name);
    if (before.tokenCommand !== null && after.tokenCommand === null && changes.tokenCommand === undefined)
      app.ui.note('The token command is removed: this authorisation has no token.');
    const asked = stdin !== null || changes.auth !== undefined || changes.username !== undefined;
    const stored = async (): Promise<boolean> =>
      keepsSecret(before, after) && (await getSecret(app.context, name)).value !== null;
    const source = {
      stdin,
      command: `ebill profile set ${name}`,
      prompted: `To be prompted for it: ebill profile set ${name} --auth ${authText(after.auth)}`,
      stored,
    };
    const secret = asked ? await gatherSecret(app, after, source, environmentLayer(app.context.env)) : null;
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would change ${summary(after)}`, { requests: [] });
    // Made again from what is stored by then: another process may have changed other settings.
    let saved = { before, after, change: 'leave' as SecretChange };
    const now = await saveProfile(app, (latest) => {
      saved = savedAs(latest, name, all, secret, after);
      return { profile: saved.after, secret: saved.change, current: use ? name : latest.current };
    });
    await warn(app, saved.before, saved.after, saved.change);
    const kept = asked && saved.change === 'leave' && secretName(saved.after.auth) !== null;
    const missing = kept && !(await stored());
    if (missing) warnOfMissingSecret(app, saved.after);
    const same = saved.change === 'leave' && isDeepStrictEqual(saved.after, saved.before);
    return profileResult(
      app.ui,
      name,
      `${same && !use ? 'Nothing changed in' : 'Changed'} ${summary(saved.after)}${now.current === name ? ', the default profile' : ''}` +
        (kept && !missing ? `; the stored ${secretName(saved.after.auth)} was kept` : ''),
    );
  },
};

/** @throws EbillError CONFLICT when the secret was given for another authorisation than the profile has by now */
function savedAs(
  profiles: Profiles,
  name: string,
  changes: Changes,
  secret: string | null,
  checked: Profile,
): { readonly before: Profile; readonly after: Profile; readonly change: SecretChange } {
  const before = profileNamed(profiles, name);
  const after = changed(before, changes);
  checkSecure(after.baseUrl, after.allowInsecure, name);
  if (secret === null) return { before, after, change: keepsSecret(before, after) ? 'leave' : 'remove' };
  if (!isDeepStrictEqual(after.auth, checked.auth))
    throw new EbillError('CONFLICT', `Another process changed the authorisation of ${name} meanwhile.`, {
      hint: `Nothing was changed by this command. Look at it (ebill profile show ${name}), then run the same command again.`,
    });
  return { before, after, change: { set: secret } };
}

/** A command takes the place of a stored token. */
const keepsSecret = (before: Profile, after: Profile): boolean =>
  sameKind(before.auth, after.auth) && (after.tokenCommand === null || before.tokenCommand !== null);

/** Warns when the secret is missing now, or will be sent to another host. */
async function warn(app: App, before: Profile, after: Profile, change: SecretChange): Promise<void> {
  const removed = before.tokenCommand !== null && after.tokenCommand === null;
  if (change === 'remove' || (change === 'leave' && removed)) {
    warnOfMissingSecret(app, after);
    return;
  }
  if (change !== 'leave' || originOf(before.baseUrl) === originOf(after.baseUrl)) return;
  const command = after.tokenCommand !== null;
  if (!command && (await getSecret(app.context, after.name)).value === null) return;
  const what = command ? 'token that the command prints' : `stored ${secretName(after.auth)}`;
  app.ui.warn(`The ${what} will be sent to ${originOf(after.baseUrl)} from now on.`);
}

function changesAnything(changes: Changes): boolean {
  return Object.values(changes).some((value) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined,
  );
}

function nothingGiven(name: string): EbillError {
  return new EbillError('USAGE', `Nothing to change was given for ${name}.`, {
    hint: `Add an option, for example --production. To see the settings: ebill profile show ${name}`,
  });
}
