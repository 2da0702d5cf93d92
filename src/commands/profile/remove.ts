import { EbillError } from '../../errors.ts';
import { confirm } from '../../output/prompt.ts';
import { checkProfileName, unknownProfile } from '../../profile/name.ts';
import { namesOf } from '../../profile/profile.ts';
import { changeProfiles, loadProfiles } from '../../profile/store.ts';
import type { CommandModule } from '../shared/command.ts';
import { forget, summary } from './keep.ts';
import { profileResult } from './result.ts';

/** `ebill profile remove NAME`: the profile and its secret; journals of its loads stay. */
export const command: CommandModule<{ readonly name: string }> = {
  help: {
    notes: ['Asks first on a terminal, unless --yes is given. The journals of its loads stay.'],
    examples: [
      ['ebill profile remove test', 'asks first'],
      ['ebill profile remove test --yes', 'does not'],
      ['ebill profile remove test --yes --json', 'for a script'],
    ],
    exitCodes: [],
    seeAlso: ['profile list'],
  },
  configure(command) {
    command.description('Forget a profile and its password or token.').argument('<name>', 'the profile');
  },

  options: (args) => ({ name: checkProfileName(String(args[0] ?? '')) }),

  async run(app, { name }) {
    const profiles = await loadProfiles(app.context);
    const profile = profiles.all.get(name);
    if (profile === undefined) throw unknownProfile(name, namesOf(profiles));
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would remove ${summary(profile)}`, { requests: [] });
    if (app.ui.interactive && !app.globals.yes) {
      app.ui.end();
      const sure = await confirm(app.context, `Remove ${summary(profile)}?`);
      if (!sure) {
        throw new EbillError('DECLINED', `Profile ${name} was not removed.`, {
          hint: 'To remove it unasked, add --yes.',
        });
      }
    }
    // The secret first: broken off between the two, no secret is left that nothing lists.
    await forget(app, name);
    const now = await changeProfiles(app.context, (before) => {
      const all = new Map(before.all);
      all.delete(name);
      return { current: before.current === name ? null : before.current, all };
    });
    const next =
      now.current === null && now.all.size > 0
        ? {
            next: `No profile is in use now. To choose one (${namesOf(now).join(', ')}): ebill profile use NAME`,
          }
        : {};
    return profileResult(app.ui, name, `Removed profile ${name}`, next);
  },
};
