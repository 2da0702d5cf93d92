import { table } from '../../output/table.ts';
import type { Theme } from '../../output/theme.ts';
import { namesOf, type Profile } from '../../profile/profile.ts';
import { loadProfiles } from '../../profile/store.ts';
import type { CommandModule } from '../shared/command.ts';
import { profileResult } from './result.ts';
import { profileView } from './view.ts';

/** `ebill profile list`: one line each, the one in use marked. */
export const command: CommandModule<Record<string, never>> = {
  help: {
    examples: [
      ['ebill profile list', 'all of them'],
      ['ebill profile list --json', 'for a script'],
      ['ebill profile list --quiet', 'without notes on stderr'],
    ],
    exitCodes: [],
    seeAlso: ['profile show', 'profile use'],
  },
  configure(command) {
    command.description('List the profiles; * marks the one in use.');
  },

  options: () => ({}),

  async run(app) {
    const profiles = await loadProfiles(app.context);
    const all = namesOf(profiles).flatMap((name) => profiles.all.get(name) ?? []);
    const extra = { profiles: all.map((profile) => profileView(profile, profiles.current)) };
    if (all.length === 0) {
      const next = 'To add one: ebill profile add NAME --base-url https://…';
      return profileResult(app.ui, null, 'No profiles yet.', { extra, next });
    }
    return profileResult(app.ui, profiles.current, await listed(all, profiles.current, app.ui), { extra });
  },
};

/** On a terminal the URLs give way: what they lack is in `profile show`. */
function listed(all: readonly Profile[], current: string | null, theme: Theme): Promise<string> {
  const rows = all.map((profile) => {
    const { name, baseUrl, production } = profile;
    return [name === current ? '*' : '', name, baseUrl, how(profile), production ? 'yes' : 'no'];
  });
  return table(['', 'Name', { title: 'Base URL', least: 20 }, 'Auth', 'Production'], rows, theme);
}

function how({ auth }: Profile): string {
  if (auth.type === 'basic') return `basic (${auth.username})`;
  return auth.type === 'header' ? `header:${auth.name}` : auth.type;
}
