import { columnList } from '../../batch/columns.ts';
import { EbillError } from '../../errors.ts';
import type { Theme } from '../../output/theme.ts';
import { secretName } from '../../profile/auth.ts';
import { checkProfileName, namesOf, type Profiles, profileNamed } from '../../profile/profile.ts';
import { getSecret, isInKeychain, secretsPath } from '../../profile/secrets.ts';
import { readProfiles } from '../../profile/store.ts';
import type { App, CommandModule } from '../shared/command.ts';
import { type ProfileView, profileResult, profileView } from './result.ts';
export const command: CommandModule<{ readonly name: string | null }> = {
  help: {
    notes: ['Headers and query parameters that are named like a key or token are shown as ***.'],
    examples: [
      ['ebill profile show', 'show the default profile'],
      ['ebill profile show prod', 'show another profile'],
      ['ebill profile show prod --json', 'print it as JSON'],
    ],
    exitCodes: [],
    seeAlso: ['profile set', 'help security'],
  },
  configure(command) {
    command
      .description('Show the settings of a profile, without its secrets.')
      .argument('[name]', 'the profile (default: --profile, EBILL_PROFILE, else the default profile)');
  },

  options: ([name]) => ({ name: typeof name === 'string' ? checkProfileName(name) : null }),

  async run(app, options) {
    const profiles = await readProfiles(app.context);
    const name = options.name ?? nameFor(app, profiles);
    const profile = profileNamed(profiles, name);
    const kind = secretName(profile.auth);
    const command = profile.tokenCommand;
    const stored = kind === null || command !== null ? null : await getSecret(app.context, name);
    if (stored?.value) app.redactor.add(stored.value);
    if (stored?.warning) app.ui.warn(stored.warning);
    const secret = stored === null ? null : stored.value === null ? 'missing' : 'stored';
    const keychain = secret !== null && (await isInKeychain(app.context, name));
    const place = keychain ? "this machine's keychain" : secretsPath(app.context);
    const secretPlace = secret === 'stored' ? (keychain ? 'keychain' : 'file') : null;
    const view = profileView(profile, profiles.current);
    const text = settings(
      app.ui,
      view,
      stored === null ? [] : [[kind ?? '', secret === 'stored' ? `stored in ${place}` : 'missing']],
    );
    return profileResult(app.ui, name, text, { extra: { profiles: [{ ...view, secret, secretPlace }] } });
  },
};

function nameFor(app: App, profiles: Profiles): string {
  const name = app.globals.profile ?? (app.context.env['EBILL_PROFILE'] || profiles.current);
  if (name !== null) return checkProfileName(name);
  throw new EbillError('USAGE', 'No profile was named and there is no default.', {
    hint:
      profiles.all.size === 0
        ? 'Add one: ebill profile add NAME --base-url https://…'
        : `Name one of: ${namesOf(profiles).join(', ')}`,
  });
}

function settings(
  { clean }: Pick<Theme, 'clean'>,
  view: ProfileView,
  secret: readonly (readonly [string, string])[],
): string {
  const pairs = (label: string, record: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(record).map(([key, value]) => [label, `${key}=${value}`]);
  const yes = (flag: boolean): string => (flag ? 'yes' : 'no');
  const rows: readonly (readonly [string, string | null])[] = [
    ['name', view.current ? `${view.name} (default)` : view.name],
    ['base URL', view.baseUrl],
    ['organisation', view.organisation],
    ['auth', view.auth],
    ['username', view.username],
    ['token command', view.tokenCommand],
    ...secret,
    ...pairs('query', view.query),
    ...pairs('header', view.headers),
    ...pairs('status name', view.statusNames),
    ...pairs('record status', view.recordStatus),
    ...pairs('column', Object.fromEntries(columnList(view.columns))),
    ['CA file', view.caFile],
    ['client certificate', view.clientCert],
    ['client key', view.clientKey],
    ['proxy', view.proxy],
    ['plain http', view.allowInsecure ? 'allowed' : 'refused'],
    ['production', yes(view.production)],
  ];
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== null);
  const width = Math.max(...shown.map(([label]) => label.length)) + 1;
  return shown.map(([label, value]) => `${`${label}:`.padEnd(width)} ${clean(value)}`).join('\n');
}
