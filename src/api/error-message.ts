import { decodeHTML } from 'entities';
import { visible } from '../system/escaping.ts';
import { parseXml, type XmlElement } from './xml.ts';

const MAX_SENTENCE = 300;
/** Characters. */
const MAX_READ = 20_000;
const TELLING =
  /^(?:error_?message|error_?description|message|fault_?string|detail|description|reason|error|title)$/i;

/**
 * One clean sentence from whatever an error came with: XML, JSON, HTML or text (batch-api.md, what bites 10).
 * Empty when the body says nothing. Control characters are made visible; at most 300 characters.
 */
export function errorMessageFrom(body: string): string {
  // A message is near the start; the rest of a long page is not worth reading.
  const text = body.slice(0, MAX_READ).trim();
  if (text === '') return '';
  const found =
    fromJson(text) ??
    (/^<(?:!doctype\s+html|html)/i.test(text) ? fromHtml(text) : (fromXml(text) ?? fromHtml(text)));
  return sentence(found);
}

/** One line, nothing raw, not too long; cut between characters, never within one. */
function sentence(text: string): string {
  const clean = visible(text.slice(0, MAX_READ).replace(/\s+/gu, ' ').trim());
  return clean.length > MAX_SENTENCE
    ? `${clean.slice(0, MAX_SENTENCE - 1).replace(/[\ud800-\udbff]$|\\(?:u[\da-f]{0,3})?$/u, '')}…`
    : clean;
}

function fromJson(text: string): string | undefined {
  if (!/^[[{"]/.test(text)) return undefined;
  try {
    return tellingValue(JSON.parse(text), 0) ?? text;
  } catch {
    return undefined;
  }
}

function tellingValue(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth > 5) return undefined;
  const entries = Object.entries(value);
  const named = entries.filter(([key]) => TELLING.test(key));
  for (const [, inner] of named.length > 0
    ? named
    : Array.isArray(value)
      ? entries
      : entries.filter(([, v]) => typeof v === 'object')) {
    const found = tellingValue(inner, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function fromXml(text: string): string | undefined {
  try {
    const root = parseXml(text);
    return telling(root) ?? (allText(root).trim() || undefined);
  } catch {
    return undefined;
  }
}

function telling(element: XmlElement): string | undefined {
  // The child that names itself a message says more than the wrapper called `error` around it.
  for (const child of element.children) {
    if (TELLING.test(child.name) && child.children.length === 0 && child.text.trim() !== '')
      return child.text;
  }
  for (const child of element.children) {
    const found = telling(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function allText(element: XmlElement): string {
  return [element.text, ...element.children.map(allText)].join(' ');
}

/** Also for plain text, which simply has no tags to lose. */
function fromHtml(text: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim() || /<h1[^>]*>([^<]*)/i.exec(text)?.[1]?.trim();
  const words =
    title ||
    text
      .replace(/<(script|style)\b[^>]*>[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
      // A `<` before anything but a name is one that somebody wrote.
      .replace(/<[/!?]?[a-z][^<>]*>|<!--[^>]*>/gi, ' ');
  return title ? `an HTML page: ${decodeHTML(words)}` : decodeHTML(words);
}

/** An S3 error document's `Code` and `Message`; `null` when the body is none. */
export function s3Error(body: string): { readonly code: string; readonly message: string } | null {
  try {
    const root = parseXml(body);
    const field = (name: string): string => sentence(root.children.find((c) => c.name === name)?.text ?? '');
    return root.name === 'Error' && field('Code') !== ''
      ? { code: field('Code'), message: field('Message') }
      : null;
  } catch {
    return null;
  }
}
