import { decodeHTML } from 'entities';
import type { Redacted } from '../redact/redactor.ts';
import { excerpt } from '../system/escaping.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** Characters. */
const MAX_MESSAGE = 300;
/** Characters of a body that are read: a message is near the start. */
const MAX_READ = 20_000;
/** Names of elements and JSON keys that hold a message. */
const MESSAGE_FIELD =
  /^(?:error_?message|error_?description|message|fault_?string|detail|description|reason|error|title)$/i;

/**
 * One line of text from the body of an error response: XML, JSON, HTML or plain text (api rule 8).
 * @param body without its secrets: of one that is cut the rest could not be recognised any more
 * @returns at most 300 characters, control characters made visible; empty when the body says nothing
 */
export function errorMessageFrom(body: Redacted): string {
  const text = body.slice(0, MAX_READ).trim();
  if (text === '') return '';
  const found = fromJson(text) ?? (isPage(text) ? pageOf(fromHtml(text)) : (fromXml(text) ?? fromHtml(text)));
  return messageLine(found);
}

/** Whether a body is an HTML page: of a login, a gateway or maintenance (api rule 8). */
export const isPage = (body: string): boolean =>
  /^(?:\s|\ufeff|<\?xml[^>]*>|<!--[\s\S]*?-->)*<(?:!doctype\s+html|html|head|body|title|meta|script|style|link|base|noscript|iframe|center|div|span|form|table|main|h[1-6]|p|br|hr|font)\b/i.test(
    body.slice(0, 2000),
  );

/** An S3 error document's `Code` and `Message`; `null` when the body is not one. */
export function s3Error(body: Redacted): { readonly code: string; readonly message: string } | null {
  try {
    const root = parseXml(body);
    const field = (name: string): string =>
      messageLine(root.children.find((c) => c.name === name)?.text ?? '');
    return root.name === 'Error' && field('Code') !== ''
      ? { code: field('Code'), message: field('Message') }
      : null;
  } catch {
    return null;
  }
}

/** What a body is that a storage or a gateway sends instead of the object; `null` when it is none. */
export function errorDocument(body: Redacted): string | null {
  const error = s3Error(body);
  if (error !== null) return `${error.code}${error.message === '' ? '' : `: ${error.message}`}`;
  if (isPage(body)) return pageText(body);
  const root = /^(?:<\?xml[^>]*>\s*)?<(?:!--|!doctype|(?:[\w.-]+:)?(?:title|error)\b)/i;
  return root.test(body.trimStart()) ? errorMessageFrom(body) || 'an error document' : null;
}

/** Without a full stop at its end: it becomes part of a sentence. */
const messageLine = (text: string): string =>
  excerpt(
    text
      .slice(0, MAX_READ)
      .replace(/\s+/gu, ' ')
      .trim()
      .replace(/(?<!\.)\.$/, ''),
    MAX_MESSAGE,
  );

function fromJson(text: string): string | undefined {
  if (!/^[[{"]/.test(text)) return undefined;
  try {
    return jsonMessage(JSON.parse(text), 0) ?? text;
  } catch {
    return undefined;
  }
}

/** The first string under a message field; without such a field, searches the objects and arrays within. */
function jsonMessage(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth > 5) return undefined;
  const entries = Object.entries(value);
  const named = entries.filter(([key]) => MESSAGE_FIELD.test(key));
  const others = Array.isArray(value) ? entries : entries.filter(([, inner]) => typeof inner === 'object');
  for (const [, inner] of named.length > 0 ? named : others) {
    const found = jsonMessage(inner, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function fromXml(text: string): string | undefined {
  try {
    const root = parseXml(text);
    return xmlMessage(root) ?? (allText(root).trim() || undefined);
  } catch {
    return undefined;
  }
}

function xmlMessage(element: XmlElement): string | undefined {
  // A child named `message` says more than an `error` around it.
  for (const child of element.children) {
    if (MESSAGE_FIELD.test(child.name) && child.children.length === 0 && child.text.trim() !== '')
      return child.text;
  }
  for (const child of element.children) {
    const found = xmlMessage(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function allText(element: XmlElement): string {
  return [element.text, ...element.children.map(allText)].join(' ');
}

/** The visible text, and the title only where there is none; also for plain text, which has no tags to remove. */
function fromHtml(text: string): string {
  const reason = reasonIn(text);
  if (reason !== '') return reason;
  const words = text
    .replace(/<(head|title|script|style)\b[^>]*>[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
    // A `<` that no name follows is text.
    .replace(/<[/!?]?[a-z][^<>]*>|<!--[^>]*>/gi, ' ');
  return decodeHTML(words.trim() || titleOf(text));
}

/** Tomcat and others put the reason in a separate field, between fixed texts. */
const reasonIn = (page: string): string =>
  decodeHTML(/<b>\s*message\s*<\/b>\s*([^<]+)/i.exec(page)?.[1]?.trim() ?? '');

const titleOf = (page: string): string =>
  /<title[^>]*>([^<]*)/i.exec(page)?.[1]?.trim() || /<h1[^>]*>([^<]*)/i.exec(page)?.[1]?.trim() || '';

const PAGE = 'an HTML page: ';

/** Pages of scripts alone have no words. */
const pageOf = (words: string): string =>
  words.trim() === '' ? 'an HTML page without text' : `${PAGE}${words}`;

/** A page that came instead of an answer: by its reason, its title, or else its text (api rule 8). */
export function pageText(body: Redacted): string {
  const page = body.slice(0, MAX_READ);
  return messageLine(pageOf(reasonIn(page) || decodeHTML(titleOf(page)) || fromHtml(page)));
}

/** An error response in a few words: its status, and what its body says beyond that. */
export function responseText(status: number, body: Redacted): string {
  const repeated = new RegExp(`^(${PAGE})?(?:HTTP )?(?:Status )?${status}\\b[ :–-]*`, 'i');
  return `HTTP ${status} ${errorMessageFrom(body).replace(repeated, '$1')}`.trim();
}
