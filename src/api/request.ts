import type { FileKind } from '../batch/types.ts';

/** What an init asks for (vendor 4.9.1). */
export interface InitRequest {
  readonly jobId: string;
  readonly carryForwardInvoices: boolean;
  readonly carryForwardCreditMemos: boolean;
  readonly carryForwardDebitMemos: boolean;
  readonly zeroOutCustomerBalance: boolean;
}

/** The invoice batch that items belong to: its id, its job id, or both (vendor 4.9.3.2). */
export interface ParentRef {
  readonly id: string | null;
  readonly jobId: string | null;
}

/** What a create asks for (vendor 4.9.2.1, 4.9.3.1, 4.9.3.2). */
export interface CreateRequest {
  readonly kind: FileKind;
  readonly jobId: string;
  readonly inputFilename: string;
  /** For items only. */
  readonly parent: ParentRef | null;
}

/** The batch to finalize: both ids when both are known. */
export interface FinalizeRequest {
  readonly id: string | null;
  readonly jobId: string | null;
}

/** The batch to ask for. */
export type BatchRef = { readonly id: string } | { readonly jobId: string };
/** The same with both ids where both are known: it is asked for by its id, and the answer is compared with both (api rule 14). */
export type StatusRef = BatchRef | { readonly id: string; readonly jobId: string };

/** A batch on record, to be asked for. */
export const refOf = ({ id, jobId }: { readonly id: string | null; readonly jobId: string }): StatusRef =>
  id === null ? { jobId } : { id, jobId };

/** A request as it will be sent, without credentials: for sending, `--dry-run` and tests. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly body: string | null;
}

export type Calls = ReturnType<typeof callsAt>;

/**
 * The four API calls as data.
 * @param query added to each URL, from the profile
 */
export function callsAt(endpoint: string, query: Readonly<Record<string, string>>) {
  const at = (own: Record<string, string>): string => withQuery(withQuery(endpoint, own), query);
  return {
    init: (request: InitRequest): Call => ({
      method: 'POST',
      url: at({ mode: 'BatchInit' }),
      body: initBody(request),
    }),
    create: (request: CreateRequest): Call => ({
      method: 'POST',
      url: at({ mode: 'S3FileUpload' }),
      body: createBody(request),
    }),
    finalize: (request: FinalizeRequest): Call => ({
      method: 'PUT',
      url: at({ mode: 'BatchFinalize' }),
      body: finalizeBody(request),
    }),
    status: (ref: StatusRef): Call => ({
      method: 'GET',
      url: at('id' in ref ? { id: ref.id } : { jobId: ref.jobId }),
      body: null,
    }),
  };
}

/** Appends query parameters, percent-encoded. */
export function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}

export function initBody(init: InitRequest): string {
  return batchProcess([
    ['jobId', init.jobId],
    ['carryForwardInvoices', String(init.carryForwardInvoices)],
    ['carryForwardCreditMemos', String(init.carryForwardCreditMemos)],
    ['carryForwardDebitMemos', String(init.carryForwardDebitMemos)],
    ['zeroOutCustomerBalance', String(init.zeroOutCustomerBalance)],
  ]);
}

export const SUB_OPERATION: Readonly<Record<FileKind, string>> = {
  customer: 'Customer',
  invoice: 'Invoice',
  items: 'Invoice Line Item',
};

export function createBody(create: CreateRequest): string {
  return batchProcess([
    ['parentBatchProcess', create.parent?.id ?? null],
    ['parentBatchProcessJobId', create.parent?.jobId ?? null],
    ['jobId', create.jobId],
    ['inputType', 'API'],
    ['operation', 'eBill-Import'],
    ['subOperation', SUB_OPERATION[create.kind]],
    ['inputFilename', create.inputFilename],
  ]);
}

export function finalizeBody(finalize: FinalizeRequest): string {
  return batchProcess([
    ['id', finalize.id],
    ['jobId', finalize.jobId],
  ]);
}

type Element = readonly [name: string, value: string | null];

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** The vendor's layout: one element per line, no indentation, no declaration. Elements without a value are left out. */
function batchProcess(elements: readonly Element[]): string {
  const lines = elements
    .filter((element): element is readonly [string, string] => element[1] !== null)
    .map(([name, value]) => `<${name}>${value.replace(/[&<>]/g, (c) => ESCAPES[c] ?? c)}</${name}>`);
  return ['<batchProcess>', ...lines, '</batchProcess>'].join('\n');
}
