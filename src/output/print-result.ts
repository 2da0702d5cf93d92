import { flattenPlaced } from '../batch/tree.ts';
import type { EbillError } from '../errors.ts';
import type { Redactor } from '../redact/redactor.ts';
import { indented, visibleText } from '../system/escaping.ts';
import { type DocumentInput, derivedFields, type ShownRequest, toJson } from './json.ts';
import type { Theme } from './theme.ts';
import type { Ui } from './ui.ts';

/** The result of a command; `CommandResult` fits. */
interface PrintableResult extends Omit<DocumentInput, 'command' | 'exitCode' | 'error'> {
  readonly error: EbillError | null;
  /** The output for people, without a trailing newline. */
  readonly text: string;
  /** The next step for people, one note for each line. */
  readonly next?: string;
}

export interface PrintOptions {
  readonly ui: Ui;
  readonly redactor: Pick<Redactor, 'hide'>;
  readonly format: 'table' | 'json' | 'tsv';
  /** `--fields`; `null`: all. */
  readonly fields: readonly string[] | null;
  readonly showUrls: boolean;
}

/** Prints a result on stdout in the format asked for, then its error or next step on stderr (commands rule 22). */
export async function printResult(
  result: PrintableResult,
  command: string,
  options: PrintOptions,
): Promise<void> {
  const { ui, redactor, format, fields, showUrls } = options;
  const { stdout } = ui.context;
  const { error, text, next } = result;
  const document: DocumentInput = { ...result, command, exitCode: error?.exitCode ?? 0 };
  ui.end();
  if (format === 'json') {
    stdout.write(`${toJson(document, { redactor, showUrls, fields })}\n`);
  } else if (format === 'tsv') {
    stdout.write(toTsv(document, fields, (cell) => ui.clean(cell)));
  } else if (text !== '') {
    separate(ui);
    stdout.write(`${visibleText(fields === null ? text : await fieldTable(document, fields, ui))}\n`);
    if (error !== null || next !== undefined) separate(ui);
  }
  if (error !== null) ui.fail(error);
  else if (next !== undefined && format !== 'json') for (const line of next.split('\n')) ui.note(line);
}

/** A blank line between progress, result and next step on a terminal. In pipes each stream is read by itself. */
function separate({ context: { stdout, stderr } }: Ui): void {
  if (stdout.isTTY && stderr.isTTY) stderr.write('\n');
}

async function fieldTable(document: DocumentInput, fields: readonly string[], ui: Ui): Promise<string> {
  const { table } = await import('./table.ts');
  const { rows } = rowsOf(document);
  const cells = rows.map((row) => fields.map((name) => (row[name] == null ? null : String(row[name]))));
  // A sentence is read whole, a name may be shortened in the middle.
  const heads = fields.map((title) => ({ title, wrap: /message$|^hint$/i.test(title) }));
  return table(heads, cells, ui);
}

/** The list that is a command's result, with the columns for scripts (`help json`). */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** The fields of BATCH but its children and URLs, and the job id of its parent. */
export const BATCH_FIELDS = [
  'id',
  'jobId',
  'kind',
  'file',
  'status',
  'phase',
  'outcome',
  'operation',
  'subOperation',
  'recordsSent',
  'successCount',
  'failCount',
  'successMessage',
  'errorMessage',
  'parent',
  'leftOut',
  'leftBehind',
  'corrects',
  'open',
  'resultExpiresAt',
] as const;
const LOAD_FIELDS = [
  'job',
  'profile',
  'startedAt',
  'updatedAt',
  'outcome',
  'baseUrl',
  'organisation',
  'state',
] as const;
const RESULT_FIELDS = ['jobId', 'path', 'rows', 'rejects'] as const;
const FILE_FIELDS = ['file', 'kind', 'records', 'bytes', 'sha256', 'findings'] as const;
const PROFILE_FIELDS = [
  'name',
  'current',
  'baseUrl',
  'auth',
  'username',
  'production',
  'organisation',
  'tokenCommand',
] as const;
const CHECK_FIELDS = ['name', 'state', 'message', 'hint'] as const;

/** Every field that `--fields` accepts. */
export const FIELDS: readonly string[] = [
  ...new Set([
    ...BATCH_FIELDS,
    ...LOAD_FIELDS,
    ...RESULT_FIELDS,
    ...FILE_FIELDS,
    ...PROFILE_FIELDS,
    ...CHECK_FIELDS,
  ]),
];

/** The list of a result: loads, result files, checked files, profiles, checks of `doctor`, otherwise its batches, children after their parents. */
function rowsOf({ loads, results, files, batches, extra }: DocumentInput): Rows {
  if (loads !== undefined) return { columns: LOAD_FIELDS, rows: loads.map((load) => ({ ...load })) };
  if (results !== undefined)
    return { columns: RESULT_FIELDS, rows: results.map((result) => ({ ...result })) };
  if (files !== undefined)
    return { columns: FILE_FIELDS, rows: files.map((file) => ({ ...file, findings: file.findingsTotal })) };
  const profiles = listIn(extra, 'profiles');
  if (profiles !== null) return { columns: PROFILE_FIELDS, rows: profiles };
  const checks = listIn(extra, 'checks');
  if (checks !== null) return { columns: CHECK_FIELDS, rows: checks };
  return {
    columns: BATCH_FIELDS,
    rows: flattenPlaced(batches).map(({ batch, parent }) => ({
      ...batch,
      ...derivedFields(batch),
      parent: parent?.jobId ?? null,
    })),
  };
}

/** A list of objects among the keys that a command adds; `null` when there is none of that name. */
function listIn(extra: DocumentInput['extra'], name: string): Rows['rows'] | null {
  const value = extra?.[name];
  if (!Array.isArray(value)) return null;
  return value.map((one): Rows['rows'][number] => ({ ...one }));
}

/**
 * Tab-separated values: a header, then a line for each row. Unknown is empty; tabs, line breaks and backslashes are written as
 * `\t`, `\n`, `\r`, `\\`, so that a line is a row and a tab separates columns.
 * @param fields the columns, in their order; `null`: all
 * @param clean hides secrets and makes control characters visible
 */
export function toTsv(
  result: DocumentInput,
  fields: readonly string[] | null,
  clean: (text: string) => string,
): string {
  const { columns, rows } = rowsOf(result);
  const wanted = fields ?? columns;
  const lines = rows.map((row) => wanted.map((name) => cell(row[name], clean)).join('\t'));
  return [wanted.join('\t'), ...lines].map((line) => `${line}\n`).join('');
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function cell(value: unknown, clean: (text: string) => string): string {
  if (value === null || value === undefined) return '';
  return clean(String(value).replace(/[\\\t\n\r]/g, (char) => ESCAPES[char] ?? ''));
}

/** The requests that `--dry-run` shows: one line each, and the body under it. Not wrapped, so that they can be compared. */
export function requestsText(requests: readonly ShownRequest[], theme: Theme): string {
  const { colors, clean } = theme;
  if (requests.length === 0) return 'No requests.';
  return requests
    .map(({ method, url, body }) => {
      const head = `${colors.bold(clean(method))} ${clean(url)}`;
      if (body === null || body === '') return head;
      const lines = body.split(/\r?\n/).map((line) => `  ${clean(indented(line))}`.trimEnd());
      return [head, ...lines].join('\n').trimEnd();
    })
    .join('\n\n');
}
