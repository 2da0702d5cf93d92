import { decodeXMLStrict } from 'entities';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { messageOf } from '../errors.ts';
import { oneLine, visible } from '../system/escaping.ts';

/** An element of a document: its name, its own text, its child elements. No attributes: the API has none. */
export interface XmlElement {
  readonly name: string;
  /** Exactly as written between the tags, entities decoded once; blanks kept (job ids may have them). */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The document cannot be read: truncated, malformed, hostile or no XML at all. */
export class XmlError extends Error {}

const MAX_DEPTH = 64;

const parser = new XMLParser({
  // Order keeps text, CDATA and elements apart, and no element name ever becomes an object key we look up.
  preserveOrder: true,
  ignoreAttributes: true,
  // Ids are text: `007` and `1e5` stay what they are (what bites 1).
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: '#cdata',
  // The parser itself keeps a stack of open elements; what reads its result recurses.
  maxNestedTags: MAX_DEPTH,
});

/**
 * A document's root element. Bare `&`, as in the vendor's examples, and `&amp;` read the same (what bites 2).
 * @throws XmlError when it is truncated, malformed, has a DTD, nests too deep or is too large (what bites 13).
 */
export function parseXml(document: string): XmlElement {
  const problem = excess(document);
  if (problem !== null) throw new XmlError(problem);
  // No DTD is ever needed here, and entity bombs need one.
  if (/<!(?:doctype|entity)/i.test(markupOf(document)))
    throw new XmlError('the answer carries a document type definition');
  const repaired = mapMarkup(document.replace(/^\ufeff/, ''), escapeBareAmpersands, (part) => part).trim();
  if (repaired === '') throw new XmlError('the answer is empty');
  const verdict = XMLValidator.validate(repaired, { allowBooleanAttributes: true });
  if (verdict !== true)
    throw new XmlError(
      `the answer is not whole XML (line ${verdict.err.line}: ${quotable(verdict.err.msg)})`,
    );
  const nodes = read(repaired);
  const roots = elementsOf(nodes);
  const [root] = roots;
  // The validator lets text after a root pass that closes in itself.
  if (root === undefined || roots.length > 1 || !repaired.endsWith('>') || textOf(nodes).trim() !== '')
    throw new XmlError('the answer is not one XML document');
  return root;
}

function read(document: string): readonly unknown[] {
  try {
    const nodes: unknown = parser.parse(document);
    return Array.isArray(nodes) ? nodes : [];
  } catch (cause) {
    throw new XmlError(`the answer is not readable XML (${quotable(messageOf(cause))})`, { cause });
  }
}

/** The parser's messages quote the document, which is a stranger's text of any length. */
const quotable = (message: string): string => visible(oneLine(message.slice(0, 120))).slice(0, 160);

const BARE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)/g;

/** `&` that starts no entity becomes `&amp;`, so that one decoding serves both spellings. */
const escapeBareAmpersands = (text: string): string => text.replace(BARE_AMPERSAND, '&amp;');

/** Rewrites the markup and text of a document, and apart from them its opaque parts. One pass, whatever it holds. */
function mapMarkup(
  document: string,
  markup: (text: string) => string,
  opaque: (part: string) => string,
): string {
  let out = '';
  let from = 0;
  for (const opening of document.matchAll(/<!\[CDATA\[|<!--|<\?/g)) {
    if (opening.index < from) continue;
    const closing = OPAQUE.find(([start]) => start === opening[0])?.[1] ?? '';
    const end = document.indexOf(closing, opening.index + opening[0].length);
    // A part that never closes is none; the validator refuses it later.
    if (end < 0) break;
    out +=
      markup(document.slice(from, opening.index)) +
      opaque(document.slice(opening.index, end + closing.length));
    from = end + closing.length;
  }
  return out + markup(document.slice(from));
}

const markupOf = (document: string): string =>
  mapMarkup(
    document,
    (text) => text,
    () => '',
  );

/** From the parser's ordered nodes (`[{name: [children]}, {'#text': '…'}]`) to elements. */
function elementsOf(nodes: unknown): XmlElement[] {
  const elements: XmlElement[] = [];
  for (const node of Array.isArray(nodes) ? nodes : []) {
    for (const [name, content] of Object.entries(node as object)) {
      if (name === '#text' || name === '#cdata' || name === ':@' || !Array.isArray(content)) continue;
      elements.push({ name, text: textOf(content), children: elementsOf(content) });
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

/** Characters; a status answer with a thousand children has well under one million. */
const MAX_LENGTH = 10_000_000;
/** `<` and `&` together: ten thousand item files under an invoice have two thirds of it. Each costs the parser a hundred times its size. */
const MAX_MARKS = 500_000;
/** Characters of one tag with its attributes; the API has none, and storages one or two. */
const MAX_TAG = 64 * 1024;

/** What is opaque to a reader of markup: CDATA sections, comments, processing instructions. */
const OPAQUE: readonly (readonly [opening: string, closing: string])[] = [
  ['<![CDATA[', ']]>'],
  ['<!--', '-->'],
  ['<?', '?>'],
];

const LESS = 60;
const GREATER = 62;
const AMPERSAND = 38;
const DOUBLE = 34;
const SINGLE = 39;

/**
 * Why a document is not worth parsing; `null` when it is. One pass that keeps nothing: what a parser makes of ten megabytes
 * of `<a/>` or `&` fills the memory of a small machine (batch-api.md, what bites 13).
 */
function excess(document: string): string | null {
  if (document.length > MAX_LENGTH) return `the answer has ${document.length} characters, too many to be one`;
  if (document.includes('\0')) return 'the answer holds a NUL, which no XML may';
  let marks = 0;
  for (let at = 0; at < document.length; at++) {
    const code = document.charCodeAt(at);
    if (code !== LESS && code !== AMPERSAND) continue;
    marks += 1;
    if (marks > MAX_MARKS)
      return `the answer has more than ${MAX_MARKS} tags and entities, too many to be one`;
    if (code === AMPERSAND) continue;
    const end = endOfMarkup(document, at);
    // Not closed: the parser says so, and where.
    if (end === null) return null;
    if (end < 0) return `the answer has a tag of more than ${MAX_TAG} characters`;
    at = end;
  }
  return null;
}

/** Where the markup that begins at `from` ends; `null`: nowhere; -1: too far away for a tag. */
function endOfMarkup(document: string, from: number): number | null {
  for (const [opening, closing] of OPAQUE) {
    if (!document.startsWith(opening, from)) continue;
    const end = document.indexOf(closing, from + opening.length);
    return end < 0 ? null : end + closing.length - 1;
  }
  let quote = 0;
  const most = Math.min(document.length, from + MAX_TAG);
  for (let at = from + 1; at < most; at++) {
    const code = document.charCodeAt(at);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === GREATER) return at;
    else if (code === DOUBLE || code === SINGLE) quote = code;
  }
  return most === document.length ? null : -1;
}
