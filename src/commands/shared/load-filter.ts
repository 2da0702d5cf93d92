import { type ServerAddress, serverOf } from '../../api/connection.ts';
import type { StatusNames } from '../../batch/phase.ts';
import type { LoadFilter } from '../../load/loads.ts';
import { NO_PROFILES } from '../../profile/profile.ts';
import { loadProfiles } from '../../profile/store.ts';
import type { Context } from '../../system/context.ts';

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
