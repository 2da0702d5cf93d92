import { visible } from '../system/escaping.ts';

export type AnnotationLevel = 'error' | 'warning' | 'notice';

/**
 * One workflow command of GitHub Actions, escaped as the toolkit does it: `%`, CR and LF, and in a property `:` and `,` too,
 * so that no text in it can begin another command. The runner reads commands from stdout and stderr alike.
 */
export function workflowCommand(level: AnnotationLevel, title: string, text: string): string {
  // Line breaks are kept: the runner shows them as lines, which must not pose as commands in the log either.
  const message = text
    .split(/\r?\n/)
    .map((line) => withoutCommands(visible(line)))
    .join('\n');
  return `::${level} title=${property(visible(title))}::${data(message)}`;
}

/**
 * A text in which a GitHub runner finds no command. It takes two forms for one: `::name …::` where a line begins, blanks
 * passed over, and the older `##[name …]` anywhere in a line.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^(\s*):(?=:)/, '$1: ').replaceAll('##[', '## [');
}

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
