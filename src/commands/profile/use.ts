import { checkProfileName, unknownProfile } from '../../profile/name.ts';
import { namesOf } from '../../profile/profile.ts';
import { changeProfiles, loadProfiles } from '../../profile/store.ts';
import type { CommandModule } from '../shared/command.ts';
import { summary } from './keep.ts';
import { profileResult } from './result.ts';

/** `ebill profile use NAME`: the profile of every call that names none. */
export const command: CommandModule<{ readonly name: string }> = {
  help: {
    notes: ['--profile and EBILL_PROFILE go before it.'],
    examples: [
      ['ebill profile use prod', 'from now on'],
      ['ebill --profile test status --job AUG_2020', 'another one for one command'],
      ['ebill profile use prod --json', 'for a script'],
    ],
    exitCodes: [],
    seeAlso: ['profile list', 'help environment'],
  },
  configure(command) {
    command.description('Use a profile from now on when none is named.').argument('<name>', 'the profile');
  },

  options: (args) => ({ name: checkProfileName(String(args[0] ?? '')) }),

  async run(app, { name }) {
    const profiles = await loadProfiles(app.context);
    const profile = profiles.all.get(name);
    if (profile === undefined) throw unknownProfile(name, namesOf(profiles));
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would use ${summary(profile)}`, { requests: [] });
    if (profiles.current !== name) {
      await changeProfiles(app.context, (now) => {
        if (!now.all.has(name)) throw unknownProfile(name, namesOf(now));
        return { ...now, current: name };
      });
    }
    return profileResult(app.ui, name, `Using ${summary(profile)}`);
  },
};
