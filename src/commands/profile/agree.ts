import { EbillError } from '../../errors.ts';
import { confirm } from '../../output/prompt.ts';
import { secretName } from '../../profile/auth-kind.ts';
import type { Profile, Profiles } from '../../profile/profile.ts';
import type { App } from '../shared/command.ts';
import { tryOut } from './try-out.ts';

/**
 * The end of a conversation about a new profile, before anything is kept: a test call, whether to keep a profile that
 * failed it, and whether to use it from now on.
 *
 * @param use was it asked for already (`--use`)?
 * @returns whether to use it from now on
 * @throws EbillError `DECLINED` when it is not to be kept, `INTERRUPTED` when a question was left unanswered
 */
export async function agree(
  app: App,
  profile: Profile,
  secret: string | null,
  profiles: Profiles,
  use: boolean,
): Promise<boolean> {
  // Without its secret the answer is known: it has to be given at each call, and is not here now.
  if (secret !== null || secretName(profile.auth) === null) {
    const { state, message, hint } = await tryOut(app, profile, secret);
    if (state === 'ok') app.ui.note(`Test call: ${message}.`);
    else {
      app.ui.warn(`The test call failed. ${message} ${hint}`.trimEnd());
      if (!(await yes(app, 'Keep the profile anyway?'))) throw declined(profile.name);
    }
  }
  // The first one is in use without a word.
  if (use || profiles.all.size === 0) return true;
  const instead = profiles.current === null ? '' : ` instead of ${profiles.current}`;
  return yes(app, `Use ${profile.name} from now on${instead}, when none is named?`);
}

/** Before the first question. */
export function introduce({ ui }: App): void {
  ui.note('A profile keeps an eBill server, and how to authorise there, under a name.');
  ui.note('Nothing is kept before the last answer; Ctrl-C leaves.');
}

/** Is it one to be careful with? Asked because whoever adds it knows, and a mistake there is a real bill. */
export function askProduction(app: App): Promise<boolean> {
  return yes(app, 'Is it production, with real bills? Commands that write there then ask first.');
}

async function yes(app: App, question: string): Promise<boolean> {
  app.ui.end();
  return app.globals.yes || confirm(app.context, question);
}

function declined(name: string): EbillError {
  return new EbillError('DECLINED', `The profile ${name} was not kept; nothing was changed.`, {
    hint: 'Run it again with what was wrong put right: ebill profile add',
  });
}
