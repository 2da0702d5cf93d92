import { KINDS, PHASES } from '../batch/types.ts';
import { EXIT_CODES } from '../errors.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const countOrNull = { type: ['integer', 'null'] } as const;

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
    uploadUrl: textOrNull,
    downloadUrl: textOrNull,
    children: { type: 'array', items: { $ref: '#/definitions/batch' } },
  },
} as const;

const FINDING = {
  type: 'object',
  required: ['severity', 'code', 'line', 'column', 'message', 'hint'],
  properties: {
    severity: { enum: ['error', 'warning'] },
    code: text,
    line: countOrNull,
    column: countOrNull,
    message: text,
    hint: text,
  },
} as const;

const list = (required: readonly string[], properties: Readonly<Record<string, object>>) => ({
  type: 'array',
  items: { type: 'object', required, properties },
});

/**
 * The one document `--json` prints (cli.md, "Output"). Fields may be added, never renamed: other keys are allowed, those
 * that are named here keep their types.
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
    batches: { type: 'array', items: { $ref: '#/definitions/batch' } },
    error: {
      description: 'null exactly when exitCode is 0.',
      oneOf: [
        { type: 'null' },
        {
          type: 'object',
          required: ['code', 'message', 'hint'],
          properties: {
            code: {
              enum: Object.keys(EXIT_CODES),
            },
            message: text,
            hint: text,
          },
        },
      ],
    },
    requests: list(['method', 'url', 'body'], { method: text, url: text, body: textOrNull }),
    files: list(['file', 'kind', 'records', 'bytes', 'sha256', 'findings'], {
      file: text,
      kind: { enum: ['customer', 'invoice', 'items'] },
      records: countOrNull,
      bytes: countOrNull,
      sha256: textOrNull,
      findings: { type: 'array', items: FINDING },
    }),
    loads: list(['job', 'profile', 'startedAt', 'updatedAt', 'outcome'], {
      job: text,
      profile: textOrNull,
      startedAt: textOrNull,
      updatedAt: textOrNull,
      outcome: { enum: [...PHASES, null] },
    }),
    results: list(['jobId', 'path', 'rows', 'rejects'], {
      jobId: textOrNull,
      path: text,
      rows: countOrNull,
      rejects: { type: ['string', 'integer', 'null'] },
    }),
    checks: list(['name', 'state', 'message', 'hint'], {
      name: text,
      state: { enum: ['ok', 'warning', 'problem', 'skipped'] },
      message: text,
      hint: text,
    }),
  },
  if: { properties: { exitCode: { const: 0 } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
  then: { properties: { error: { type: 'null' } } },
  else: { properties: { error: { type: 'object' } } },
  definitions: { batch: BATCH },
};
