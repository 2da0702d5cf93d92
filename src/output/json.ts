import type { BatchView, Phase } from '../batch/types.ts';
import type { FileReport } from '../files/findings.ts';
import { cleanStrings, safeJson } from './json-text.ts';
import type { Failure } from './ui.ts';

interface JsonOptions {
  readonly redactor: { clean(text: string): string };
  /** Shows presigned URLs in the two fields for them; known secrets stay hidden everywhere (commands rule 4). */
  readonly showUrls: boolean;
  /** The fields of each batch to write, besides its children; `null`: all. */
  readonly fields?: readonly string[] | null;
}

type Clean = (text: string) => string;
type Fields = Record<string, unknown>;

const maybe = (text: string | null, clean: Clean): string | null => (text === null ? null : clean(text));

/** BATCH (commands rule 23), field by field in its order. Nothing else of the object is written. */
function batchFields(batch: BatchView, clean: Clean, showUrls: boolean): Fields {
  const fields: Fields = {
    id: maybe(batch.id, clean),
    jobId: maybe(batch.jobId, clean),
    kind: batch.kind,
    file: maybe(batch.file, clean),
    status: maybe(batch.status, clean),
    phase: batch.phase,
    outcome: batch.outcome,
    operation: maybe(batch.operation, clean),
    subOperation: maybe(batch.subOperation, clean),
    recordsSent: batch.recordsSent,
    successCount: batch.successCount,
    failCount: batch.failCount,
    successMessage: maybe(batch.successMessage, clean),
    errorMessage: maybe(batch.errorMessage, clean),
  };
  for (const name of ['uploadUrl', 'downloadUrl'] as const) {
    const url = batch[name];
    if (url !== undefined) fields[name] = showUrls ? url : maybe(url, clean);
  }
  return { ...fields, children: batch.children.map((child) => batchFields(child, clean, showUrls)) };
}

function picked(batch: Fields, fields: readonly string[] | null): Fields {
  if (fields === null) return batch;
  const children = (batch['children'] as Fields[]).map((child) => picked(child, fields));
  return {
    ...Object.fromEntries(fields.filter((name) => name in batch).map((name) => [name, batch[name]])),
    children,
  };
}

function fileFields(report: FileReport, clean: Clean): Fields {
  return {
    file: clean(report.file),
    kind: report.kind,
    records: report.records,
    bytes: report.bytes,
    sha256: report.sha256,
    findings: report.findings.map((finding) => ({
      severity: finding.severity,
      code: finding.code,
      line: finding.line,
      column: finding.column,
      message: clean(finding.message),
      hint: clean(finding.hint),
    })),
  };
}

/** `error` is null exactly when the exit code is 0, even when the caller forgot it. */
function errorFields(exitCode: number, error: Failure | null, clean: Clean): Fields | null {
  if (exitCode === 0) return null;
  if (!error) {
    return {
      code: 'INTERNAL',
      message: `ended with exit code ${exitCode} and no reason`,
      hint: 'report this',
    };
  }
  return { code: error.code, message: clean(error.message), hint: clean(error.hint) };
}

/** The one JSON document of a run, without a newline at its end. A whitelist: no object is written whole. */
export function toJson(input: DocumentInput, options: JsonOptions): string {
  const clean: Clean = (text) => options.redactor.clean(text);
  const document: Fields = {
    command: input.command,
    profile: maybe(input.profile, clean),
    job: maybe(input.job, clean),
    outcome: input.outcome,
    exitCode: input.exitCode,
    batches: input.batches.map((batch) =>
      picked(batchFields(batch, clean, options.showUrls), options.fields ?? null),
    ),
    error: errorFields(input.exitCode, input.error, clean),
  };
  if (input.requests) {
    document['requests'] = input.requests.map(({ method, url, body }) => ({
      method,
      url: clean(url),
      body: maybe(body, clean),
    }));
  }
  if (input.files) document['files'] = input.files.map((report) => fileFields(report, clean));
  if (input.loads) {
    document['loads'] = input.loads.map((load) => ({
      job: clean(load.job),
      profile: maybe(load.profile, clean),
      startedAt: load.startedAt,
      updatedAt: load.updatedAt,
      outcome: load.outcome,
    }));
  }
  if (input.results) {
    document['results'] = input.results.map((result) => ({
      jobId: maybe(result.jobId, clean),
      path: clean(result.path),
      rows: result.rows,
      rejects: typeof result.rejects === 'string' ? clean(result.rejects) : result.rejects,
    }));
  }
  for (const [key, value] of Object.entries(input.extra ?? {})) {
    if (!Object.hasOwn(document, key) && value !== undefined) document[key] = cleanStrings(value, clean);
  }
  return safeJson(document, 2);
}

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
  readonly startedAt: string | null;
  readonly updatedAt: string | null;
  readonly outcome: Phase | null;
}

/** A result file that was downloaded. */
export interface ShownResult {
  readonly jobId: string | null;
  readonly path: string;
  readonly rows: number | null;
  /** With `--rejects` the path of the file of failed rows, otherwise their number. */
  readonly rejects: string | number | null;
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
  /** Keys that one command adds; they never replace those above. */
  readonly extra?: Readonly<Record<string, unknown>>;
}
