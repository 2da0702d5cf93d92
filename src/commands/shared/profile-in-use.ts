import { environmentLayer } from '../../profile/environment.ts';
import { checkProfileName, unknownProfile } from '../../profile/name.ts';
import { namesOf, type Profile } from '../../profile/profile.ts';
import { profileAsked } from '../../profile/resolve.ts';
import { loadProfiles } from '../../profile/store.ts';
import type { App } from './command.ts';

/** The profile a call would go by, without its secret; `null` when none is named or in use. */
export async function profileOf(app: App): Promise<Profile | null> {
  const asked = profileAsked(app.globals, environmentLayer(app.context.env));
  if (asked === 'none') return null;
  const profiles = await loadProfiles(app.context);
  const name = asked === 'in use' ? profiles.current : checkProfileName(asked.name);
  if (name === null) return null;
  const profile = profiles.all.get(name);
  if (profile === undefined) throw unknownProfile(name, namesOf(profiles));
  return profile;
}
