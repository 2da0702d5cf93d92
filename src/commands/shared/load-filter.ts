import { type ServerAddress, serverOf } from '../../api/connection.ts';
import type { StatusNames } from '../../batch/phase.ts';
import { EbillError } from '../../errors.ts';
import type { Salvaged } from '../../load/journal-lines.ts';
import { findJournals, type LoadFilter, loadNames } from '../../load/loads.ts';
import { NO_PROFILES, profileNamed } from '../../profile/profile.ts';
import { loadProfiles } from '../../profile/store.ts';
import type { Context } from '../../system/context.ts';
import { quoted } from '../../system/escaping.ts';
import type { App } from './command.ts';

/**
 * The loads that `--base-url` or `--profile` selects: those on its server, whatever profile they were started with
 * (api rule 25). A profile that is gone selects those started with it.
 * @throws EbillError USAGE when the profiles cannot be read
 */
export async function loadFilter(
  context: Context,
  { profile, baseUrl }: { readonly profile: string | null; readonly baseUrl: string | null },
): Promise<LoadFilter> {
  if (baseUrl !== null) return { profile, baseUrl };
  if (profile === null) return null;
  const { all } = await loadProfiles(context);
  const known = all.get(profile);
  return known === undefined ? { profile } : { ...known, profile };
}

/**
 * Where no load was found: an unknown `--profile` is a typing error rather than a profile that is gone.
 * @throws EbillError USAGE
 */
export async function assertProfileKnown({ context, globals }: App): Promise<void> {
  if (globals.profile !== null) profileNamed(await loadProfiles(context), globals.profile);
}

/**
 * The status names that the profile of a load maps (api rule 6); none for a load without a profile, or when profiles cannot
 * be read.
 */
export async function statusNamesOf(
  context: Context,
): Promise<(header: { readonly profile: string | null }) => StatusNames> {
  const profiles = await loadProfiles(context).catch(() => NO_PROFILES);
  return ({ profile }) => profiles.all.get(profile ?? '')?.statusNames ?? {};
}

/** A server in one spelling, for people. */
export function serverText({ baseUrl, organisation }: ServerAddress): string {
  const server = serverOf({ baseUrl });
  return organisation ? `${server} (${organisation})` : server;
}

/** @throws EbillError USAGE when no journal has this name, or several have it */
export async function findLoad(app: App, job: string): Promise<Salvaged & { readonly path: string }> {
  const { state } = app.context.paths;
  const filter = await loadFilter(app.context, app.globals);
  const found = await findJournals(state, filter, job);
  const [load] = found;
  if (load === undefined) {
    await assertProfileKnown(app);
    const names = (await loadNames(state, filter)).map((header) => header.job);
    throw new EbillError('USAGE', `This machine has no journal of ${job}.`, {
      hint: `${names.length === 0 ? '' : `Known: ${[...new Set(names)].slice(0, 10).join(', ')}. `}To ask the server: ebill status --job ${quoted(job, app.context)}`,
    });
  }
  if (found.length > 1) {
    const names = found.map(({ header, path }) => (header ? `${path} (on ${serverText(header)})` : path));
    throw new EbillError('USAGE', `There are ${found.length} journals of ${job}: ${names.join(', ')}.`, {
      hint: 'Choose a server with --profile or --base-url.',
    });
  }
  return load;
}
