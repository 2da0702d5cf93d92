import { setTimeout as delay } from 'node:timers/promises';
import { EbillError } from '../errors.ts';
import type { SandboxAuth } from './credentials.ts';

/** Everything has a default. Times are in milliseconds unless the name says seconds. */
export interface SandboxOptions {
  /** API port; 0 (default) is any free one. */
  readonly port?: number | undefined;
  /** S3 port; default: `port` + 1, or a free one when `port` is 0. */
  readonly s3Port?: number | undefined;
  /** Interface to listen on, 127.0.0.1 by default. */
  readonly host?: string | undefined;
  /** Allows a `host` other than loopback. */
  readonly allowRemote?: boolean | undefined;
  /** Origin of the S3 side for clients, when it is not `host` and port (a container's mapped port). */
  readonly publicS3Url?: string | undefined;
  /** Folder to keep between runs; default: a temporary one, removed at close. */
  readonly data?: string | undefined;
  /** From finalize to final, 3000 by default. A batch is final when it is over and the records are processed. */
  readonly processingTimeMs?: number | undefined;
  /** Before every answer, 0 by default. */
  readonly latencyMs?: number | undefined;
  /** Bytes per second for each upload connection; `null` (default): no limit. */
  readonly bandwidth?: number | null | undefined;
  /** How `&` in URLs is written: `bare` (default) as in the vendor's examples, or `escaped` as in well-formed XML. */
  readonly style?: 'escaped' | 'bare' | undefined;
  /**
   * A create with a known job id gets an error, 400 (`refuse`, default) or 409 (`conflict`); while Draft, the same batch and a
   * new URL (`reissue`); or another batch of that name (`another`).
   */
  readonly duplicates?: Duplicates | undefined;
  /** Whether an init or a finalize that happened is refused when it comes again (default), or happens again. */
  readonly repeats?: 'refuse' | 'execute' | undefined;
  /** A finalize while a file is missing is refused (default), or accepted, and the batch fails. */
  readonly missingFiles?: 'refuse' | 'fail' | undefined;
  /** `request` (default) echoes the sub-operation asked for; `vendor` says Customer for invoices, as the example does. */
  readonly echo?: 'request' | 'vendor' | undefined;
  readonly auth?: SandboxAuth | undefined;
  /** Fault specs, see README.md. */
  readonly faults?: readonly string[] | undefined;
  /** Each request is appended as a JSON line. */
  readonly logFile?: string | undefined;
  /** Lifetime of an upload URL, 3599 by default. */
  readonly urlExpirySeconds?: number | undefined;
  /**
   * `fixed` (default): a download URL is signed once, when its batch ends, as at the vendor (api rule 11). `fresh`: each answer
   * has a newly signed one.
   */
  readonly downloadUrls?: 'fixed' | 'fresh' | undefined;
  /** Lifetime of a download URL, 25140 (6 h 59 min) by default. */
  readonly downloadExpirySeconds?: number | undefined;
  /** Milliseconds since 1970, for phases, dates and expiry. */
  readonly now?: (() => number) | undefined;
  /** Waits by the same clock as `now`, for latency and faults. It never rejects. */
  readonly sleep?: Sleep | undefined;
  readonly s3Credentials?: S3Credentials | undefined;
  /** Status name between Queued and final, `InProgress` by default; the vendor's text does not have it. */
  readonly runningName?: string | undefined;
  /** Status name of a batch before its finalize, `Draft` by default. */
  readonly draftName?: string | undefined;
  /** What a result file says of a loaded and of a rejected record, `Success` and `Failed` by default. */
  readonly recordWords?: readonly [loaded: string, rejected: string] | undefined;
  /** Ids in answers are padded with zeros to this number of digits; 0 (default): not padded. */
  readonly padIds?: number | undefined;
  /** Without `Cache-Control: no-cache`, a status question gets the last answer again for this long; 0 by default. */
  readonly cacheMs?: number | undefined;
  /** Counts are empty for this long after the final status; 0 by default. */
  readonly countsDelayMs?: number | undefined;
  /** The parts of an init are empty for this long after it; 0 by default. */
  readonly initPartsDelayMs?: number | undefined;
  /** Organisation, the first part of every object key; `acme` by default. */
  readonly org?: string | undefined;
  readonly bucket?: string | undefined;
  /** Open invoices and memos of a fresh sandbox, which the first init carries forward. 20375, 0 and 0 by default. */
  readonly openInvoices?: number | undefined;
  readonly openCreditMemos?: number | undefined;
  readonly openDebitMemos?: number | undefined;
  /** An upload that sends nothing for this long gets S3's RequestTimeout; 20000 by default. */
  readonly bodyIdleMs?: number | undefined;
}

export type Duplicates = 'refuse' | 'conflict' | 'reissue' | 'another';
type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The options with every default filled in. */
export interface Settings {
  readonly port: number;
  readonly s3Port: number;
  readonly host: string;
  readonly publicS3Url: string | null;
  readonly data: string | null;
  readonly processingTimeMs: number;
  readonly latencyMs: number;
  readonly bandwidth: number | null;
  readonly style: 'escaped' | 'bare';
  readonly duplicates: Duplicates;
  readonly repeats: 'refuse' | 'execute';
  readonly missingFiles: 'refuse' | 'fail';
  readonly echo: 'request' | 'vendor';
  readonly auth: SandboxAuth;
  readonly faults: readonly string[];
  readonly logFile: string | null;
  readonly urlExpirySeconds: number;
  readonly downloadUrls: 'fixed' | 'fresh';
  readonly downloadExpirySeconds: number;
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly s3Credentials: S3Credentials;
  readonly runningName: string;
  readonly draftName: string;
  readonly recordWords: readonly [loaded: string, rejected: string];
  readonly padIds: number;
  readonly cacheMs: number;
  readonly countsDelayMs: number;
  readonly initPartsDelayMs: number;
  readonly org: string;
  readonly bucket: string;
  readonly openInvoices: number;
  readonly openCreditMemos: number;
  readonly openDebitMemos: number;
  readonly bodyIdleMs: number;
}

/** Fixed, so that a URL signed before a restart still verifies after it. It is public and protects nothing. */
const SANDBOX_KEY: S3Credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'ebill-sandbox-secret-not-a-secret',
};

/** @throws EbillError USAGE for a host other than loopback without `allowRemote`, and for numbers out of range */
export function settingsOf(options: SandboxOptions): Settings {
  const port = integer(options.port ?? 0, 'port', 0, 65_535);
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host) && !options.allowRemote) {
    throw new EbillError('USAGE', `The sandbox does not listen on ${host}: others could reach it`, {
      hint: 'Leave --host out to stay on this machine, or add --allow-remote to mean it.',
    });
  }
  return {
    port,
    s3Port: integer(options.s3Port ?? (port === 0 ? 0 : port + 1), 's3 port', 0, 65_535),
    host,
    publicS3Url: options.publicS3Url?.replace(/\/+$/, '') ?? null,
    data: options.data ?? null,
    processingTimeMs: integer(options.processingTimeMs ?? 3000, 'processing time', 0),
    latencyMs: integer(options.latencyMs ?? 0, 'latency', 0),
    bandwidth: options.bandwidth == null ? null : integer(options.bandwidth, 'bandwidth', 1),
    style: options.style ?? 'bare',
    duplicates: options.duplicates ?? 'refuse',
    repeats: options.repeats ?? 'refuse',
    missingFiles: options.missingFiles ?? 'refuse',
    echo: options.echo ?? 'request',
    auth: options.auth ?? { type: 'none' },
    faults: options.faults ?? [],
    logFile: options.logFile ?? null,
    // S3 signs for a week at most.
    urlExpirySeconds: integer(options.urlExpirySeconds ?? 3599, 'URL expiry', 1, 604_800),
    downloadUrls: options.downloadUrls ?? 'fixed',
    downloadExpirySeconds: integer(
      options.downloadExpirySeconds ?? 25_140,
      'download URL expiry',
      1,
      604_800,
    ),
    now: options.now ?? Date.now,
    sleep: options.sleep ?? realSleep,
    s3Credentials: options.s3Credentials ?? SANDBOX_KEY,
    runningName: options.runningName ?? 'InProgress',
    draftName: options.draftName ?? 'Draft',
    recordWords: options.recordWords ?? ['Success', 'Failed'],
    padIds: integer(options.padIds ?? 0, 'number of digits', 0, 18),
    cacheMs: integer(options.cacheMs ?? 0, 'cache time', 0),
    countsDelayMs: integer(options.countsDelayMs ?? 0, 'delay of counts', 0),
    initPartsDelayMs: integer(options.initPartsDelayMs ?? 0, 'delay of init parts', 0),
    org: segment(options.org ?? 'acme', 'organisation'),
    bucket: segment(options.bucket ?? 'batch-upload-sandbox', 'bucket'),
    openInvoices: integer(options.openInvoices ?? 20_375, 'open invoices', 0),
    openCreditMemos: integer(options.openCreditMemos ?? 0, 'open credit memos', 0),
    openDebitMemos: integer(options.openDebitMemos ?? 0, 'open debit memos', 0),
    bodyIdleMs: integer(options.bodyIdleMs ?? 20_000, 'body idle time', 1),
  };
}

async function realSleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function integer(value: number, what: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new EbillError('USAGE', `The sandbox's ${what} cannot be ${value}`, {
    hint:
      max === Number.MAX_SAFE_INTEGER
        ? `Give a whole number from ${min}.`
        : `Give a whole number from ${min} to ${max}.`,
  });
}

function segment(value: string, what: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(value)) return value;
  throw new EbillError('USAGE', `The sandbox's ${what} cannot be "${value}"`, {
    hint: 'Use letters, digits, dots, hyphens and underscores.',
  });
}
