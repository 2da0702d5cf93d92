import type { DocumentInput } from './document.ts';
import { rowsOf } from './fields.ts';

/**
 * A result as lines of tab-separated values: a header, then a line for each row. Unknown is empty; tabs, line breaks and
 * backslashes are written as `\t`, `\n`, `\r`, `\\`, so that a line is a row and a tab a column.
 * @param fields the columns wanted, in their order; `null`: all
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
