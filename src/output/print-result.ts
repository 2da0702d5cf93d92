import type { EbillError } from '../errors.ts';
import type { Redactor } from '../redact/redactor.ts';
import { indented, visibleText } from '../system/escaping.ts';
import type { DocumentInput, ShownRequest } from './json.ts';
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
    const { toJson } = await import('./json.ts');
    stdout.write(`${toJson(document, { redactor, showUrls, fields })}\n`);
  } else if (format === 'tsv') {
    const { toTsv } = await import('./result-rows.ts');
    stdout.write(toTsv(document, fields, (cell) => ui.clean(cell)));
  } else if (text !== '') {
    separate(ui);
    const shown =
      fields === null ? text : await (await import('./result-rows.ts')).fieldTable(document, fields, ui);
    stdout.write(`${visibleText(shown)}\n`);
    if (error !== null || next !== undefined) separate(ui);
  }
  if (error !== null) ui.fail(error);
  else if (next !== undefined && format !== 'json') for (const line of next.split('\n')) ui.note(line);
}

/** A blank line between progress, result and next step on a terminal. In pipes each stream is read by itself. */
function separate({ context: { stdout, stderr } }: Ui): void {
  if (stdout.isTTY && stderr.isTTY) stderr.write('\n');
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
