import { checkProfileName, profileNamed } from '../../profile/profile.ts';
import { changeProfiles, readProfiles } from '../../profile/store.ts';
import type { CommandModule } from '../shared/command.ts';
import { profileResult, summary } from './result.ts';

export const command: CommandModule<{ readonly name: string }> = {
  help: {
    notes: ['--profile and EBILL_PROFILE take precedence over the default.'],
    examples: [
      ['ebill profile use prod', 'make prod the default'],
      ['ebill --profile test status --job AUG_2020', 'use another profile for one command'],
      ['ebill profile use prod --json', 'print the result as JSON'],
    ],
    exitCodes: [],
    seeAlso: ['profile list', 'help environment'],
  },
  configure(command) {
    command
      .description('Make a profile the default, which is used when none is named.')
      .argument('<name>', 'the profile');
  },

  options: (args) => ({ name: checkProfileName(String(args[0] ?? '')) }),

  async run(app, { name }) {
    const profiles = await readProfiles(app.context);
    const profile = profileNamed(profiles, name);
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would make the default: ${summary(profile)}`, { requests: [] });
    if (profiles.current !== name) {
      await changeProfiles(app.context, (now) => {
        profileNamed(now, name);
        return { ...now, current: name };
      });
    }
    return profileResult(app.ui, name, `The default is now ${summary(profile)}`);
  },
};
