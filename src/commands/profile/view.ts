import { displayProxy } from '../../api/net/proxy.ts';
import type { Columns } from '../../batch/columns.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import type { Theme } from '../../output/theme.ts';
import { authText } from '../../profile/auth.ts';
import type { Profile } from '../../profile/profile.ts';
import { isSecretName } from '../../redact/known-secrets.ts';
import { visible } from '../../system/escaping.ts';
import { type CommandResult, EMPTY_RESULT } from '../shared/command.ts';

const HIDDEN = '***';

/** A profile as `--json` and `profile show` print it: a whitelist without secrets (commands rule 4). */
export interface ProfileView {
  readonly name: string;
  readonly current: boolean;
  readonly baseUrl: string;
  readonly organisation: string | null;
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
    organisation: profile.organisation,
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

/** Hides the values of headers and parameters that are named like a key or token. */
function masked(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, isSecretName(key) ? HIDDEN : value]),
  );
}

/** The result of every `profile` command; it has no load and no batches. */
export function profileResult(
  { width }: Pick<Theme, 'width'>,
  profile: string | null,
  text: string,
  more: Pick<CommandResult, 'extra' | 'next' | 'requests'> = {},
): CommandResult {
  const lines = text.split('\n').map((line) => hangingIndent('', line, width, 2));
  return { ...EMPTY_RESULT, profile, text: lines.join('\n'), ...more };
}

/** One line: `prod: https://ebill.example.com (basic as loader, production)`. */
export function summary(profile: Profile): string {
  const who = profile.auth.type === 'basic' ? ` as ${profile.auth.username}` : '';
  const production = profile.production ? ', production' : '';
  const of = profile.organisation === null ? '' : ` for ${profile.organisation}`;
  return visible(`${profile.name}: ${profile.baseUrl}${of} (${authText(profile.auth)}${who}${production})`);
}
