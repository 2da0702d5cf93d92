import { KINDS } from '../batch/types.ts';

/**
 * The form of a journal's entries. A line that was cut by a crash is no JSON and is passed over; one that is JSON and of
 * another form was damaged, and must not be guessed at.
 */
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number';
const flag: Check = (value) => typeof value === 'boolean';
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const one =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
/** Further keys are a newer program's. */
const shape =
  (keys: Readonly<Record<string, Check>>): Check =>
  (value) =>
    object(value) &&
    Object.entries(keys).every(([key, check]) =>
      check(Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined),
    );

/** Batches under batches: an answer has two levels (xml.ts has the limit of what is read at all). */
const DEEPEST = 64;
const batchAt = (depth: number): Check =>
  shape({
    element: text,
    id: orNull(text),
    jobId: orNull(text),
    status: orNull(text),
    operation: orNull(text),
    subOperation: orNull(text),
    successCount: orNull(number),
    successMessage: orNull(text),
    errorMessage: orNull(text),
    failCount: orNull(number),
    uploadUrl: orNull(text),
    downloadUrl: orNull(text),
    children: (value) => depth < DEEPEST && listOf((child) => batchAt(depth + 1)(child))(value),
  });
const batch = batchAt(0);
const parent = orNull(shape({ id: optional(orNull(text)), jobId: optional(orNull(text)) }));
const fileKind = one('customer', 'invoice', 'items');
const kind = one(...KINDS);
const file = shape({
  path: text,
  name: text,
  bytes: number,
  records: orNull(number),
  sha256: text,
  md5: text,
  amount: optional(orNull(text)),
});
const found = { jobId: text, kind, parent: optional(parent), batch };

const CALLS: Readonly<Record<string, Check>> = {
  init: shape({ request: object }),
  create: shape({ kind: fileKind, file, parent }),
  put: shape({ object: text, bytes: number }),
  finalize: shape({ id: orNull(text) }),
};

const TYPES: Readonly<Record<string, Check>> = {
  intent: (entry) =>
    shape({ n: number, jobId: text, call: one(...Object.keys(CALLS)) })(entry) &&
    CALLS[(entry as { call: string }).call]?.(entry) === true,
  answer: shape({
    n: number,
    outcome: one('answered', 'refused', 'ambiguous'),
    message: optional(text),
    batch: optional(batch),
    upload: optional(shape({ object: text, expiresAt: orNull(number) })),
    etag: optional(orNull(text)),
    verified: optional(flag),
  }),
  seen: shape({ jobId: text, batch: orNull(batch) }),
  found: shape(found),
  discovered: shape({ batches: listOf(shape(found)) }),
  adopted: shape({ jobId: text, file }),
  settled: shape({ jobId: text, call: one('init', 'finalize'), batch }),
  abandoned: shape({ jobId: text, id: orNull(text), reason: text }),
};

/** Is it of a type this program knows? Others are passed over. */
export const isKnown = (value: unknown): boolean =>
  object(value) &&
  typeof (value as { type?: unknown }).type === 'string' &&
  Object.hasOwn(TYPES, (value as { type: string }).type);

/** Is an entry of a known type whole: each field there, and of its form? */
export const isWhole = (value: unknown): boolean =>
  isKnown(value) && shape({ at: text })(value) && TYPES[(value as { type: string }).type]?.(value) === true;
