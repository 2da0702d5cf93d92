import { flattenPlaced } from '../batch/tree.ts';
import {
  BATCH_FIELDS,
  CHECK_FIELDS,
  FILE_FIELDS,
  LOAD_FIELDS,
  PROFILE_FIELDS,
  RESULT_FIELDS,
} from './fields.ts';
import { type DocumentInput, derivedFields } from './json.ts';
import { table } from './table.ts';
import type { Theme } from './theme.ts';

/** The list that is a command's result, with the columns for scripts (`help json`). */
interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** `--fields` as a table. */
export async function fieldTable(
  document: DocumentInput,
  fields: readonly string[],
  theme: Theme,
): Promise<string> {
  const { rows } = rowsOf(document);
  const cells = rows.map((row) => fields.map((name) => (row[name] == null ? null : String(row[name]))));
  // A sentence is read whole, a name may be shortened in the middle.
  const heads = fields.map((title) => ({ title, wrap: /message$|^hint$/i.test(title) }));
  return table(heads, cells, theme);
}

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
