import { EbillError } from '../errors.ts';
import { parseDuration } from '../system/quantities.ts';
import type { Call, Kind, UploadKind } from './state.ts';

/** Actions without a parameter. */
type SimpleAction =
  | 'reset-before'
  | 'reset-during'
  | 'reset-after'
  | 'cut'
  | 'truncate'
  | 'empty'
  | 'html'
  | 'html-before'
  | 'hang'
  | 'hang-after'
  | 'expired'
  | 'slowdown'
  | 'request-timeout'
  | 'bad-etag'
  | 'kms-etag'
  | 'corrupt'
  | 'drop-row';

export type FaultAction =
  | { readonly type: SimpleAction }
  | {
      readonly type: 'status';
      readonly status: number;
      readonly retryAfter: string | null;
      readonly after: boolean;
    }
  | { readonly type: 'slow'; readonly ms: number }
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
  readonly action: FaultAction;
}

const TARGETS: readonly FaultTarget[] = ['init', 'create', 'put', 'finalize', 'status', 'download', 'any'];
const KINDS: readonly UploadKind[] = ['customer', 'invoice', 'items'];
const ALL = TARGETS;
const SIMPLE: Readonly<Record<SimpleAction, readonly FaultTarget[]>> = {
  'reset-before': ALL,
  'reset-during': ['put'],
  'reset-after': ALL,
  cut: ALL,
  truncate: ALL,
  empty: ALL,
  html: ALL,
  'html-before': ALL,
  hang: ALL,
  'hang-after': ALL,
  expired: ['create', 'put', 'download'],
  slowdown: ['put', 'download'],
  'request-timeout': ['put', 'download'],
  'bad-etag': ['put'],
  'kms-etag': ['put'],
  corrupt: ['put'],
  'drop-row': ['download'],
};

/** For hints and help. */
export const FAULT_GRAMMAR = `WHAT[:KIND][[JOBID]][@N|@N-M|@N-|@*]=ACTION
  WHAT    ${TARGETS.join(', ')}
  KIND    ${KINDS.join(', ')}
  ACTION  status:NNN[,retry-after:S], status-after:NNN[,retry-after:S], slow:DURATION, redirect:URL, lose-records:N, ${Object.keys(SIMPLE).join(', ')}`;

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

function parseRange(text: string, range: string | undefined): { from: number; to: number } {
  if (range === undefined) return { from: 1, to: 1 };
  if (range === '*') return { from: 1, to: Number.POSITIVE_INFINITY };
  const match = /^(\d+)(?:(-)(\d*))?$/.exec(range);
  if (!match) throw refuse(text, `"@${range}" is not a count`);
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
  if (from < 1 || to < from) throw refuse(text, `"@${range}" matches no request (counting starts at 1)`);
  return { from, to };
}

function parseAction(text: string, what: FaultTarget, action: string): FaultAction {
  const redirect = /^redirect:(.+)$/s.exec(action)?.[1];
  if (redirect !== undefined) {
    if (!URL.canParse(redirect)) throw refuse(text, `"${redirect}" is not a URL`);
    return { type: 'redirect', url: redirect };
  }
  const slow = /^slow:(.*)$/s.exec(action)?.[1];
  if (slow !== undefined) return { type: 'slow', ms: parseDuration(slow, `Fault "${text}"`) };
  const lost = /^lose-records:(\d{1,9})$/.exec(action)?.[1];
  if (lost !== undefined) {
    if (what !== 'finalize') throw refuse(text, 'lose-records is only for finalize');
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
  if (!SIMPLE[simple].includes(what))
    throw refuse(text, `${simple} is only for ${SIMPLE[simple].join(', ')}`);
  return { type: simple };
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
      if (entry.seen >= entry.spec.from && entry.seen <= entry.spec.to) due ??= entry.spec;
    }
    return due;
  }
}
