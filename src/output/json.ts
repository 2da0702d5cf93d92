import { openOf } from '../batch/account.ts';
import { ROLE_NAMES, type RoleName } from '../batch/columns.ts';
import type { Comparison } from '../batch/comparison.ts';
import { type BatchView, type FileKind, KINDS, PHASES, type Phase } from '../batch/types.ts';
import { EXIT_CODES } from '../errors.ts';
import type { FileReport } from '../files/findings.ts';
import { redactShapes } from '../redact/shapes.ts';
import { COMPARISON_FIELDS } from './comparison-schema.ts';
import { cleanStrings, safeJson } from './json-text.ts';
import type { Failure } from './ui.ts';

/** A request as `--dry-run` shows it. */
export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
}

/** A load in the list of `ebill loads`. Times are ISO 8601. */
export interface ShownLoad {
  readonly job: string;
  readonly profile: string | null;
  readonly baseUrl: string;
  readonly organisation: string | null;
  readonly startedAt: string | null;
  readonly updatedAt: string | null;
  readonly outcome: Phase | null;
  /** `closed`: every batch is final and nothing is left to correct. */
  readonly state: 'open' | 'closed' | null;
  /** Its journal cannot be read. */
  readonly damaged?: true;
}

/** A result file that was downloaded. */
export interface ShownResult {
  readonly jobId: string | null;
  readonly path: string;
  readonly rows: number | null;
  /** With `--rejects` the path of the file of failed rows, otherwise their number. */
  readonly rejects: string | number | null;
}

/** A column recognised for a role, or with a fitting name and not used. */
export interface RecognisedColumn {
  readonly role: RoleName;
  readonly column: string;
  readonly used: boolean;
  /** Why it is not used. */
  readonly reason: string | null;
}

/** A file whose columns tell its kind. */
export interface RecognisedKind {
  readonly file: string;
  readonly kind: FileKind;
  /** The columns that tell it. */
  readonly columns: readonly string[];
}

/** What the JSON document of a run is made of (commands rule 23): a `CommandResult` with a command and an exit code. */
export interface DocumentInput {
  /** The whole name: `upload invoice`. */
  readonly command: string;
  readonly profile: string | null;
  readonly job: string | null;
  readonly outcome: Phase | null;
  readonly exitCode: number;
  readonly batches: readonly BatchView[];
  readonly error: Failure | null;
  readonly requests?: readonly ShownRequest[];
  readonly files?: readonly FileReport[];
  readonly loads?: readonly ShownLoad[];
  readonly results?: readonly ShownResult[];
  readonly recognised?: readonly RecognisedColumn[];
  readonly kinds?: readonly RecognisedKind[];
  readonly comparison?: Comparison;
  /** Keys that one command adds; they never replace those above. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The part of JSON schema that describes the document. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly [keyword: string]: unknown;
}

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const countOrNull = { type: ['integer', 'null'] } as const;

/** An object that always has all of these fields. */
const whole = (properties: Readonly<Record<string, Node>>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});
const list = (items: Node) => ({ type: 'array', items });
const withOptional = (node: ReturnType<typeof whole>, optional: Readonly<Record<string, Node>>) => ({
  ...node,
  properties: { ...node.properties, ...optional },
});

const BATCH = {
  type: 'object',
  description:
    'One batch. Present only as picked under --fields; uploadUrl and downloadUrl only under --show-urls.',
  required: ['children'],
  properties: {
    id: textOrNull,
    jobId: textOrNull,
    kind: { enum: KINDS },
    file: { ...textOrNull, description: 'Base name of the file sent.' },
    status: { ...textOrNull, description: 'As the server spelled it.' },
    phase: { enum: PHASES, description: 'Its own.' },
    outcome: { enum: PHASES, description: 'The worst of itself and its children.' },
    operation: textOrNull,
    subOperation: textOrNull,
    recordsSent: countOrNull,
    successCount: countOrNull,
    failCount: countOrNull,
    successMessage: textOrNull,
    errorMessage: textOrNull,
    corrects: { ...textOrNull, description: 'Job id of the batch whose rejected records it corrects.' },
    open: {
      ...countOrNull,
      description:
        'Records neither loaded nor corrected nor waived, those of its corrections included. null when unknown.',
    },
    resultExpiresAt: {
      ...textOrNull,
      description: 'Until when its result can be fetched, ISO 8601. null when the download URL does not say.',
    },
    leftOut: {
      const: true,
      description: 'Its file was not to come (--leave-out). Present only when it is so.',
    },
    leftBehind: {
      const: true,
      description: 'A draft that another batch replaced; it is never finalized. Present only when it is so.',
    },
    uploadUrl: textOrNull,
    downloadUrl: textOrNull,
    children: list({ $ref: '#/definitions/batch' }),
  },
} as const;

/** What single commands add. */
const LISTS = {
  requests: list(whole({ method: text, url: text, body: textOrNull })),
  files: list(
    whole({
      file: text,
      kind: { enum: ['customer', 'invoice', 'items'] },
      records: countOrNull,
      bytes: countOrNull,
      sha256: textOrNull,
      findings: list(
        whole({
          severity: { enum: ['error', 'warning'] },
          code: text,
          line: countOrNull,
          column: countOrNull,
          message: text,
          hint: text,
        }),
      ),
    }),
  ),
  loads: list(
    withOptional(
      whole({
        job: text,
        profile: textOrNull,
        baseUrl: text,
        organisation: textOrNull,
        startedAt: textOrNull,
        updatedAt: textOrNull,
        outcome: { enum: [...PHASES, null] },
        state: {
          enum: ['open', 'closed', null],
          description: 'closed: every batch is final and nothing is left to correct.',
        },
      }),
      { damaged: { const: true, description: 'Its journal cannot be read. Present only when it is so.' } },
    ),
  ),
  results: list(
    whole({
      jobId: textOrNull,
      path: text,
      rows: countOrNull,
      rejects: { type: ['string', 'integer', 'null'] },
    }),
  ),
  recognised: list(
    whole({ role: { enum: ROLE_NAMES }, column: text, used: { type: 'boolean' }, reason: textOrNull }),
  ),
  kinds: list(whole({ file: text, kind: { enum: ['customer', 'invoice', 'items'] }, columns: list(text) })),
  comparison: { ...whole(COMPARISON_FIELDS), description: 'This month compared with an earlier load.' },
};

/**
 * The document of `--json` (commands rule 23), and which fields of an object get into it. Fields may be added, never renamed:
 * other keys are allowed, those named here keep their types.
 */
export const DOCUMENT_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'The document of ebill --json',
  type: 'object',
  required: ['command', 'profile', 'job', 'outcome', 'exitCode', 'batches', 'error'],
  properties: {
    command: { ...text, description: 'The whole name, such as "upload invoice".' },
    profile: textOrNull,
    job: textOrNull,
    outcome: { enum: [...PHASES, null] },
    exitCode: { type: 'integer', minimum: 0 },
    batches: list({ $ref: '#/definitions/batch' }),
    error: {
      description: 'null exactly when exitCode is 0.',
      oneOf: [
        { type: 'null' },
        whole({ code: { enum: Object.keys(EXIT_CODES) }, message: text, hint: text }),
      ],
    },
    ...LISTS,
    checks: list(
      whole({
        name: text,
        state: { enum: ['ok', 'warning', 'problem', 'skipped'] },
        message: text,
        hint: text,
      }),
    ),
  },
  if: { properties: { exitCode: { const: 0 } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
  then: { properties: { error: { type: 'null' } } },
  else: { properties: { error: { type: 'object' } } },
  definitions: { batch: BATCH },
};

interface JsonOptions {
  readonly redactor: { hide(text: string): string };
  /** Shows presigned URLs in the two fields for them; known secrets stay hidden everywhere (commands rule 4). */
  readonly showUrls: boolean;
  /** The fields of each batch to write, besides its children; `null`: all. */
  readonly fields?: readonly string[] | null;
}

type Fields = Record<string, unknown>;

/** The fields that the schema names, in its order, cleaned; nothing else of an object is written. */
function picked(value: unknown, schema: Node, clean: (text: string) => string): unknown {
  const { items, properties } = schema;
  if (items !== undefined && Array.isArray(value)) return value.map((item) => picked(item, items, clean));
  if (properties === undefined || typeof value !== 'object' || value === null)
    return cleanStrings(value, clean);
  const all = value as Fields;
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => all[name] !== undefined)
      .map(([name, node]) => [name, picked(all[name], node, clean)]),
  );
}

/** What its corrections come to, and how long its result is there. */
export const derivedFields = (
  batch: BatchView,
): {
  readonly corrects: string | null;
  readonly open: number | null;
  readonly resultExpiresAt: string | null;
} => ({
  corrects: batch.corrects?.jobId ?? null,
  open: openOf(batch),
  resultExpiresAt: batch.resultExpiresAt ?? null,
});

function batchFields(batch: BatchView, options: JsonOptions): Fields {
  const { redactor, showUrls, fields } = options;
  const url = (value: string | null): string | null =>
    value === null || showUrls ? value : redactShapes(value);
  const { uploadUrl, downloadUrl } = batch;
  const all: Fields = {
    ...(picked({ ...batch, ...derivedFields(batch) }, BATCH, (value) => redactor.hide(value)) as Fields),
    ...(uploadUrl === undefined ? {} : { uploadUrl: url(uploadUrl) }),
    ...(downloadUrl === undefined ? {} : { downloadUrl: url(downloadUrl) }),
    children: batch.children.map((child) => batchFields(child, options)),
  };
  if (!fields) return all;
  const names = [...fields.filter((name) => name in all), 'children'];
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

/** `error` is null exactly when the exit code is 0, even when the caller forgot it. */
function errorOf({ exitCode, error }: DocumentInput): Failure | null {
  if (exitCode === 0) return null;
  if (error !== null) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'INTERNAL', message: `ended with exit code ${exitCode} and no reason`, hint: 'report this' };
}

/** The one JSON document of a run, without a newline at its end. */
export function toJson(input: DocumentInput, options: JsonOptions): string {
  const clean = (value: string): string => options.redactor.hide(value);
  const { command, profile, job, outcome, exitCode } = input;
  const document: Fields = {
    ...(cleanStrings({ command, profile, job, outcome, exitCode }, clean) as Fields),
    batches: input.batches.map((batch) => batchFields(batch, options)),
    error: cleanStrings(errorOf(input), clean),
    ...(picked(input, { properties: LISTS }, clean) as Fields),
  };
  for (const [key, value] of Object.entries(input.extra ?? {})) {
    if (!Object.hasOwn(document, key) && value !== undefined) document[key] = cleanStrings(value, clean);
  }
  return safeJson(document, 2);
}
