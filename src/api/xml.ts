import { decodeXMLStrict } from 'entities';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { messageOf } from '../errors.ts';
import { excerpt } from '../system/escaping.ts';

/** Without attributes: the API has none. */
export interface XmlElement {
  /** Without its namespace prefix (api rule 9). */
  readonly name: string;
  /** As written between the tags, entities decoded once, blanks kept (job ids may have them). */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The document is truncated, malformed, hostile or not XML. */
export class XmlError extends Error {}

const MAX_DEPTH = 64;

const parser = new XMLParser({
  // Keeps text, CDATA and elements apart, and makes no element name an object key that is looked up.
  preserveOrder: true,
  ignoreAttributes: true,
  // Ids are text (api rule 1).
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: '#cdata',
  // `elementsOf` recurses.
  maxNestedTags: MAX_DEPTH,
});

/**
 * The root element of a document. A bare `&`, as in the vendor's examples, reads like `&amp;` (api rule 2).
 * @throws XmlError when it is truncated, malformed, has a DTD, nests too deep or is too large (api rule 9)
 */
export function parseXml(document: string): XmlElement {
  const problem = sizeProblem(document);
  if (problem !== null) throw new XmlError(problem);
  // Entity bombs need a DTD, and no response of the API has one.
  if (/<!(?:doctype|entity)/i.test(withoutOpaqueSections(document)))
    throw new XmlError('the response has a document type definition');
  const repaired = escapeBareAmpersands(document.replace(/^\ufeff/, '')).trim();
  if (repaired === '') throw new XmlError('the response is empty');
  const valid = XMLValidator.validate(repaired, { allowBooleanAttributes: true });
  if (valid !== true)
    throw new XmlError(
      `the response is not well-formed XML (line ${valid.err.line}: ${excerpt(valid.err.msg, 160)})`,
    );
  const nodes = parse(repaired);
  const roots = elementsOf(nodes);
  const [root] = roots;
  // The validator accepts text after a self-closing root.
  if (root === undefined || roots.length > 1 || !repaired.endsWith('>') || textOf(nodes).trim() !== '')
    throw new XmlError('the response is not a single XML document');
  return root;
}

function parse(document: string): readonly unknown[] {
  try {
    const nodes: unknown = parser.parse(document);
    return Array.isArray(nodes) ? nodes : [];
  } catch (cause) {
    throw new XmlError(`the response is not readable XML (${excerpt(messageOf(cause), 160)})`, { cause });
  }
}

/** From the parser's ordered nodes (`[{name: [children]}, {'#text': '…'}]`). */
function elementsOf(nodes: unknown): XmlElement[] {
  const elements: XmlElement[] = [];
  for (const node of Array.isArray(nodes) ? nodes : []) {
    for (const [name, content] of Object.entries(node as object)) {
      if (name === '#text' || name === '#cdata' || name === ':@' || !Array.isArray(content)) continue;
      elements.push({
        name: name.slice(name.indexOf(':') + 1),
        text: textOf(content),
        children: elementsOf(content),
      });
    }
  }
  return elements;
}

function textOf(nodes: readonly unknown[]): string {
  let text = '';
  for (const node of nodes) {
    const { '#text': plain, '#cdata': cdata } = node as { '#text'?: unknown; '#cdata'?: unknown };
    if (plain !== undefined) text += decodeXMLStrict(String(plain));
    if (Array.isArray(cdata))
      text += cdata.map((part) => String((part as { '#text'?: unknown })['#text'] ?? '')).join('');
  }
  return text;
}

/** Sections whose content is not markup: CDATA, comments, processing instructions. */
const OPAQUE: readonly (readonly [opening: string, closing: string])[] = [
  ['<![CDATA[', ']]>'],
  ['<!--', '-->'],
  ['<?', '?>'],
];

const BARE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)/g;

/** Makes `&amp;` of each `&` that starts no entity, so that one decoding serves both spellings. */
const escapeBareAmpersands = (document: string): string =>
  mapSections(
    document,
    (markup) => markup.replace(BARE_AMPERSAND, '&amp;'),
    (opaque) => opaque,
  );

const withoutOpaqueSections = (document: string): string =>
  mapSections(
    document,
    (markup) => markup,
    () => '',
  );

/** Rewrites the markup (with its text) and the opaque sections of a document, in one pass. */
function mapSections(
  document: string,
  markup: (text: string) => string,
  opaque: (section: string) => string,
): string {
  let out = '';
  let from = 0;
  for (const opening of document.matchAll(/<!\[CDATA\[|<!--|<\?/g)) {
    if (opening.index < from) continue;
    const closing = OPAQUE.find(([start]) => start === opening[0])?.[1] ?? '';
    const end = document.indexOf(closing, opening.index + opening[0].length);
    // The validator rejects an unclosed section later.
    if (end < 0) break;
    out +=
      markup(document.slice(from, opening.index)) +
      opaque(document.slice(opening.index, end + closing.length));
    from = end + closing.length;
  }
  return out + markup(document.slice(from));
}

/** Characters; a status with a thousand children has well under one million. */
const MAX_LENGTH = 10_000_000;
/** `<` and `&` together; ten thousand item files need two thirds of it. Each costs the parser a hundred times its size. */
const MAX_MARKS = 500_000;
/** Characters of a tag with its attributes. The API has none, storages have one or two. */
const MAX_TAG = 64 * 1024;

const LESS = '<'.charCodeAt(0);
const GREATER = '>'.charCodeAt(0);
const AMPERSAND = '&'.charCodeAt(0);
const DOUBLE_QUOTE = '"'.charCodeAt(0);
const SINGLE_QUOTE = "'".charCodeAt(0);

/**
 * Why a document must not be parsed; `null` when it may. One pass without allocations: what a parser makes of ten megabytes
 * of `<a/>` or `&` would fill the memory of a small machine.
 */
function sizeProblem(document: string): string | null {
  if (document.length > MAX_LENGTH)
    return `the response has ${document.length} characters, which is too many`;
  if (document.includes('\0')) return 'the response has a NUL, which XML forbids';
  let marks = 0;
  for (let at = 0; at < document.length; at++) {
    const code = document.charCodeAt(at);
    if (code !== LESS && code !== AMPERSAND) continue;
    marks += 1;
    if (marks > MAX_MARKS)
      return `the response has more than ${MAX_MARKS} tags and entities, which is too many`;
    if (code === AMPERSAND) continue;
    const end = endOfMarkup(document, at);
    // Unclosed: the validator reports it, with its line.
    if (end === 'nowhere') return null;
    if (end === 'too far') return `the response has a tag of more than ${MAX_TAG} characters`;
    at = end;
  }
  return null;
}

/** Where the markup that starts at `from` ends. */
function endOfMarkup(document: string, from: number): number | 'nowhere' | 'too far' {
  for (const [opening, closing] of OPAQUE) {
    if (!document.startsWith(opening, from)) continue;
    const end = document.indexOf(closing, from + opening.length);
    return end < 0 ? 'nowhere' : end + closing.length - 1;
  }
  let quote = 0;
  const limit = Math.min(document.length, from + MAX_TAG);
  for (let at = from + 1; at < limit; at++) {
    const code = document.charCodeAt(at);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === GREATER) return at;
    else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) quote = code;
  }
  return limit === document.length ? 'nowhere' : 'too far';
}
