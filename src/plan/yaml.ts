import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  Parser,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { visible } from '../system/escaping.ts';
import type { Mistake, Place } from './plan-schema.ts';

/** The parsed value of a plan, with the places of its parts. */
interface YamlPlan {
  readonly value: unknown;
  readonly places: YamlPlaces;
}

/** Parses YAML text: its value, or everything that is wrong with it as YAML. Pure. */
export function readYaml(text: string): YamlPlan | { readonly mistakes: readonly Mistake[] } {
  const lines = countLines(text);
  const composed = composeYaml(text);
  if ('tooDeep' in composed) {
    const place = new YamlPlaces(null, lines).at(composed.tooDeep);
    return { mistakes: [{ ...place, message: 'nested too deeply' }] };
  }
  const { document, second } = composed;
  const places = new YamlPlaces(document.contents, lines);
  const open = unclosed(document, text).map(({ offset, message }) => ({ ...places.at(offset), message }));
  const mistakes: Mistake[] = [...document.errors, ...document.warnings]
    .map((error): Mistake => ({ ...places.at(error.pos[0]), message: yamlMessage(error) }))
    .filter(({ message }) => open.length === 0 || message !== NOT_CLOSED)
    .concat(open, unsupported(document, places));
  if (second !== null) {
    const message = 'a second YAML document starts here; a plan file can have only one';
    mistakes.push({ ...places.at(second), message });
  }
  if (mistakes.length > 0) return { mistakes: onePerPlace(mistakes) };
  keepJobSpelling(document);
  return { value: document.toJS({ maxAliasCount: 0 }) as unknown, places };
}

/** Own count: the parser's misses line ends inside a misplaced quoted text. */
function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

/** Features of YAML that a plan does not allow: aliases, anchors, keys that are not text, repeated keys. */
function unsupported(document: Document.Parsed, places: YamlPlaces): readonly Mistake[] {
  const found: Mistake[] = [];
  const add = (offset: number | undefined, message: string): void => {
    found.push({ ...places.at(offset ?? 0), message });
  };
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) add(node.range?.[0], aliasMessage(node.source));
      else if (node.anchor !== undefined) add(node.range?.[0], anchorMessage(node.anchor));
    },
    Map: (_key, map) => {
      const first = new Map<string, number>();
      for (const { key } of map.items) {
        if (!isNode(key)) continue;
        const at = key.range?.[0];
        if (!isScalar(key)) {
          add(at, 'a list or mapping in place of a key: put text with [ ] or { } in quotes');
          continue;
        }
        const text = keyText(key);
        const before = first.get(text);
        if (before === undefined) first.set(text, at ?? 0);
        else {
          const shown = visible(text.slice(0, 60));
          add(at, `duplicate key "${shown}", first used on line ${places.at(before).line}`);
        }
      }
    },
  });
  return found;
}

/** Keeps the first mistake of each place: later ones are its consequences. */
function onePerPlace(mistakes: readonly Mistake[]): readonly Mistake[] {
  const seen = new Set<string>();
  return mistakes.filter(({ line, column }) => {
    const place = `${line}:${column}`;
    return !seen.has(place) && seen.add(place);
  });
}

/** Keeps the spelling of an unquoted number as the name of a load: 0123 is not 123. */
function keepJobSpelling({ contents }: Document.Parsed): void {
  const under = (map: unknown, name: string): unknown =>
    isMap(map) ? map.items.find(({ key }) => keyText(key) === name)?.value : undefined;
  keepSpelling(under(contents, 'job'));
  keepSpelling(under(under(contents, 'expect'), 'against'));
}

function keepSpelling(job: unknown): void {
  if (isScalar(job) && job.type === 'PLAIN' && typeof job.value === 'number')
    job.value = job.source ?? String(job.value);
}

/** Limit for the depth of the parser's stack; a valid plan needs seven. */
const MAX_DEPTH = 40;

/** The first YAML document of a text, or the UTF-16 offset where it is nested too deeply. */
type Composed =
  | {
      readonly document: Document.Parsed;
      /** Offset of a second document; `null` when there is none. */
      readonly second: number | null;
    }
  | { readonly tooDeep: number };

/**
 * Composes YAML 1.2 text. Pure. The depth is checked while tokens are read, which does not recurse; the composer does, and
 * a stack overflow in it can end the whole process.
 */
function composeYaml(text: string): Composed {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_DEPTH) return { tooDeep: parser.offset - lexeme.length };
  }
  for (const token of parser.end()) tokens.push(token);
  // `unsupported` checks for repeated keys; the composer's own check (`uniqueKeys`) takes quadratic time.
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const documents = composer.compose(tokens, true, text.length);
  const first = documents.next();
  // `forceDoc` guarantees a first document.
  if (first.done === true) throw new TypeError('The YAML composer gave no document.');
  const next = documents.next();
  return {
    document: first.value as Document.Parsed,
    second: next.done === true ? null : next.value.range[0],
  };
}

/**
 * Quotes and brackets that are never closed, with the offset where each is opened. The parser reports them only where it
 * gives up, which may be the end of the file. Pure.
 */
function unclosed(
  document: Document.Parsed,
  text: string,
): readonly { readonly offset: number; readonly message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Node: (_key, node) => {
      const [offset, end] = node.range ?? [0, 0];
      const opening = text.charAt(offset);
      const closing = CLOSING[opening];
      const enclosed = isScalar(node)
        ? /^QUOTE/.test(node.type ?? '')
        : isCollection(node) && node.flow === true;
      if (!enclosed || closing === undefined) return;
      if (end - offset > 1 && text.charAt(end - 1) === closing) return;
      found.push({ offset, message: `this ${opening} is never closed: add a ${closing}` });
    },
  });
  return found;
}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", '[': ']', '{': '}' };

/** Line and column of the parts of a YAML text. */
export class YamlPlaces {
  readonly #root: unknown;
  readonly #lines: LineCounter;
  /** Keys of the maps seen so far, so that a lookup in a large map is not linear. */
  readonly #keys = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(root: unknown, lines: LineCounter) {
    this.#root = root;
    this.#lines = lines;
  }

  /** The place of an offset in UTF-16 units. */
  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** The start of the value at a path from the root, or of its nearest existing parent. */
  of(path: readonly string[]): Place {
    return this.#start(this.#node(path));
  }

  /** The place of a key in the map at a path. */
  key(path: readonly string[], key: string): Place {
    const node = this.#node(path);
    return this.#start((isMap(node) ? this.#pair(node, key)?.key : null) ?? node);
  }

  #node(path: readonly string[]): unknown {
    let node = this.#root;
    for (const step of path) node = this.#child(node, step) ?? node;
    return node;
  }

  #child(node: unknown, step: string): unknown {
    if (isSeq(node)) return node.items[Number(step)];
    const pair = isMap(node) ? this.#pair(node, step) : undefined;
    // A key without a value has the place of the key.
    return isWritten(pair?.value) ? pair?.value : pair?.key;
  }

  #pair(map: YAMLMap, key: string): Pair | undefined {
    let keys = this.#keys.get(map);
    if (keys === undefined) {
      keys = new Map(map.items.map((pair) => [keyText(pair.key), pair]));
      this.#keys.set(map, keys);
    }
    return keys.get(key);
  }

  #start(node: unknown): Place {
    const { range } = (node ?? {}) as { readonly range?: readonly number[] | null };
    return this.at(range?.[0] ?? 0);
  }
}

/** A YAML key as a key of the parsed object. */
function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : key;
  return value === null || value === undefined ? '' : String(value);
}

/** True for a value written in the text, `null` and `""` included. */
function isWritten(node: unknown): boolean {
  if (node === null || node === undefined) return false;
  return !isScalar(node) || node.value !== null || (node.source ?? '') !== '';
}

/** The parser reports it where it gives up, which may be many lines further down. */
const NOT_CLOSED = 'a quote or bracket above is not closed, or is closed on a line that is not indented';

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
function yamlMessage({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  const known = MESSAGES.find(([of, pattern]) => (of === null || of === code) && pattern.test(message))?.[2];
  return known ?? `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

/** People write `*.csv`; YAML reads that as an alias. */
function aliasMessage(source: string): string {
  const shown = `*${visible(source.slice(0, 60))}`;
  return `put ${shown} in quotes: "${shown}"; without quotes YAML reads it as an alias`;
}

function anchorMessage(anchor: string): string {
  const shown = `&${visible(anchor.slice(0, 60))}`;
  return `${shown} is a YAML anchor, which a plan cannot use: remove it, or put the whole text in quotes`;
}
