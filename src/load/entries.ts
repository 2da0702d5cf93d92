import * as v from 'valibot';
import type { InitRequest, ParentRef } from '../api/request.ts';
import { type Batch, KINDS } from '../batch/types.ts';
import type { Redacted } from '../redact/redactor.ts';
import { addressOf } from '../redact/shapes.ts';

/**
 * The entries of a journal, described once. The types, the check of what is read and the removal of secrets from what is
 * written all come from this description. Format 1; fields may be added, never renamed.
 */

/** A higher number was written by a newer program and is refused. */
export const JOURNAL_VERSION = 1;

/** The first line: which load the journal belongs to. */
export interface Header {
  readonly ebillJournal: number;
  readonly job: string;
  /** `null` when the environment or options made the set-up. */
  readonly profile: string | null;
  readonly baseUrl: string;
  /** Absent without one, and in older journals. */
  readonly organisation?: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

// Text of this machine (files, job ids, requests) is kept as it is: a load is resumed by it. Text from outside has one of
// these three schemas, which say how it is kept (`sanitizeEntry`).
const own = v.string();
/** Said by the server or the storage; some repeat whatever they receive. */
const foreign = v.string();
/** An id made by the server. One with a secret in it is dropped: part of an id is none, and the job id names the batch too. */
const serverId = v.string();
/** A presigned URL; kept without its query. */
const url = v.string();

const time = v.string();
const count = v.number();
const kind = v.picklist(KINDS);
const fileKind = v.picklist(['customer', 'invoice', 'items']);

/** An answer has two levels of batches; a damaged journal may have any number. */
const DEEPEST = 64;
const levels: v.GenericSchema<Batch>[] = [];
const batchAt = (depth: number): v.GenericSchema<Batch> =>
  (levels[depth] ??= v.object({
    element: own,
    id: v.nullable(serverId),
    jobId: v.nullable(foreign),
    status: v.nullable(foreign),
    operation: v.nullable(foreign),
    subOperation: v.nullable(foreign),
    successCount: v.nullable(count),
    successMessage: v.nullable(foreign),
    errorMessage: v.nullable(foreign),
    failCount: v.nullable(count),
    uploadUrl: v.nullable(url),
    downloadUrl: v.nullable(url),
    /** Until when, by the query of that URL, which is not kept; ISO 8601. */
    resultExpiresAt: v.exactOptional(own),
    children: v.array(depth + 1 < DEEPEST ? v.lazy(() => batchAt(depth + 1)) : v.never()),
  }));
const batch = batchAt(0);

const record = v.custom<Readonly<Record<string, unknown>>>(isRecord);

/** The invoice batch of an items batch. Older journals leave out what was not known. */
const parent = v.nullable(
  v.pipe(
    // An array would do as well for an object without a required field.
    record,
    v.object({ id: v.exactOptional(v.nullable(serverId)), jobId: v.exactOptional(v.nullable(own)) }),
  ),
) as unknown as v.GenericSchema<ParentRef | null>;

const sourceFile = v.object({
  /** Absolute. */
  path: own,
  /** Base name, the `inputFilename`. */
  name: own,
  bytes: count,
  /** Records besides the header; `null` when the file was not read as CSV (`--no-validate`). */
  records: v.nullable(count),
  sha256: own,
  md5: own,
  /** The sum of its amounts as a decimal; `null` when it is unknown. Older journals lack it. */
  amount: v.exactOptional(v.nullable(own)),
});

/** The batch whose rejected records a batch corrects, and how many of its records replace one of those. */
const corrects = v.object({ jobId: own, replaces: count });

const found = v.object({
  jobId: own,
  kind,
  parent: v.exactOptional(parent) as unknown as typeof parent,
  batch,
});

const entry = <const Type extends string, Fields extends v.ObjectEntries>(type: Type, fields: Fields) =>
  v.object({ at: time, type: v.literal(type), ...fields });

/** Flushed before a request leaves. `decisions`: how many of those are before it; older journals lack it. */
const intent = <const Call extends string, Fields extends v.ObjectEntries>(call: Call, fields: Fields) =>
  entry('intent', {
    n: count,
    decisions: v.exactOptional(count),
    call: v.literal(call),
    jobId: own,
    ...fields,
  });

/** How long the process waits for the answer at most, ms. Older journals lack it. */
const waitMs = v.exactOptional(count);

const ENTRIES = {
  intent: v.variant('call', [
    intent('init', { request: v.custom<InitRequest>((value) => isRecord(value)), waitMs }),
    intent('create', {
      kind: fileKind,
      file: sourceFile,
      parent,
      /** The job id of the batch that this one corrects. */
      corrects: v.exactOptional(own),
      waitMs,
    }),
    intent('put', { object: url, bytes: count }),
    intent('finalize', { id: v.nullable(serverId), waitMs }),
  ]),
  /** Flushed after the answer to the request of that number. */
  answer: entry('answer', {
    n: count,
    outcome: v.picklist(['answered', 'refused', 'ambiguous']),
    message: v.exactOptional(foreign),
    batch: v.exactOptional(batch),
    /** Of a create: the object the upload URL names, and the end of that URL in ms since 1970, which earlier programs read. */
    upload: v.exactOptional(v.object({ object: url, expiresAt: v.nullable(count) })),
    /** Of a put. */
    etag: v.exactOptional(v.nullable(foreign)),
    verified: v.exactOptional(v.boolean()),
  }),
  /** What the server says of a batch on record; `null`: it knows no such batch. */
  seen: entry('seen', { jobId: own, batch: v.nullable(batch) }),
  /** The id on record is another batch's: an answer was wrong when it was learnt. */
  'wrong-id': entry('wrong-id', { jobId: own, id: v.nullable(serverId) }),
  /** A batch created on another machine, found on the server. */
  found: entry('found', found.entries),
  /** All batches of a load that was started elsewhere, in one line: a part of them would pass for the whole. */
  discovered: entry('discovered', { batches: v.array(found) }),
  /** The batch found is this file's: `--adopt`. */
  adopted: entry('adopted', { jobId: own, file: sourceFile }),
  /** A doubt resolved by asking: the call had happened. */
  settled: entry('settled', { jobId: own, call: v.picklist(['init', 'finalize']), batch }),
  /** A draft that is never finalized. `next`: its file goes into this batch instead, with items not created yet. */
  abandoned: entry('abandoned', {
    jobId: own,
    id: v.nullable(serverId),
    reason: foreign,
    next: v.exactOptional(own),
  }),
  /** A whole command: every file with its batch, before the first request (api rule 28). */
  call: entry('call', {
    /** `upload invoice`, `run` … */
    command: own,
    /** Its options, as they are typed again. */
    options: v.array(own),
    /** The file arguments when they are not those of `files`: a plan, or the whole list of `--shard`. Absolute. */
    paths: v.exactOptional(v.array(own)),
    files: v.array(
      v.object({
        jobId: own,
        kind: fileKind,
        parent,
        file: sourceFile,
        corrects: v.exactOptional(corrects),
      }),
    ),
    /** Customers that its invoice files bill, each once; `null` when unknown. Older journals lack it. */
    billed: v.exactOptional(v.nullable(count)),
    /** Batches that these replace: left behind with their items, in the same step. */
    replaces: v.array(own),
  }),
  /** A result file was downloaded: a file of its name is this batch's result if it has this SHA-256 (api rule 21). */
  result: entry('result', { jobId: own, bytes: count, sha256: own }),
  /** The records in it and those rejected, where they are not the server's counts and none is unknown. The last one counts. */
  counted: entry('counted', { jobId: own, rows: count, failed: count }),
  /** The rejected records of a batch as they were sent, written to a file to be corrected: `path` may be corrected since. */
  rejects: entry('rejects', { jobId: own, path: own, bytes: count, sha256: own, records: count }),
  /** Rejected records that will not be loaded: `--waive`. `line`: of the rejects as written; `null`: all that were open. */
  waived: entry('waived', {
    jobId: own,
    line: v.nullable(count),
    records: count,
    reason: own,
    by: own,
  }),
  /** The load is closed: what it came to, each record once. Written again only after more was added to it. */
  closed: entry('closed', {
    /** When its last batch was seen final. */
    closedAt: time,
    kinds: v.array(
      v.object({
        kind: fileKind,
        records: v.nullable(count),
        amount: v.nullable(own),
        /** Records that were rejected at first. */
        rejected: v.nullable(count),
      }),
    ),
    customersBilled: v.nullable(count),
    files: v.array(v.object({ jobId: own, kind: fileKind, name: own, sha256: own })),
  }),
  /** The file will not come: `--leave-out`. */
  'left-out': entry('left-out', { jobId: own }),
  /** `--next` for these bytes was refused, since the batch was found to be finalized: the same line again does not mean it. */
  'next-refused': entry('next-refused', { jobId: own, sha256: own }),
  /** The run that follows sends exactly what this approval file says. `by`: who approved it, as the operator says. */
  approved: entry('approved', { sha256: own, by: v.nullable(own) }),
  /** The load comes from another machine, which exported it at that time by its own clock. */
  imported: entry('imported', { exportedAt: time, host: own }),
  /** The upload of an items file cannot go on: only `--restart-invoice` helps. */
  blocked: entry('blocked', { jobId: own, reason: foreign }),
};

type Immutable<T> = T extends readonly (infer U)[]
  ? readonly Immutable<U>[]
  : T extends object
    ? { readonly [K in keyof T]: Immutable<T[K]> }
    : T;
type Union<T> = T extends unknown ? Immutable<T> : never;
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

export type Entry = Union<v.InferOutput<(typeof ENTRIES)[keyof typeof ENTRIES]>>;
/** An entry before the journal stamps it. */
export type NewEntry = Without<Entry, 'at'>;
export type Intent = Without<Extract<Entry, { type: 'intent' }>, 'at' | 'type' | 'n' | 'decisions'>;
export type Answered = Without<Extract<Entry, { type: 'answer' }>, 'at' | 'type' | 'n'>;
/** A file as it was when it was checked. */
export interface SourceFile extends Immutable<v.InferOutput<typeof sourceFile>> {
  /** Of a file that this run checked. It is not recorded: each run checks its files anew, and SHA-256 does for the others. */
  readonly crc32?: number | undefined;
}
/** A whole command as it is recorded. */
export type Call = Extract<Entry, { type: 'call' }>;
/** An approval file that a run was checked against. */
export type Approved = Omit<Extract<Entry, { type: 'approved' }>, 'at' | 'type'>;
/** A batch created elsewhere, as the server describes it. */
export type Found = Immutable<v.InferOutput<typeof found>>;

/** The option of `run` whose value is a path, recorded as an absolute one. */
export const APPROVED = '--approved';

/** A command of another machine, as it is typed in a folder here with the same files: its paths are nothing here. */
export function callElsewhere(call: Call): Call {
  const name = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;
  const { options, paths, files } = call;
  return {
    ...call,
    options: options.map((option, i) => (options[i - 1] === APPROVED ? name(option) : option)),
    ...(paths === undefined ? {} : { paths: paths.map(name) }),
    files: files.map((one) => ({ ...one, file: { ...one.file, path: name(one.file.path) } })),
  };
}

const DECISIONS: ReadonlySet<Entry['type']> = new Set([
  'call',
  'adopted',
  'abandoned',
  'left-out',
  'blocked',
]);

/** Whether only this journal knows it: without it a batch could be finalized wrongly or too early. */
export const isDecision = ({ type }: Pick<Entry, 'type'>): boolean => DECISIONS.has(type);

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function schemaOf(value: unknown): v.GenericSchema | null {
  if (!isRecord(value) || typeof value['type'] !== 'string') return null;
  return Object.hasOwn(ENTRIES, value['type']) ? ENTRIES[value['type'] as keyof typeof ENTRIES] : null;
}

/** Whether its type is one this program knows; others are a newer program's. */
export const isKnown = (value: unknown): boolean => schemaOf(value) !== null;

/** Whether it is an entry of a known type with all fields as described. Further fields are a newer program's. */
export function isEntry(value: unknown): value is Entry {
  const schema = schemaOf(value);
  return schema !== null && v.is(schema, value);
}

/** Hides secrets in a text. */
export type Clean = (text: string) => Redacted;

/** The address of an upload as a journal keeps it, and as it is compared with others (api rule 26). */
export const sanitizeUrl = (text: string, clean: Clean): string => clean(addressOf(text));

const SANITIZE: ReadonlyMap<unknown, (text: string, clean: Clean) => string | null> = new Map([
  [foreign, (text, clean) => clean(text)],
  [serverId, (text, clean) => (clean(text) === text ? text : null)],
  [url, sanitizeUrl],
]);

/** An entry as a journal may keep it (commands rule 4). Fields that are not described are dropped. */
export function sanitizeEntry(value: Entry, clean: Clean): Redacted<Entry> {
  return sanitized(ENTRIES[value.type] as Described, value, clean) as Redacted<Entry>;
}

/** The parts of valibot's schemas that `sanitized` walks. */
interface Described {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Described>>;
  readonly wrapped?: Described;
  readonly item?: Described;
  readonly getter?: () => Described;
  readonly options?: readonly Described[];
  readonly pipe?: readonly Described[];
}

function sanitized(schema: Described, value: unknown, clean: Clean): unknown {
  const sanitize = SANITIZE.get(schema);
  if (sanitize !== undefined) return sanitize(value as string, clean);
  const { entries, wrapped, item, getter, options, pipe } = schema;
  if (value === null || value === undefined) return value;
  if (pipe !== undefined) return sanitized(pipe.at(-1) as Described, value, clean);
  if (wrapped !== undefined) return sanitized(wrapped, value, clean);
  if (getter !== undefined) return sanitized(getter(), value, clean);
  if (item !== undefined) return (value as unknown[]).map((one) => sanitized(item, one, clean));
  if (schema.type === 'variant') {
    const call = (value as { call: string }).call;
    const option = options?.find((one) => v.is(one.entries?.['call'] as v.GenericSchema, call));
    return sanitized(option as Described, value, clean);
  }
  if (entries === undefined) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value))
    if (Object.hasOwn(entries, key)) kept[key] = sanitized(entries[key] as Described, field, clean);
  return kept;
}
