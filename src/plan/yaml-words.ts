import type { YAMLError } from 'yaml';
import { visible } from '../system/escaping.ts';

/** Said where it is found out, which may be far below. */
export const NOT_CLOSED = 'a quote or bracket above is not closed, or closed on a line that is not indented';

/** By the parser's code, and where one code means several things by its message. The first that fits is taken. */
const WORDS: readonly (readonly [code: string | null, message: RegExp, words: string])[] = [
  [null, /closing .?quote/, NOT_CLOSED],
  [null, /end with a [\]}]/, NOT_CLOSED],
  [
    null,
    /single line|followed by map values|1024 chars/,
    'this line is no KEY: VALUE: a colon and a space go after the key',
  ],
  [null, /Missing space after :/, 'a space is missing after the colon'],
  [null, /Missing , /, 'a comma is missing before this, or a quote around the whole text'],
  [
    null,
    /item without - indicator/,
    'this line is not indented like its neighbours, or a "- " is missing before it',
  ],
  [
    null,
    /Comments must be separated/,
    'a # within a text: put the text in quotes, or a space before a comment',
  ],
  [null, /empty item|Unexpected ,/, 'there is nothing between two commas'],
  ['BAD_INDENT', /same column/, 'this line is not indented like its neighbours: begin it in their column'],
  ['BAD_INDENT', /./, 'this line must be indented further'],
  ['TAB_AS_INDENT', /./, 'a tab indents this line; YAML takes spaces only'],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    /./,
    'a second ": " or a "- " in one line: begin a new line, or put the text in quotes',
  ],
  ['BLOCK_IN_FLOW', /./, 'within [ ] or { } entries are separated by commas, not by lines with "- "'],
  ['BAD_SCALAR_START', /./, 'a text cannot begin with this character: put it in quotes'],
  [
    'BAD_DQ_ESCAPE',
    /./,
    'in double quotes a backslash has a meaning of its own: use single quotes, or / between folders',
  ],
  ['TAG_RESOLVE_FAILED', /./, 'a text that begins with ! goes in quotes; tags mean nothing in a plan'],
  ['BAD_COLLECTION_TYPE', /./, 'tags (!…) mean nothing in a plan: leave it out'],
  ['BAD_ALIAS', /./, 'a text with * or & goes in quotes, such as "*.csv"'],
  ['BAD_DIRECTIVE', /./, 'a line that begins with % is a directive of YAML, and a plan takes none'],
  ['MISSING_CHAR', /directives-end/, 'directives (%) mean nothing in a plan: leave them out'],
  [
    'UNEXPECTED_TOKEN',
    /./,
    'this is not expected here: is a text that needs quotes left without, or a bracket or a comma too many?',
  ],
];

/** What the YAML parser found, in the words of somebody who writes plans. */
export function yamlMessage({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  const words = WORDS.find(([of, said]) => (of === null || of === code) && said.test(message))?.[2];
  return words ?? `this is no YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

/** `*.csv` is what people write, and what YAML takes for an alias. */
export function aliasAdvice(source: string): string {
  const shown = `*${visible(source.slice(0, 60))}`;
  return `${shown} must be in quotes: "${shown}"; without them YAML takes it for an alias, and a plan has none`;
}

export function anchorAdvice(anchor: string): string {
  const shown = `&${visible(anchor.slice(0, 60))}`;
  return `${shown} before this is an anchor, and a plan has none: leave it out, or put the whole text in quotes`;
}
