import { EbillError } from '../errors.ts';
import { parseDuration } from '../system/quantities.ts';
import type { SandboxAuth } from './credentials.ts';
import type { SandboxOptions } from './options.ts';
import { worldOptions } from './worlds.ts';

/** The sandbox's options as text, from a command line. */
export interface SandboxFlags {
  readonly port?: string | undefined;
  readonly s3Port?: string | undefined;
  readonly host?: string | undefined;
  readonly allowRemote?: boolean | undefined;
  readonly publicS3Url?: string | undefined;
  readonly data?: string | undefined;
  /** Duration. */
  readonly processingTime?: string | undefined;
  /** Duration. */
  readonly latency?: string | undefined;
  /** Bytes per second: `500k`, `20M`, `1G` (powers of 1000), or a number. */
  readonly bandwidth?: string | undefined;
  readonly style?: string | undefined;
  readonly duplicates?: string | undefined;
  readonly echo?: string | undefined;
  /** `none`, `basic`, `bearer` or `header:NAME`; the rest comes from `username`, `password`, `token`. */
  readonly auth?: string | undefined;
  /** These three default to `sandbox`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly world?: readonly string[] | undefined;
  readonly fault?: readonly string[] | undefined;
  readonly log?: string | undefined;
  /** Duration. */
  readonly urlExpiry?: string | undefined;
  readonly downloadUrls?: string | undefined;
  /** Duration. */
  readonly downloadLife?: string | undefined;
  readonly runningName?: string | undefined;
  readonly draftName?: string | undefined;
}

/** @throws EbillError USAGE that names the option and the values it accepts */
export function sandboxOptions(flags: SandboxFlags): SandboxOptions {
  const world = worldOptions(flags.world ?? []);
  const given = givenOptions(flags);
  const faults = [...(given.faults ?? []), ...(world.faults ?? [])];
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...world, ...Object.fromEntries(entries), faults };
}

function givenOptions(flags: SandboxFlags): SandboxOptions {
  return {
    port: number(flags.port, '--port'),
    s3Port: number(flags.s3Port, '--s3-port'),
    host: flags.host,
    allowRemote: flags.allowRemote,
    publicS3Url: flags.publicS3Url,
    data: flags.data,
    processingTimeMs: duration(flags.processingTime, '--processing-time'),
    latencyMs: duration(flags.latency, '--latency'),
    bandwidth: rate(flags.bandwidth),
    style: choice(flags.style, '--style', ['escaped', 'bare']),
    duplicates: choice(flags.duplicates, '--duplicates', ['refuse', 'conflict', 'reissue', 'another']),
    echo: choice(flags.echo, '--echo', ['request', 'vendor']),
    auth: authOf(flags),
    faults: flags.fault,
    logFile: flags.log,
    urlExpirySeconds: seconds(flags.urlExpiry, '--url-expiry'),
    downloadUrls: choice(flags.downloadUrls, '--download-urls', ['fixed', 'fresh']),
    downloadExpirySeconds: seconds(flags.downloadLife, '--download-life'),
    runningName: flags.runningName,
    draftName: flags.draftName,
  };
}

function authOf(flags: SandboxFlags): SandboxAuth | undefined {
  const { auth, username = 'sandbox', password = 'sandbox-password', token = 'sandbox-token' } = flags;
  if (auth === undefined) return undefined;
  if (auth === 'none') return { type: 'none' };
  if (auth === 'basic') return { type: 'basic', username, password };
  if (auth === 'bearer') return { type: 'bearer', token };
  const name = /^header:([A-Za-z0-9!#$%&'*+.^_`|~-]+)$/.exec(auth)?.[1];
  if (name !== undefined) return { type: 'header', name, token };
  throw new EbillError('USAGE', `--auth cannot be "${auth}"`, {
    hint: 'Use none, basic, bearer or header:NAME.',
  });
}

function number(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new EbillError('USAGE', `${option}: "${text}" is not a number`, { hint: 'Give a whole number.' });
}

function duration(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : parseDuration(text, option);
}

function seconds(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : Math.max(1, Math.round(parseDuration(text, option) / 1000));
}

function rate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)([kMG]?)B?(?:\/s)?$/i.exec(text);
  if (!match) {
    throw new EbillError('USAGE', `--bandwidth: "${text}" is not a rate`, {
      hint: 'Give bytes a second: 500k, 20M, or a plain number.',
    });
  }
  const unit = { k: 1e3, m: 1e6, g: 1e9 }[match[2]?.toLowerCase() ?? ''] ?? 1;
  return Math.max(1, Math.round(Number(match[1]) * unit));
}

function choice<T extends string>(
  text: string | undefined,
  option: string,
  allowed: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = allowed.find((value) => value === text);
  if (found !== undefined) return found;
  throw new EbillError('USAGE', `${option} cannot be "${text}"`, {
    hint: `Use ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}.`,
  });
}
