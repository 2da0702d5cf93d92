import { table } from '../../output/table.ts';
import type { Theme } from '../../output/theme.ts';
import { authText } from '../../profile/auth.ts';
import { namesOf, type Profile } from '../../profile/profile.ts';
import { readProfiles } from '../../profile/store.ts';
import type { CommandModule } from '../shared/command.ts';
import { profileResult, profileView } from './result.ts';
export const command: CommandModule<Record<string, never>> = {
  help: {
    examples: [
      ['ebill profile list', 'show all profiles'],
      ['ebill profile list --json', 'print them as JSON'],
      ['ebill profile list --format tsv --fields name,baseUrl', 'print two columns for a script'],
    ],
    exitCodes: [],
    seeAlso: ['profile show', 'profile use'],
  },
  configure(command) {
    command.description('List the profiles; * marks the default.');
  },

  options: () => ({}),

  async run({ context, ui }) {
    const profiles = await readProfiles(context);
    const all = namesOf(profiles).flatMap((name) => profiles.all.get(name) ?? []);
    const extra = { profiles: all.map((profile) => profileView(profile, profiles.current)) };
    if (all.length === 0) {
      const next = 'To add one: ebill profile add NAME --base-url https://…';
      return profileResult(ui, null, 'No profiles yet.', { extra, next });
    }
    return profileResult(ui, profiles.current, await listed(all, profiles.current, ui), { extra });
  },
};

/** On a terminal the URLs give way: what they lack is in `profile show`. */
function listed(all: readonly Profile[], current: string | null, theme: Theme): Promise<string> {
  const rows = all.map((profile) => {
    const { name, baseUrl, organisation, production } = profile;
    const server = organisation === null ? baseUrl : `${baseUrl} (${organisation})`;
    return [name === current ? '*' : '', name, server, authCell(profile), production ? 'yes' : 'no'];
  });
  return table(['', 'Name', { title: 'Base URL', least: 20 }, 'Auth', 'Production'], rows, theme);
}

function authCell({ auth, tokenCommand }: Profile): string {
  if (auth.type === 'basic') return `basic (${auth.username})`;
  const kind = authText(auth);
  return tokenCommand === null ? kind : `${kind} (${tokenCommand})`;
}
