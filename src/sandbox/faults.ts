import { EbillError } from '../errors.ts';
import { parseDuration } from '../system/quantities.ts';
import { isUrl } from '../system/url.ts';
import type { Call, Kind, UploadKind } from './state.ts';

/** Actions without a parameter. */
type SimpleAction = keyof typeof SIMPLE;
/** Actions with one duration. */
type TimedAction = keyof typeof TIMED;

export type FaultAction =
  | { readonly type: SimpleAction }
  | { readonly type: TimedAction; readonly ms: number }
  | {
      readonly type: 'status';
      readonly status: number;
      readonly retryAfter: string | null;
      readonly after: boolean;
    }
  /** A gateway answers 504 after `answerMs`; the server behind it executes the request after `effectMs`. */
  | { readonly type: 'gateway'; readonly answerMs: number; readonly effectMs: number }
  | { readonly type: 'redirect'; readonly url: string }
  | { readonly type: 'lose-records'; readonly records: number };

type FaultTarget = Exclude<Call, 'other'> | 'any';

/** One scripted fault: the requests it matches, by count, and what happens to them. */
interface FaultSpec {
  readonly text: string;
  readonly what: FaultTarget;
  readonly kind: UploadKind | null;
  readonly jobId: string | null;
  /** 1 is the first matching request. */
  readonly from: number;
  readonly to: number;
  /** Only every Nth of them. */
  readonly every: number;
  readonly action: FaultAction;
}

const TARGETS: readonly FaultTarget[] = ['init', 'create', 'put', 'finalize', 'status', 'download', 'any'];
const KINDS: readonly UploadKind[] = ['customer', 'invoice', 'items'];
const ALL = TARGETS;
const API: readonly FaultTarget[] = ['init', 'create', 'finalize', 'status'];
const CHANGES: readonly FaultTarget[] = ['init', 'create', 'finalize'];
const STORAGE: readonly FaultTarget[] = ['put', 'download'];

const SIMPLE = {
  'reset-before': ALL,
  'reset-during': ['put'],
  'reset-after': ALL,
  cut: ALL,
  truncate: ALL,
  empty: ALL,
  html: ALL,
  'html-before': ALL,
  page: ALL,
  hang: ALL,
  'hang-after': ALL,
  ignored: ['finalize'],
  'failed-status': ['finalize'],
  forget: API,
  'other-batch': API,
  'other-id': API,
  'other-job-id': API,
  'no-counts': API,
  'no-status': API,
  'fail-part': ['init'],
  expired: ['create', 'put', 'download'],
  slowdown: STORAGE,
  'request-timeout': STORAGE,
  'error-body': STORAGE,
  early: ['put'],
  'no-etag': ['put'],
  'bad-etag': ['put'],
  'kms-etag': ['put'],
  corrupt: ['put'],
  'drop-row': ['download'],
} as const satisfies Readonly<Record<string, readonly FaultTarget[]>>;

const TIMED = {
  slow: ALL,
  late: CHANGES,
  hidden: CHANGES,
} as const satisfies Readonly<Record<string, readonly FaultTarget[]>>;

/** For hints and help. */
export const FAULT_GRAMMAR = `WHAT[:KIND][[JOBID]][@N|@N-M|@N-|@*|@*/N]=ACTION
  WHAT    ${TARGETS.join(', ')}
  KIND    ${KINDS.join(', ')}
  ACTION  status:NNN[,retry-after:S], status-after:NNN[,retry-after:S], ${Object.keys(TIMED)
    .map((name) => `${name}:DURATION`)
    .join(', ')}, gateway:DURATION,DURATION, redirect:URL, lose-records:N, ${Object.keys(SIMPLE).join(', ')}`;

function refuse(text: string, why: string): EbillError {
  return new EbillError('USAGE', `Fault "${text}": ${why}`, { hint: `A fault is ${FAULT_GRAMMAR}` });
}

/** @throws EbillError USAGE, with the grammar as its hint */
export function parseFault(text: string): FaultSpec {
  const match = /^([a-z]+)(?::([a-z]+))?(?:\[(.*?)\])?(?:@([^=@\]]*))?=(.*)$/s.exec(text);
  if (!match) throw refuse(text, 'is not WHAT=ACTION');
  const [, whatText, kindText, jobId, range, actionText = ''] = match;
  const what = TARGETS.find((target) => target === whatText);
  if (!what) throw refuse(text, `"${whatText}" is not a request`);
  const kind = kindText === undefined ? null : KINDS.find((each) => each === kindText);
  if (kind === undefined) throw refuse(text, `"${kindText}" is not a kind`);
  if (kind !== null && (what === 'init' || what === 'any')) throw refuse(text, `${what} takes no kind`);
  if (jobId === '') throw refuse(text, 'the job id is empty');
  return {
    text,
    what,
    kind,
    jobId: jobId ?? null,
    ...parseRange(text, range),
    action: parseAction(text, what, actionText),
  };
}

function parseRange(text: string, range: string | undefined): Pick<FaultSpec, 'from' | 'to' | 'every'> {
  if (range === undefined) return { from: 1, to: 1, every: 1 };
  const every = /^\*(?:\/([1-9]\d*))?$/.exec(range);
  if (every) return { from: 1, to: Number.POSITIVE_INFINITY, every: Number(every[1] ?? 1) };
  const match = /^(\d+)(?:(-)(\d*))?$/.exec(range);
  if (!match) throw refuse(text, `"@${range}" is not a count`);
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
  if (from < 1 || to < from) throw refuse(text, `"@${range}" matches no request (counting starts at 1)`);
  return { from, to, every: 1 };
}

function parseAction(text: string, what: FaultTarget, action: string): FaultAction {
  const redirect = /^redirect:(.+)$/s.exec(action)?.[1];
  if (redirect !== undefined) {
    if (!isUrl(redirect)) throw refuse(text, `"${redirect}" is not a URL`);
    return { type: 'redirect', url: redirect };
  }
  const duration = (value: string): number => parseDuration(value, `Fault "${text}"`);
  const [, timedName, time = ''] = /^([a-z]+):([^,]*)$/.exec(action) ?? [];
  const timed = (Object.keys(TIMED) as TimedAction[]).find((name) => name === timedName);
  if (timed) {
    requireTarget(text, what, timed, TIMED[timed]);
    return { type: timed, ms: duration(time) };
  }
  const gateway = /^gateway:([^,]+),([^,]+)$/.exec(action);
  if (gateway) {
    requireTarget(text, what, 'gateway', CHANGES);
    return {
      type: 'gateway',
      answerMs: duration(gateway[1] ?? ''),
      effectMs: duration(gateway[2] ?? ''),
    };
  }
  const lost = /^lose-records:(\d{1,9})$/.exec(action)?.[1];
  if (lost !== undefined) {
    requireTarget(text, what, 'lose-records', ['finalize']);
    if (Number(lost) === 0) throw refuse(text, 'no record would be lost');
    return { type: 'lose-records', records: Number(lost) };
  }
  const status = /^status(-after)?:(\d{3})(?:,retry-after:([^,\r\n]+))?$/.exec(action);
  if (status) {
    const code = Number(status[2]);
    if (code < 200 || code > 599) throw refuse(text, `${code} is not a final HTTP status`);
    return { type: 'status', status: code, retryAfter: status[3] ?? null, after: status[1] !== undefined };
  }
  const simple = (Object.keys(SIMPLE) as SimpleAction[]).find((name) => name === action);
  if (!simple) throw refuse(text, `"${action}" is not an action`);
  requireTarget(text, what, simple, SIMPLE[simple]);
  return { type: simple };
}

function requireTarget(
  text: string,
  what: FaultTarget,
  action: string,
  targets: readonly FaultTarget[],
): void {
  if (!targets.includes(what)) throw refuse(text, `${action} is only for ${targets.join(', ')}`);
}

function matchesRequest(spec: FaultSpec, call: Call, kind: Kind | null, jobId: string | null): boolean {
  if (spec.what !== 'any' && spec.what !== call) return false;
  if (spec.kind !== null && spec.kind !== kind) return false;
  return spec.jobId === null || spec.jobId === jobId;
}

/**
 * The scripted faults with their counts. Each spec counts every request it matches, also when another one acts on it. Of
 * several that are due, the first one acts.
 */
export class FaultList {
  readonly #entries: { readonly spec: FaultSpec; seen: number }[] = [];

  /** Counting starts now. @throws EbillError USAGE */
  add(text: string): void {
    this.#entries.push({ spec: parseFault(text), seen: 0 });
  }

  /** The fault that is due for this request. Call it once for each request. */
  take(call: Call, kind: Kind | null, jobId: string | null): FaultSpec | null {
    let due: FaultSpec | null = null;
    for (const entry of this.#entries) {
      if (!matchesRequest(entry.spec, call, kind, jobId)) continue;
      entry.seen += 1;
      const { from, to, every } = entry.spec;
      if (entry.seen >= from && entry.seen <= to && entry.seen % every === 0) due ??= entry.spec;
    }
    return due;
  }
}
