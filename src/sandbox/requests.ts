import { ApiError } from './answer.ts';
import type { UploadKind } from './state.ts';
import type { Fields } from './xml.ts';

export interface InitRequest {
  readonly jobId: string;
  readonly carryForwardInvoices: boolean;
  readonly carryForwardCreditMemos: boolean;
  readonly carryForwardDebitMemos: boolean;
  readonly zeroOutCustomerBalance: boolean;
}

export interface CreateRequest {
  readonly jobId: string;
  readonly kind: UploadKind;
  readonly operation: string;
  readonly subOperation: string;
  readonly inputFilename: string;
  readonly parent: BatchReference | null;
}

/** Names a batch by its id, its job id, or both. */
export interface BatchReference {
  readonly id: string | null;
  readonly jobId: string | null;
}

const INIT = [
  'jobId',
  'carryForwardInvoices',
  'carryForwardCreditMemos',
  'carryForwardDebitMemos',
  'zeroOutCustomerBalance',
] as const;
const CREATE = ['jobId', 'inputType', 'operation', 'subOperation', 'inputFilename'] as const;
const PARENT = ['parentBatchProcess', 'parentBatchProcessJobId'] as const;
const KINDS: Readonly<Record<string, UploadKind>> = {
  Customer: 'customer',
  Invoice: 'invoice',
  'Invoice Line Item': 'items',
};

/** @throws ApiError 400 */
export function initRequest(fields: Fields): InitRequest {
  requireOrder(fields, INIT);
  return {
    jobId: jobIdOf(fields),
    carryForwardInvoices: flag(fields, 'carryForwardInvoices'),
    carryForwardCreditMemos: flag(fields, 'carryForwardCreditMemos'),
    carryForwardDebitMemos: flag(fields, 'carryForwardDebitMemos'),
    zeroOutCustomerBalance: flag(fields, 'zeroOutCustomerBalance'),
  };
}

/** @throws ApiError 400 */
export function createRequest(fields: Fields): CreateRequest {
  requireOrder(fields, [...PARENT, ...CREATE]);
  const jobId = jobIdOf(fields);
  if (required(fields, 'inputType') !== 'API') throw new ApiError(400, 'inputType must be API');
  const operation = required(fields, 'operation');
  if (operation !== 'eBill-Import') throw new ApiError(400, `Unknown operation ${operation}`);
  const subOperation = required(fields, 'subOperation');
  const kind = Object.hasOwn(KINDS, subOperation) ? KINDS[subOperation] : undefined;
  if (!kind) throw new ApiError(400, `Unknown subOperation ${subOperation}`);
  const parent = referenceOf(fields, 'parentBatchProcess', 'parentBatchProcessJobId');
  if (kind === 'items' && !parent) {
    throw new ApiError(
      400,
      'parentBatchProcess or parentBatchProcessJobId is required for Invoice Line Item',
    );
  }
  if (kind !== 'items' && PARENT.some((name) => fields.has(name))) {
    throw new ApiError(400, `${subOperation} takes no parent batch`);
  }
  return { jobId, kind, operation, subOperation, inputFilename: fileName(fields), parent };
}

/** @throws ApiError 400 */
export function finalizeRequest(fields: Fields): BatchReference {
  requireOrder(fields, ['id', 'jobId']);
  const reference = referenceOf(fields, 'id', 'jobId');
  if (!reference) throw new ApiError(400, 'id or jobId is required');
  return reference;
}

/** Accepts only the elements of the vendor's examples, in their order. */
function requireOrder(fields: Fields, names: readonly string[]): void {
  let last = -1;
  for (const name of fields.keys()) {
    const place = names.indexOf(name);
    if (place < 0) throw new ApiError(400, `Unknown element ${name}`);
    if (place < last) throw new ApiError(400, `Element ${name} is out of order`);
    last = place;
  }
}

function required(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined || value === '') throw new ApiError(400, `${name} is required`);
  return value;
}

function flag(fields: Fields, name: string): boolean {
  const value = required(fields, name);
  if (value === 'true' || value === 'false') return value === 'true';
  throw new ApiError(400, `${name} must be true or false`);
}

/** A job id is text and stays as it is, spaces too (api rule 1). */
function jobIdOf(fields: Fields): string {
  const jobId = required(fields, 'jobId');
  if (jobId.trim() === '') throw new ApiError(400, 'jobId is blank');
  if (/\p{Cc}/u.test(jobId)) throw new ApiError(400, 'jobId has control characters');
  return jobId;
}

/** A name without folders: it becomes part of an object key. */
function fileName(fields: Fields): string {
  const name = required(fields, 'inputFilename');
  if (name === '.' || name === '..' || /[/\p{Cc}]/u.test(name) || name.trim() === '') {
    throw new ApiError(400, 'inputFilename must be the bare name of a file');
  }
  // S3's limit for a whole key is 1024 bytes.
  if (Buffer.byteLength(name) > 900) throw new ApiError(400, 'inputFilename is too long');
  return name;
}

/** An empty element is the same as none. */
function referenceOf(fields: Fields, idName: string, jobIdName: string): BatchReference | null {
  const id = fields.get(idName) || null;
  const jobId = fields.get(jobIdName) || null;
  return id === null && jobId === null ? null : { id, jobId };
}
