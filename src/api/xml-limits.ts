/** Characters; a status answer with a thousand children has well under one million. */
const MAX_LENGTH = 10_000_000;
/** `<` and `&` together: ten thousand item files under an invoice have two thirds of it. Each costs the parser a hundred times its size. */
const MAX_MARKS = 500_000;
/** Characters of one tag with its attributes; the API has none, and storages one or two. */
const MAX_TAG = 64 * 1024;

/** What is opaque to a reader of markup: CDATA sections, comments, processing instructions. */
export const OPAQUE: readonly (readonly [opening: string, closing: string])[] = [
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
export function excess(document: string): string | null {
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
