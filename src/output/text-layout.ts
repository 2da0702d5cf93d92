import { isSimple, textWidth } from './text-width.ts';

let segmenter: Intl.Segmenter | null = null;

/** Characters as a reader sees them; text is cut only between them. */
function graphemes(text: string): string[] {
  if (isSimple(text)) return text.split('');
  segmenter ??= new Intl.Segmenter('en');
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** As many graphemes as fit into `width`, from one end. */
function take(parts: readonly string[], width: number, fromEnd: boolean): string {
  let kept = '';
  for (let i = 0; i < parts.length; i++) {
    const part = parts[fromEnd ? parts.length - 1 - i : i] ?? '';
    const longer = fromEnd ? part + kept : kept + part;
    if (textWidth(longer) > width) break;
    kept = longer;
  }
  return kept;
}

/** UTF-16 units measured for each column: no letter of any script has more. */
const PER_COLUMN = 32;

/** Does it fit? A text that is far too long is not measured to its end: wide text costs a hundred times as much as ASCII. */
const fits = (text: string, width: number): boolean =>
  width === Number.POSITIVE_INFINITY || (text.length <= PER_COLUMN * (width + 8) && textWidth(text) <= width);

/** The beginning and the end of a text, each more than `width` columns can show. */
function ends(text: string, width: number): readonly [head: string, tail: string] {
  const most = PER_COLUMN * (width + 8);
  // Never within a pair of surrogates.
  return [
    text.slice(0, most).replace(/[\ud800-\udbff]$/, ''),
    text.slice(-most).replace(/^[\udc00-\udfff]/, ''),
  ];
}

/** For names: the end of a job id or file name distinguishes batches as much as its start. */
export function truncateMiddle(text: string, width: number): string {
  if (fits(text, width)) return text;
  if (width <= 1) return width === 1 ? '…' : '';
  const [first, last] = ends(text, width);
  const parts = graphemes(first);
  const tail = take(graphemes(last), Math.floor((width - 1) / 2), true);
  const head = take(parts, width - 1 - textWidth(tail), false);
  const cut = `${head}…${tail}`;
  // Graphemes may join across the cut; then only the head is sure to fit.
  return textWidth(cut) <= width ? cut : take(parts, width, false);
}

/** For sentences, which are read from their start. */
export function truncateEnd(text: string, width: number): string {
  if (fits(text, width)) return text;
  return width < 1 ? '' : `${take(graphemes(ends(text, width)[0]), width - 1, false)}…`;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text;
}

/** A space where a line may break: not the one between a number and its unit. */
const BREAK = / (?!(?<=\d )(?:[kMGTP]?B(?:\/s)?|ms|s|m|h|d)(?![\w/]))/;

/** Breaks a word that is longer than a line into lines. Measures each grapheme once, so the time is linear. */
function broken(word: string, room: number): string[] {
  const widths = new Map<string, number>();
  const pieces: string[] = [];
  let piece = '';
  let taken = 0;
  const add = (part: string): void => {
    const width = widths.get(part) ?? textWidth(part);
    widths.set(part, width);
    if (piece !== '' && taken + width > room) {
      pieces.push(piece);
      piece = '';
      taken = 0;
    }
    piece += part;
    taken += width;
  };
  for (const part of graphemes(word)) {
    // One grapheme can be wider than a line, with many spacing marks: then it is cut too.
    if (part.length === 1 || fits(part, room)) add(part);
    else for (const character of part) add(character);
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}

/** Lines of at most `width` columns; a word that is longer than a line is broken. */
export function wrap(text: string, width: number): string[] {
  if (fits(text, width)) return [text];
  const room = Math.max(2, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (fits(longer, room)) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = fits(word, room) ? [word] : broken(word, room);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return line === '' ? lines : [...lines, line];
}

/** Wrapped text after a short lead, the following lines indented under it. The lead may be coloured. */
export function hangingIndent(lead: string, text: string, width: number, indent = textWidth(lead)): string {
  return wrap(text, width - Math.max(indent, textWidth(lead)))
    .map((line, i) => (i === 0 ? lead : ' '.repeat(indent)) + line)
    .join('\n');
}

/** Lines of parts with commas between them, broken between parts where that is possible. */
export function wrapParts(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  parts.forEach((part, i) => {
    const text = i < parts.length - 1 ? `${part},` : part;
    const joined = `${lines.at(-1)} ${text}`;
    if (lines.length > 0 && textWidth(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(...wrap(text, width));
  });
  return lines;
}

/** As many whole parts as fit, from the first: half a number would mislead. Empty parts are left out. */
export function joinWithin(parts: readonly string[], width: number, between = ', '): string {
  let text = '';
  for (const part of parts.filter((one) => one !== '')) {
    const longer = text === '' ? part : text + between + part;
    if (textWidth(longer) > width) break;
    text = longer;
  }
  return text;
}
