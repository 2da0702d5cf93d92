import { EbillError } from '../../errors.ts';
import { confirm } from '../../output/prompt.ts';
import { checkProfileName, namesOf, profileNamed } from '../../profile/profile.ts';
import { changeProfiles, readProfiles } from '../../profile/store.ts';
import type { CommandModule } from '../shared/command.ts';
import { forgetSecret, profileResult, summary } from './result.ts';
export const command: CommandModule<{ readonly name: string }> = {
  help: {
    notes: ['On a terminal it asks first, unless --yes is given. The journals of the loads stay.'],
    examples: [
      ['ebill profile remove test', 'remove it after a question'],
      ['ebill profile remove test --yes', 'remove it without one'],
      ['ebill profile remove test --yes --json', 'print the result as JSON'],
    ],
    exitCodes: [],
    seeAlso: ['profile list'],
  },
  configure(command) {
    command
      .description('Remove a profile and its stored password or token.')
      .argument('<name>', 'the profile');
  },

  options: (args) => ({ name: checkProfileName(String(args[0] ?? '')) }),

  async run(app, { name }) {
    const profiles = await readProfiles(app.context);
    const profile = profileNamed(profiles, name);
    if (app.globals.dryRun)
      return profileResult(app.ui, name, `Would remove ${summary(profile)}`, { requests: [] });
    if (app.ui.interactive && !app.globals.yes) {
      app.ui.end();
      const sure = await confirm(app.context, `Remove ${summary(profile)}?`);
      if (!sure) {
        throw new EbillError('DECLINED', `Profile ${name} was not removed.`, {
          hint: 'To remove it without a question, add --yes.',
        });
      }
    }
    const now = await changeProfiles(app.context, async (before) => {
      // The secret comes first: killed between the two, no secret is left that no profile lists.
      await forgetSecret(app, name);
      const all = new Map(before.all);
      all.delete(name);
      return { current: before.current === name ? null : before.current, all };
    });
    const next =
      now.current === null && now.all.size > 0
        ? {
            next: `There is no default profile now. To choose one (${namesOf(now).join(', ')}): ebill profile use NAME`,
          }
        : {};
    return profileResult(app.ui, name, `Removed profile ${name}`, next);
  },
};
