import type { YAMLError } from 'yaml';
import { visible } from '../system/escaping.ts';

/** The parser reports it where it gives up, which may be many lines further down. */
export const NOT_CLOSED =
  'a quote or bracket above is not closed, or is closed on a line that is not indented';

/** Our message for each error code of the parser, or for its message where a code has several meanings. The first match counts. */
const MESSAGES: readonly (readonly [code: string | null, parserMessage: RegExp, message: string])[] = [
  [null, /closing .?quote/, NOT_CLOSED],
  [null, /end with a [\]}]/, NOT_CLOSED],
  [
    null,
    /single line|followed by map values|1024 chars/,
    'this line is not KEY: VALUE; write a colon and a space after the key',
  ],
  [null, /Missing space after :/, 'add a space after the colon'],
  [null, /Missing , /, 'add a comma before this, or quotes around the whole text'],
  [
    null,
    /item without - indicator/,
    'this line is not indented like the lines around it, or "- " is missing in front of it',
  ],
  [
    null,
    /Comments must be separated/,
    'a # inside text: put the text in quotes, or a space in front of the comment',
  ],
  [null, /empty item|Unexpected ,/, 'nothing between two commas: remove one'],
  ['BAD_INDENT', /same column/, 'this line is not indented like the lines around it'],
  ['BAD_INDENT', /./, 'indent this line further'],
  ['TAB_AS_INDENT', /./, 'this line is indented with a tab; YAML allows only spaces'],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    /./,
    'a second ": " or a "- " on one line: start a new line, or put the text in quotes',
  ],
  ['BLOCK_IN_FLOW', /./, 'separate the entries inside [ ] or { } with commas, not with "- "'],
  ['BAD_SCALAR_START', /./, 'text cannot start with this character: put it in quotes'],
  [
    'BAD_DQ_ESCAPE',
    /./,
    'a backslash in double quotes is an escape: use single quotes, or / between folders',
  ],
  ['TAG_RESOLVE_FAILED', /./, 'put text that starts with ! in quotes; a plan cannot use YAML tags'],
  ['BAD_COLLECTION_TYPE', /./, 'a plan cannot use YAML tags (!…): remove it'],
  ['BAD_ALIAS', /./, 'put text that starts with * or & in quotes, such as "*.csv"'],
  ['BAD_DIRECTIVE', /./, 'a line that starts with % is a YAML directive; a plan cannot use directives'],
  ['MISSING_CHAR', /directives-end/, 'a plan cannot use YAML directives (%): remove them'],
  [
    'UNEXPECTED_TOKEN',
    /./,
    'unexpected here: quotes may be missing around text, or there is a bracket or comma too many',
  ],
];

/** Describes an error of the YAML parser for people who write plans. */
export function yamlMessage({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  const known = MESSAGES.find(([of, pattern]) => (of === null || of === code) && pattern.test(message))?.[2];
  return known ?? `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

/** People write `*.csv`; YAML reads that as an alias. */
export function aliasMessage(source: string): string {
  const shown = `*${visible(source.slice(0, 60))}`;
  return `put ${shown} in quotes: "${shown}"; without quotes YAML reads it as an alias`;
}

export function anchorMessage(anchor: string): string {
  const shown = `&${visible(anchor.slice(0, 60))}`;
  return `${shown} is a YAML anchor, which a plan cannot use: remove it, or put the whole text in quotes`;
}
