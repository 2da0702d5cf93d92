import type { Batch, FileKind } from '../batch/types.ts';
import type { BatchState } from './state.ts';

/** The server's answer about a job id: not asked yet (`undefined`), no such batch (`null`), or the batch. */
export type Asked = undefined | null | Batch;

/** How long "not found" and an unchanged status are no evidence after a call, ms from its intent (api rule 16). */
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

export type InitStep =
  /** It is on record that it happened. */
  | { readonly do: 'done' }
  | { readonly do: 'found'; readonly batch: Batch }
  | { readonly do: 'ask' }
  | { readonly do: 'send' };

/** An init rewrites every open invoice, so the server is asked before the first send and after every doubt (api rule 17). */
export function decideInit(known: BatchState | undefined, asked: Asked): InitStep {
  if (known?.created === 'yes') return { do: 'done' };
  if (asked === undefined) return { do: 'ask' };
  return asked === null ? { do: 'send' } : { do: 'found', batch: asked };
}

export interface UploadFacts {
  readonly kind: FileKind;
  /** The journal's record of the job id. */
  readonly known: BatchState | undefined;
  readonly asked: Asked;
  /** A usable upload URL is in memory. */
  readonly hasUrl: boolean;
  /** Whether this journal started the load, so that no other machine's batches are expected under its names. */
  readonly startedHere: boolean;
  /** `--adopt`: batches found under the load's names belong to it. */
  readonly adopt: boolean;
  /** `--next`: they do not; take the next number. */
  readonly next: boolean;
  /** Whether a batch is still a draft. */
  readonly isDraft: (batch: Batch) => boolean;
}

export type UploadStep =
  | { readonly do: 'done' }
  | { readonly do: 'ask' }
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
  const { known, asked } = facts;
  if (known?.uploaded === 'yes') return { do: 'done' };
  if (facts.hasUrl) return { do: 'put' };
  if (known === undefined || known.created === 'no') return decideFirst(facts);
  // An intent without an answer, or a lost upload URL: ask before creating again.
  if (asked === undefined) return { do: 'ask' };
  if (asked === null || facts.isDraft(asked)) return { do: 'create' };
  return known.foundElsewhere
    ? { do: 'left-alone', batch: asked }
    : { do: 'conflict', reason: 'beyond-draft', batch: asked };
}

/** The first use of a job id: in a load started elsewhere another machine may have used it. */
function decideFirst(facts: UploadFacts): UploadStep {
  const { asked } = facts;
  if (asked === undefined) return facts.startedHere ? { do: 'create' } : { do: 'ask' };
  if (asked === null) return { do: 'create' };
  if (facts.adopt) return { do: 'adopt', batch: asked };
  if (facts.next) return { do: 'next', reason: 'the server already has a batch of that name' };
  return { do: 'conflict', reason: 'taken', batch: asked };
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
    if (knownId === null || result.id === knownId) return result.hasUrl ? { do: 'put' } : { do: 'ask' };
    return otherDraft(facts, result.id, `the server answered with another batch, ${result.id}`);
  }
  if (result.status === null || result.status === 401 || result.status === 403 || result.status >= 429)
    return { do: 'fail' };
  // A redirect says nothing about the job id.
  if (result.status >= 300 && result.status < 400) return { do: 'fail' };
  // A refusal may only mean that the job id exists: ask once.
  if (facts.asked === undefined) return { do: 'ask' };
  if (facts.asked === null) return { do: 'fail' };
  return otherDraft(facts, null, 'the server refuses a second upload URL for it');
}

/** A draft of customers or invoices can be abandoned; one of items would be finalized with its invoice batch. */
function otherDraft(facts: CreateFacts, otherId: string | null, reason: string): CreateStep {
  return facts.kind === 'items' || facts.exact ? { do: 'conflict', otherId } : { do: 'next', reason };
}

export type FinalizeStep =
  | { readonly do: 'done' }
  | { readonly do: 'ask' }
  | { readonly do: 'send' }
  | { readonly do: 'gone' };

/** The server is asked before every send: a draft → send; anything further → it happened (api rule 20). */
export function decideFinalize(
  known: BatchState,
  asked: Asked,
  isDraft: (batch: Batch) => boolean,
): FinalizeStep {
  if (known.finalized === 'yes') return { do: 'done' };
  if (asked === undefined) return { do: 'ask' };
  if (asked === null) return { do: 'gone' };
  return isDraft(asked) ? { do: 'send' } : { do: 'done' };
}
