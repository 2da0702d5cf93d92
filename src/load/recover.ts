import type { InitRequest } from '../api/request.ts';
import { sameId } from '../batch/identity.ts';
import type { Batch, FileKind } from '../batch/types.ts';
import type { BatchState } from './state.ts';

/** How long "not found" and an unchanged status are no evidence after a call, ms (api rule 16). */
export interface Settle {
  readonly initMs: number;
  /** For create and finalize. */
  readonly otherMs: number;
}

/** @param ms `--settle`; `null`: the defaults */
export const settleTimes = (ms: number | null): Settle => ({
  initMs: ms ?? 15 * 60_000,
  otherMs: ms ?? 60_000,
});

/** The server's answer about a batch, `null` for "not found", and when it was asked for, ms since 1970. */
export interface Answer {
  readonly at: number;
  readonly batch: Batch | null;
}

/** `undefined`: not asked yet. */
export type Asked = undefined | Answer;

/** An init is answered when its work is done, so it takes longer than other calls (api rule 17). ms. */
export const INIT_TIMEOUT_MS = 30 * 60_000;
/** How long the process of a create or finalize waited whose journal does not say it: the default of `--timeout`. ms. */
const UNRECORDED_WAIT_MS = 60_000;

/**
 * Until when an answer that shows no effect of these calls is no evidence that they had none, ms since 1970 (api rule 16);
 * 0 where none of them is in doubt, and with `--settle 0`. A process that was killed may have waited for its answer as long as
 * its time-out, with the server at work all the time: the settle time starts after that.
 * @param latest no call was sent after it: a clock that was set back since must not make the wait longer
 */
export function settledAt(
  known: BatchState | undefined,
  calls: readonly ('init' | 'create' | 'finalize')[],
  settle: Settle,
  latest: number,
): number {
  const ends = calls.flatMap((call) => {
    const doubt = known?.doubts[call];
    const settleMs = call === 'init' ? settle.initMs : settle.otherMs;
    if (doubt === undefined || settleMs === 0) return [];
    const waitMs = doubt.waitMs ?? (call === 'init' ? INIT_TIMEOUT_MS : UNRECORDED_WAIT_MS);
    return [Math.min(Date.parse(doubt.since), latest) + waitMs + settleMs];
  });
  return Math.max(0, ...ends);
}

/** No evidence yet: ask again until then, ms since 1970. */
export interface Wait {
  readonly do: 'wait';
  readonly untilMs: number;
}

/** Init options that differ between the init on record and the one asked for now. */
export type InitDifference = Exclude<keyof InitRequest, 'jobId'>;

export type InitStep =
  /** It is on record that it happened. */
  | { readonly do: 'done' }
  | { readonly do: 'found'; readonly batch: Batch }
  /** It happened with other options. */
  | { readonly do: 'conflict'; readonly differences: readonly InitDifference[] }
  | { readonly do: 'ask' }
  | Wait
  | { readonly do: 'send' };

export interface InitFacts {
  readonly known: BatchState | undefined;
  readonly request: InitRequest;
  readonly asked: Asked;
  readonly settle: Settle;
  /** Since when this run knows of the doubt, ms since 1970. */
  readonly latest: number;
}

/** An init rewrites every open invoice, so the server is asked before the first send and after every doubt (api rule 17). */
export function decideInit({ known, request, asked, settle, latest }: InitFacts): InitStep {
  const differences = initDifferences(known, request);
  const happened = (step: InitStep): InitStep =>
    differences.length > 0 ? { do: 'conflict', differences } : step;
  if (known?.created === 'yes') return happened({ do: 'done' });
  if (asked === undefined) return { do: 'ask' };
  if (asked.batch !== null) return happened({ do: 'found', batch: asked.batch });
  const untilMs = settledAt(known, ['init'], settle, latest);
  return asked.at < untilMs ? { do: 'wait', untilMs } : { do: 'send' };
}

/** Options that an init on record was sent with and that are not what is asked for now; none for one sent from elsewhere. */
export function initDifferences(
  known: BatchState | undefined,
  request: InitRequest,
): readonly InitDifference[] {
  const sent = known?.created === 'no' ? null : (known?.init ?? null);
  if (sent === null) return [];
  const options: readonly InitDifference[] = [
    'carryForwardInvoices',
    'carryForwardCreditMemos',
    'carryForwardDebitMemos',
    'zeroOutCustomerBalance',
  ];
  return options.filter((option) => sent[option] !== request[option]);
}

export interface UploadFacts {
  readonly kind: FileKind;
  /** The journal's record of the job id. */
  readonly known: BatchState | undefined;
  readonly asked: Asked;
  /** A usable upload URL is in memory. */
  readonly hasUrl: boolean;
  /** `--adopt`: batches found under the load's names belong to it. */
  readonly adopt: boolean;
  /** `--next`: they do not; take the next number. */
  readonly next: boolean;
  readonly settle: Settle;
  /** Since when this run knows of the doubt, ms since 1970. */
  readonly latest: number;
  /** The status of a batch: a draft, further than that, or a name that says neither. */
  readonly standing: (batch: Batch) => Standing;
}

/** `unclear`: an unknown status name, which may stand for a draft or for anything after it. */
export type Standing = 'draft' | 'further' | 'unclear';

export type UploadStep =
  | { readonly do: 'done' }
  /** Its file was stored, and the server does not know it any more: only the operator can say what to do (api rule 16). */
  | { readonly do: 'missing' }
  | { readonly do: 'ask' }
  | Wait
  | { readonly do: 'create' }
  | { readonly do: 'put' }
  /** It belongs to this load: record it as this file's, then decide again. */
  | { readonly do: 'adopt'; readonly batch: Batch }
  /** Another machine submitted it: nothing to do. */
  | { readonly do: 'left-alone'; readonly batch: Batch }
  | { readonly do: 'next'; readonly reason: string }
  | { readonly do: 'conflict'; readonly reason: 'taken' | 'beyond-draft'; readonly batch: Batch };

/** The next step of a file's upload, from the journal, the server's answer and the upload URL (api rule 18). */
export function decideUpload(facts: UploadFacts): UploadStep {
  const { known, asked, settle, latest } = facts;
  if (known?.uploaded === 'yes') {
    if (!known.missing) return { do: 'done' };
    return asked === undefined ? { do: 'ask' } : { do: asked.batch === null ? 'missing' : 'done' };
  }
  if (facts.hasUrl) return { do: 'put' };
  // A first use, an intent without an answer, a lost upload URL: ask before creating.
  if (asked === undefined) return { do: 'ask' };
  if (known === undefined || known.created === 'no') return decideFirst(facts, asked.batch);
  if (known.unclaimed) return decideFirst(facts, asked.batch ?? known.seen);
  if (asked.batch === null) {
    const untilMs = settledAt(known, ['create'], settle, latest);
    return asked.at < untilMs ? { do: 'wait', untilMs } : { do: 'create' };
  }
  const standing = facts.standing(asked.batch);
  // Nothing of this batch was submitted from here: another create shows by its answer whether it is a draft.
  if (standing === 'draft' || (standing === 'unclear' && known.finalized === 'no')) return { do: 'create' };
  return known.foundElsewhere
    ? { do: 'left-alone', batch: asked.batch }
    : { do: 'conflict', reason: 'beyond-draft', batch: asked.batch };
}

/** The first use of a job id: another client may have used it, or is known to have. */
function decideFirst(facts: UploadFacts, found: Batch | null): UploadStep {
  if (found === null) return { do: 'create' };
  if (facts.adopt) return { do: 'adopt', batch: found };
  if (facts.next) return { do: 'next', reason: 'the server already has a batch of that name' };
  return { do: 'conflict', reason: 'taken', batch: found };
}

export interface CreateFacts {
  readonly kind: FileKind;
  /** The batch's id before the call; `null` for the first one. */
  readonly knownId: string | null;
  /** The server's last answer about the job id, in this doubt. */
  readonly asked: Asked;
  readonly result:
    | { readonly outcome: 'answered'; readonly id: string | null; readonly hasUrl: boolean }
    | { readonly outcome: 'refused'; readonly status: number | null }
    | { readonly outcome: 'ambiguous' };
  /** The operator gave the job id: there is no next one. */
  readonly exact: boolean;
}

export type CreateStep =
  | { readonly do: 'put' }
  | { readonly do: 'ask' }
  | { readonly do: 'fail' }
  | { readonly do: 'next'; readonly reason: string }
  /** Two drafts for one file: the operator decides. */
  | { readonly do: 'conflict'; readonly otherId: string | null };

/** What the answer to a create means for the batch (api rule 18). */
export function judgeCreate(facts: CreateFacts): CreateStep {
  const { result, knownId } = facts;
  if (result.outcome === 'ambiguous') return { do: 'ask' };
  if (result.outcome === 'answered') {
    if (knownId === null || (result.id !== null && sameId(result.id, knownId)))
      return result.hasUrl ? { do: 'put' } : { do: 'ask' };
    return otherDraft(facts, result.id, `the server answered with another batch, ${result.id}`);
  }
  if (result.status === null || result.status === 401 || result.status === 403) return { do: 'fail' };
  // A refusal may only mean that the job id exists.
  if (facts.asked === undefined) return { do: 'ask' };
  if (facts.asked.batch !== null)
    return otherDraft(facts, null, 'the server refuses a second upload URL for it');
  // A server that has forgotten a draft may still refuse its job id, now and for ever.
  if (knownId === null || result.status === 404) return { do: 'fail' };
  return otherDraft(facts, null, 'the server does not show it any more, and refuses its job id');
}

/** A draft of customers or invoices can be abandoned; one of items would be finalized with its invoice batch. */
function otherDraft(facts: CreateFacts, otherId: string | null, reason: string): CreateStep {
  return facts.kind === 'items' || facts.exact ? { do: 'conflict', otherId } : { do: 'next', reason };
}

export type FinalizeStep =
  | { readonly do: 'done' }
  | { readonly do: 'ask' }
  | Wait
  | { readonly do: 'send' }
  /** The server does not know it, and it is not too early to say so (api rule 16). */
  | { readonly do: 'missing' }
  /** Its status may be a draft or may not: neither sending nor leaving it is safe. */
  | { readonly do: 'unclear'; readonly batch: Batch };

export interface FinalizeFacts {
  readonly known: BatchState;
  readonly asked: Asked;
  readonly settle: Settle;
  /** Since when this run knows of the doubt, ms since 1970. */
  readonly latest: number;
  readonly standing: (batch: Batch) => Standing;
}

/** The server is asked before every send: a draft → send, once an earlier send had time to show; further → it happened (api rule 20). */
export function decideFinalize({ known, asked, settle, latest, standing }: FinalizeFacts): FinalizeStep {
  if (known.finalized === 'yes') return { do: 'done' };
  if (asked === undefined) return { do: 'ask' };
  const unless = (calls: readonly ('create' | 'finalize')[], step: FinalizeStep): FinalizeStep => {
    const untilMs = settledAt(known, calls, settle, latest);
    return asked.at < untilMs ? { do: 'wait', untilMs } : step;
  };
  if (asked.batch === null) return unless(['create', 'finalize'], { do: 'missing' });
  switch (standing(asked.batch)) {
    case 'draft':
      return unless(['finalize'], { do: 'send' });
    case 'further':
      return { do: 'done' };
    case 'unclear':
      // Only a name that it did not have before says that it went on.
      return asked.batch.status !== null && (known.createStatus !== null || known.finalized === 'unknown')
        ? { do: 'done' }
        : { do: 'unclear', batch: asked.batch };
  }
}
