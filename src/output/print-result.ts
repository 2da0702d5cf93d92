import type { EbillError } from '../errors.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { DocumentInput } from './document.ts';
import { rowsOf, toTsv } from './rows.ts';
import type { Ui } from './ui.ts';

/** The result of a command; `CommandResult` fits. */
export interface PrintableResult extends Omit<DocumentInput, 'command' | 'exitCode' | 'error'> {
  readonly error: EbillError | null;
  /** The output for people, without a trailing newline. */
  readonly text: string;
  /** The next step for people, one note for each line. */
  readonly next?: string;
}

export interface PrintOptions {
  readonly ui: Ui;
  readonly redactor: Pick<Redactor, 'clean'>;
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
    const { toJson } = await import('./json.ts');
    stdout.write(`${toJson(document, { redactor, showUrls, fields })}\n`);
  } else if (format === 'tsv') {
    stdout.write(toTsv(document, fields, (cell) => ui.clean(cell)));
  } else if (text !== '') {
    separate(ui);
    stdout.write(`${fields === null ? text : await fieldTable(document, fields, ui)}\n`);
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
  return table(fields, cells, ui);
}
