import type { FileReport, Finding } from '../files/findings.ts';
import { oneLine } from '../system/escaping.ts';
import { count, counted } from './format.ts';
import { hangingIndent, textWidth, wrap } from './text-layout.ts';
import { plainTheme, type Theme } from './theme.ts';
import { hintText } from './ui.ts';

/** Columns a message needs after its place to stay on the same line. */
const ROOM = 20;

/** `inv.csv:12:3`, as compilers write it, so that editors can open it. */
function place(file: string, { line, column }: Finding): string {
  if (line === null) return file;
  return column === null ? `${file}:${line}` : `${file}:${line}:${column}`;
}

function fileLines(report: FileReport, theme: Theme): string[] {
  const { colors, clean, width } = theme;
  const file = clean(report.file);
  const lines: string[] = [];
  report.findings.forEach((finding, i) => {
    const colour = finding.severity === 'error' ? colors.red : colors.yellow;
    const text = `${colour(finding.severity)} ${clean(finding.code)}: ${clean(oneLine(finding.message))}`;
    const where = place(file, finding);
    // After a long name the text starts on a new line.
    if (width - textWidth(where) >= ROOM) lines.push(hangingIndent(`${colors.bold(where)} `, text, width, 2));
    else lines.push(...wrap(where, width).map(colors.bold), hangingIndent('  ', text, width));
    // Ten findings of one kind in a row need their hint once.
    if (finding.hint !== '' && report.findings[i + 1]?.hint !== finding.hint) {
      lines.push(hintText(oneLine(finding.hint), theme));
    }
  });
  const more = report.findingsTotal - report.findings.length;
  if (more > 0) lines.push(hangingIndent('  ', `and ${count(more)} more in ${file}`, width));
  return lines;
}

/** The findings of each file (commands rule 16); empty when there are none. */
export function findingsText(files: readonly FileReport[], theme: Theme): string {
  return files
    .filter(({ findings, findingsTotal }) => findings.length > 0 || findingsTotal > 0)
    .map((report) => fileLines(report, theme).join('\n'))
    .join('\n\n');
}

/** `3 files checked, 20,375 records, nothing wrong`, or how many files have errors or warnings. */
export function findingsVerdict(files: readonly FileReport[], theme: Theme = plainTheme()): string {
  const records = files.reduce((sum, file) => sum + (file.records ?? 0), 0);
  const has = (severity: Finding['severity']): number =>
    files.filter(({ findings }) => findings.some((finding) => finding.severity === severity)).length;
  const bad = has('error');
  const doubtful = has('warning');
  const parts = [
    `${counted(files.length, 'file', 'files')} checked`,
    files.some((file) => file.records === null)
      ? `${count(records)} records in those that could be read`
      : counted(records, 'record', 'records'),
  ];
  if (bad > 0) parts.push(`${counted(bad, 'file', 'files')} with errors`);
  if (doubtful > 0) parts.push(`${counted(doubtful, 'file', 'files')} with warnings`);
  if (bad + doubtful === 0) parts.push('nothing wrong');
  return hangingIndent('', parts.join(', '), theme.width, 2);
}
