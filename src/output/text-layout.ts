import { isSimple, textWidth } from './text-width.ts';

let segmenter: Intl.Segmenter | null = null;

/** What a reader sees as characters; only these may be cut apart. */
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

/** Units of a text that are looked at for each column it has: a grapheme of more is no letter of any script. */
const PER_COLUMN = 32;

/** Does it fit? What is far too long is not measured to its end: a column of wide text costs a hundred times a plain one. */
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

/** Cut in the middle: a job id's or a file name's end tells batches apart as much as its start does. */
export function truncateMiddle(text: string, width: number): string {
  if (fits(text, width)) return text;
  if (width <= 1) return width === 1 ? '…' : '';
  const [first, last] = ends(text, width);
  const parts = graphemes(first);
  const tail = take(graphemes(last), Math.floor((width - 1) / 2), true);
  const head = take(parts, width - 1 - textWidth(tail), false);
  const cut = `${head}…${tail}`;
  // Graphemes can join across the cut in scripts nobody has met yet; then the head alone is sure to fit.
  return textWidth(cut) <= width ? cut : take(parts, width, false);
}

/** Cut at the end: for sentences, which are read from their start. */
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

/** A space words may be parted at: not the one between a number and its unit. */
const BREAK = / (?!(?<=\d )(?:[kMGTP]?B(?:\/s)?|ms|s|m|h|d)(?![\w/]))/;

/** A word longer than a line, in pieces of a line each. One walk, each grapheme measured once: widths of whole ones add up. */
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
    // One grapheme can be wider than a line (marks that take space, without end): then it is cut apart.
    if (part.length === 1 || fits(part, room)) add(part);
    else for (const character of part) add(character);
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}

/** Words put on lines of at most `width` columns; a word longer than a line is broken. */
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

/** Wrapped text behind a short lead, the further lines indented under it. The lead may be painted. */
export function hangingIndent(lead: string, text: string, width: number, indent = textWidth(lead)): string {
  return wrap(text, width - Math.max(indent, textWidth(lead)))
    .map((line, i) => (i === 0 ? lead : ' '.repeat(indent)) + line)
    .join('\n');
}

/** Parts with commas between them put on lines, which are broken only there where that is possible. */
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

/** As many whole parts as fit, from the first: half a number misleads. Empty ones are left out. */
export function joinWithin(parts: readonly string[], width: number, between = ', '): string {
  let text = '';
  for (const part of parts.filter((one) => one !== '')) {
    const longer = text === '' ? part : text + between + part;
    if (textWidth(longer) > width) break;
    text = longer;
  }
  return text;
}
