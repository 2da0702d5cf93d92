import { authText, secretName } from '../../profile/auth-kind.ts';
import type { Profile, Profiles } from '../../profile/profile.ts';
import { type Kept, removeSecret, secretsPath, setSecret } from '../../profile/secrets.ts';
import { changeProfiles } from '../../profile/store.ts';
import { visible } from '../../system/escaping.ts';
import type { App } from '../shared/command.ts';

/** What becomes of the stored secret: a new one, none, or the one there is. */
export type SecretChange = { readonly set: string } | 'remove' | 'leave';

/**
 * Writes a profile and its secret. The secret first: broken off between the two, a secret without a profile is
 * overwritten by the same command run again, and a profile never has another's secret.
 */
export async function keep(
  app: App,
  profile: Profile,
  secret: SecretChange,
  current: (profiles: Profiles) => string | null,
): Promise<Profiles> {
  if (secret === 'remove') await forget(app, profile.name);
  else if (secret !== 'leave') tellWhere(app, await setSecret(app.context, profile.name, secret.set));
  return changeProfiles(app.context, (profiles) => ({
    current: current(profiles),
    all: new Map(profiles.all).set(profile.name, profile),
  }));
}

/** Takes a profile's secret away from wherever it is, and says what could not be taken. */
export async function forget({ context, ui }: App, name: string): Promise<void> {
  const left = await removeSecret(context, name);
  if (left !== null) ui.warn(left);
}

/** Where the secret is now: people should know before they look for it. */
function tellWhere(app: App, kept: Kept): void {
  app.ui.note(
    kept.where === 'keychain'
      ? "The secret is in this machine's keychain."
      : `The secret is in ${secretsPath(app.context)}, readable by you alone (${kept.why}).`,
  );
}

/** One line about a profile, for people. */
export function summary(profile: Profile): string {
  const who = profile.auth.type === 'basic' ? ` as ${profile.auth.username}` : '';
  const production = profile.production ? ', production' : '';
  return visible(`${profile.name}: ${profile.baseUrl} (${authText(profile.auth)}${who}${production})`);
}

/** Says that a profile cannot authorise yet, and both ways to change that. */
export function warnOfMissing(app: App, profile: Profile): void {
  const what = secretName(profile.auth);
  if (what === null) return;
  app.ui.warn(
    `No ${what} is stored for ${profile.name}: set EBILL_${what.toUpperCase()} at each call, ` +
      `or keep it with: ebill profile set ${profile.name} --${what}-stdin`,
  );
}
