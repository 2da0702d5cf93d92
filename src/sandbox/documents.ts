import type { Settings } from './options.ts';
import {
  childrenOf,
  isFinal,
  type Kind,
  type Phase,
  phaseOf,
  type StoredBatch,
  type StoredState,
  statusName,
} from './state.ts';
import { type Element, element, urlElement } from './xml.ts';

/** Presigns a result. @param endedAt when its batch ended, ms since 1970 */
export type DownloadUrl = (resultKey: string, endedAt: number) => Promise<string>;

/** The answer to a create (vendor 4.9.2.1). */
export function draftDocument(
  batch: StoredBatch,
  uploadUrl: string,
  { draftName, echo }: Pick<Settings, 'draftName' | 'echo'>,
): Element {
  return element('batchProcess', [
    element('id', batch.id),
    element('jobId', batch.jobId),
    element('status', draftName),
    element('operation', batch.operation),
    // The vendor's own example answers an invoice with `Customer` (api rule 4).
    element('subOperation', echo === 'vendor' && batch.kind === 'invoice' ? 'Customer' : batch.subOperation),
    element('successCount', 0),
    element('successMessage', 'BatchProcess is created'),
    element('errorMessage'),
    element('failCount', 0),
    urlElement('uploadUrl', uploadUrl),
  ]);
}

/**
 * The answer to finalize and status (vendor 4.9.2.2, 4.9.2.3, 4.9.3.3). The `child` of an invoice batch has its item batches,
 * and is empty without any.
 */
export async function batchDocument(
  state: StoredState,
  batch: StoredBatch,
  settings: Settings,
  downloadUrl: DownloadUrl,
  phase: Phase = phaseOf(batch, settings),
): Promise<Element> {
  const work = isFinal(phase) ? batch.work : null;
  const counted =
    (batch.queuedAt ?? 0) + settings.processingTimeMs + settings.countsDelayMs <= settings.now();
  const count = (n: number | undefined) => (work === null || counted ? (n ?? 0) : '');
  const children =
    batch.kind === 'invoice'
      ? [
          element(
            'child',
            await Promise.all(
              childrenOf(state, batch).map((child) =>
                // A child was finalized at the same time as its parent.
                batchDocument(
                  state,
                  child,
                  settings,
                  downloadUrl,
                  phase === 'draft' || phase === 'queued' ? phase : undefined,
                ),
              ),
            ),
          ),
        ]
      : [];
  return element('batchProcess', [
    element('id', batch.id),
    element('jobId', batch.jobId),
    element('status', statusName(phase, settings)),
    element('operation', batch.operation),
    element('subOperation', batch.subOperation),
    element('successCount', count(work?.succeeded)),
    element('successMessage', successMessage(phase, batch)),
    element('errorMessage', work?.errorMessage ?? ''),
    element('failCount', count(work?.failed)),
    urlElement(
      'downloadUrl',
      work?.resultKey ? await downloadUrl(work.resultKey, endedAt(state, batch, settings)) : '',
    ),
    ...children,
  ]);
}

/** When its processing time was over and its result was written, ms since 1970. */
function endedAt(state: StoredState, { queuedAt, work }: StoredBatch, settings: Settings): number {
  const written = state.objects[work?.resultKey ?? '']?.storedAt ?? 0;
  return Math.max((queuedAt ?? 0) + settings.processingTimeMs, written);
}

function successMessage(phase: Phase, batch: StoredBatch): string {
  switch (phase) {
    case 'draft':
      return 'BatchProcess is created';
    case 'queued':
      return 'BatchProcess is in Queue';
    case 'running':
      return 'BatchProcess is in Progress';
    case 'succeeded':
      return `Success, ${batch.work?.succeeded ?? 0} records successfully processed, ${batch.work?.failed ?? 0} failed`;
    case 'failed':
      return '';
  }
}

/** The three parts of an init, in the vendor's order, with their element names. */
export const CARRY_FORWARDS = [
  { kind: 'carryForwardInvoice', subOperation: 'Invoice' },
  { kind: 'carryForwardCreditMemo', subOperation: 'CreditMemo' },
  { kind: 'carryForwardDebitMemo', subOperation: 'DebitMemo' },
] as const satisfies readonly { kind: Kind; subOperation: string }[];

/** An init (vendor 4.9.1.1) has all three parts. All fields are empty in a part that did not run (yet). */
export function initDocument(state: StoredState, init: StoredBatch, settings: Settings): Element {
  const ran = init.createdAt + settings.initPartsDelayMs <= settings.now();
  const children = ran ? childrenOf(state, init) : [];
  return element('batchProcess', [
    element('id', init.id),
    element('jobId', init.jobId),
    element(
      'child',
      CARRY_FORWARDS.map(({ kind }) => element(kind, parts(children.find((child) => child.kind === kind)))),
    ),
  ]);
}

/** The answer about one part of an init by its own id. */
export function carryForwardDocument(batch: StoredBatch): Element {
  return element('batchProcess', parts(batch));
}

function parts(batch: StoredBatch | undefined): Element[] {
  const work = batch?.work;
  return [
    element('id', batch?.id ?? ''),
    element('jobId', ''),
    element('status', work ? (work.failed > 0 ? 'Failed' : 'Success') : ''),
    element('operation', batch?.operation ?? ''),
    element('subOperation', batch?.subOperation ?? ''),
    element('successCount', work?.succeeded ?? ''),
    // The spaces are the vendor's: clients must not parse this.
    element(
      'successMessage',
      work ? `Success, ${work.succeeded} records successfully processed,0failed` : '',
    ),
    element('errorMessage', work?.errorMessage ?? ''),
    element('failCount', work?.failed ?? ''),
  ];
}
