import { displayProxy } from '../../api/net/proxy.ts';
import type { Columns } from '../../batch/columns.ts';
import { authText } from '../../profile/auth-kind.ts';
import type { Profile } from '../../profile/profile.ts';
import { namesSecret } from '../../profile/register.ts';

const HIDDEN = '***';

/** A profile as `--json` and `show` give it: a whitelist, with nothing in it that may be a secret (cli.md, promise 4). */
export interface ProfileView {
  readonly name: string;
  readonly current: boolean;
  readonly baseUrl: string;
  readonly auth: string;
  readonly username: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly statusNames: Readonly<Record<string, string>>;
  readonly columns: Columns;
  readonly caFile: string | null;
  readonly clientCert: string | null;
  readonly clientKey: string | null;
  readonly proxy: string | null;
  readonly allowInsecure: boolean;
  readonly production: boolean;
}

export function profileView(profile: Profile, current: string | null): ProfileView {
  return {
    name: profile.name,
    current: profile.name === current,
    baseUrl: profile.baseUrl,
    auth: authText(profile.auth),
    username: profile.auth.type === 'basic' ? profile.auth.username : null,
    query: masked(profile.query),
    headers: masked(profile.headers),
    statusNames: { ...profile.statusNames },
    columns: profile.columns,
    caFile: profile.caFile,
    clientCert: profile.clientCert,
    clientKey: profile.clientKey,
    proxy: profile.proxy === null ? null : displayProxy(profile.proxy),
    allowInsecure: profile.allowInsecure,
    production: profile.production,
  };
}

/** A header or parameter named like a key is one. */
function masked(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, namesSecret(key) ? HIDDEN : value]),
  );
}
