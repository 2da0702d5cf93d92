import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** A request body unlike the vendor's examples. The message says why. */
export class BadRequestXml extends Error {}

/** Names and texts of a request's elements, in their order. */
export type Fields = ReadonlyMap<string, string>;

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

// Text stays as it is, so that `007`, `1e5` and ` A ` survive (api rule 1). We decode entities ourselves, once.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: '#cdata',
});

/**
 * Reads a request: UTF-8 XML, root `batchProcess`, flat, no attributes, each element at most once. Any DTD is refused
 * unread (api rule 9).
 * @throws BadRequestXml
 */
export function readRequest(body: Uint8Array): Fields {
  const text = decodeUtf8(body);
  if (text.trim() === '') throw new BadRequestXml('The request body is empty');
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new BadRequestXml('A document type declaration is not allowed');
  const fields = new Map<string, string>();
  for (const node of rootChildren(text)) {
    const [name, content] = elementOf(node);
    if (name === '#text') {
      if (textOf(node).trim() !== '')
        throw new BadRequestXml('There is text between the elements of batchProcess');
      continue;
    }
    if (':@' in node) throw new BadRequestXml(`Element ${name} must not have attributes`);
    if (fields.has(name)) throw new BadRequestXml(`Element ${name} occurs more than once`);
    fields.set(name, content.map((part) => leafText(part, name)).join(''));
  }
  return fields;
}

function decodeUtf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new BadRequestXml('The request body is not valid UTF-8');
  }
}

function rootChildren(text: string): readonly Readonly<Record<string, unknown>>[] {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new BadRequestXml(`The request is not well-formed XML: ${valid.err.msg}`);
  let parsed: unknown;
  try {
    parsed = parser.parse(text);
  } catch {
    throw new BadRequestXml('The request is not well-formed XML');
  }
  const nodes = nodesOf(parsed).filter((node) => !['#text', '?xml'].includes(elementOf(node)[0]));
  const [root] = nodes;
  if (nodes.length !== 1 || !root || elementOf(root)[0] !== 'batchProcess') {
    throw new BadRequestXml('The root element must be batchProcess');
  }
  if (':@' in root) throw new BadRequestXml('Element batchProcess must not have attributes');
  return elementOf(root)[1];
}

function leafText(node: Readonly<Record<string, unknown>>, parent: string): string {
  const [name, content] = elementOf(node);
  if (name === '#text') return decodeEntities(textOf(node));
  if (name === '#cdata') return content.map(textOf).join('');
  throw new BadRequestXml(`Element ${parent} must contain text, not ${name}`);
}

/** Decodes once: `&amp;lt;` is the text `&lt;`. */
function decodeEntities(text: string): string {
  return text.replace(/&([^;&\s]*;)?/g, (whole, body: string | undefined) => {
    const name = body?.slice(0, -1) ?? '';
    const named = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
    if (named !== undefined) return named;
    const hex = /^#x([0-9a-f]{1,6})$/i.exec(name)?.[1];
    const decimal = /^#(\d{1,7})$/.exec(name)?.[1];
    const code = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : 0;
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    if (!isCharacter) throw new BadRequestXml(`Unknown entity ${whole}`);
    return String.fromCodePoint(code);
  });
}

function nodesOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** In the parser's ordered form one key is the element's name and `:@` has the attributes. */
function elementOf(
  node: Readonly<Record<string, unknown>>,
): [name: string, content: readonly Readonly<Record<string, unknown>>[]] {
  const name = Object.keys(node).find((key) => key !== ':@') ?? '';
  return [name, nodesOf(node[name])];
}

function textOf(node: Readonly<Record<string, unknown>>): string {
  const text = node['#text'];
  return typeof text === 'string' ? text : '';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An element with text or children. In `url` text, `&` is written in the sandbox's style. */
export interface Element {
  readonly name: string;
  readonly content: string | readonly Element[];
  readonly url?: true;
}

export function element(name: string, content: string | number | readonly Element[] = ''): Element {
  return { name, content: typeof content === 'number' ? String(content) : content };
}

export function urlElement(name: string, url: string): Element {
  return { name, content: url, url: true };
}

/**
 * Writes one element per line, as in the vendor's text. With `bare`, `&` in URLs is not escaped, which is not well-formed but
 * what the vendor's examples show (api rule 2).
 */
export function writeXml(root: Element, style: 'escaped' | 'bare'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${write(root, style)}\n`;
}

function write({ name, content, url }: Element, style: 'escaped' | 'bare'): string {
  if (typeof content === 'string') {
    return `<${name}>${url && style === 'bare' ? content : escapeText(content)}</${name}>`;
  }
  if (content.length === 0) return `<${name}></${name}>`;
  return `<${name}>\n${content.map((child) => write(child, style)).join('\n')}\n</${name}>`;
}

/** A carriage return is written as a reference: a parser would read it as a line feed. */
export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}
