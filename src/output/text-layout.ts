import { stripVTControlCharacters } from 'node:util';

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

/**
 * A space where a line may break: not the one between a number and its unit, in the name of a command (`ebill profile set`), or
 * between an option and its value (`--job X`, `--column 'a=b c'`): a half of them would be another one.
 */
const BREAK = new RegExp(
  [
    String.raw` (?!(?<=\d )(?:[kMGTP]?B(?:\/s)?|ms|s|m|h|d)(?![\w/]))`,
    String.raw`(?<!\bebill (?=--?\w|[a-z]+\b))`,
    String.raw`(?<!\bebill (?:upload|profile|loads|help|completion) (?=[a-zA-Z]))`,
    String.raw`(?<!\bebill [a-z]+(?: [a-z]+)?(?: --[a-z-]{2,40}(?: [^\s-]\S*)?)* (?=--[a-z]))`,
    String.raw`(?<!(?:^|[\s(])--[a-z][a-z-]{1,40} (?=['"\p{Lu}]|\S+=))`,
    String.raw`(?<!(?:^|[\s(])--[a-z][a-z-]{1,40}[ =]'[^']{0,200} (?=[^']{0,200}'))`,
  ].join(''),
  'u',
);

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

/**
 * Lines of at most `width` columns; a word that is longer than a line is broken, an option with its value is not.
 * @param after the width of the lines after the first
 */
export function wrap(text: string, width: number, after = width): string[] {
  if (fits(text, width)) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK)) {
    const room = Math.max(2, lines.length === 0 ? width : after);
    const longer = line === '' ? word : `${line} ${word}`;
    if (fits(longer, room)) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const next = Math.max(2, lines.length === 0 ? width : after);
    // A command or option that is too long is left to the terminal, which breaks no line that is copied.
    const pieces =
      fits(word, next) || /^\S*--[a-z]|\bebill /.test(word) ? [word] : broken(word, Math.min(next, after));
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return line === '' ? lines : [...lines, line];
}

/** Wrapped text after a short lead, the following lines indented under it. The lead may be coloured. */
export function hangingIndent(lead: string, text: string, width: number, indent = textWidth(lead)): string {
  return wrap(text, width - textWidth(lead), width - indent)
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

// ASCII, Latin, Greek, Cyrillic, dashes and dots, box lines, braille and our symbols: one column each, whatever is next to
// them (a test compares this with string-width). Soft hyphen and combining marks are left out.
const SIMPLE =
  /^[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0482\u048a-\u052f\u2010-\u2027\u2190-\u2193\u21bb\u2500-\u259f\u25d0\u25cf\u2714\u2716\u2800-\u28ff]*$/;

let measure: ((text: string) => number) | null = null;
let loading: Promise<void> | null = null;

/** Is every UTF-16 unit of the text one grapheme of one column? */
export function isSimple(text: string): boolean {
  return SIMPLE.test(text);
}

async function load(): Promise<void> {
  const { default: stringWidth } = await import('string-width');
  measure = stringWidth;
}

/**
 * Loads what is needed to measure these texts exactly. string-width takes 45 ms to load and 30 ms for its first wide character,
 * as much as the rest of a `status`, and nearly all job ids and file names do not need it.
 */
export async function widthsReady(texts: Iterable<string>): Promise<void> {
  for (const text of texts) {
    if (isSimple(text)) continue;
    loading ??= load();
    await loading;
    return;
  }
}

/** Columns that the text takes on a terminal; colours take none. */
export function textWidth(text: string): number {
  const plain = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
  if (isSimple(plain)) return plain.length;
  if (measure) return measure(plain);
  // Until string-width is loaded: never too little, so no line becomes too long.
  loading ??= load();
  return plain.length * 2;
}

/** Selectors of emoji or text presentation: terminals disagree on which are wide. */
const SELECTORS = /[\ufe0e\ufe0f]/gu;
/** Joiners between two emoji. */
const JOINERS = /(?<=\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]*)\u200d+(?=\p{Extended_Pictographic})/gu;
/** A skin tone is joined to whatever is before it. */
const TINT = /(?<=[^\u200b])(?=[\u{1f3fb}-\u{1f3ff}])/gu;

/**
 * Splits joined emoji, for a terminal: some draw a family of four as one emoji of two columns, others as four, and no
 * table fits both. Split they are equally wide everywhere. Letters of every script stay as they are.
 */
export function splitEmoji(text: string): string {
  // Nearly every name has none.
  if (!/[\u200d\ufe0e\ufe0f\u{1f3fb}-\u{1f3ff}]/u.test(text)) return text;
  // A zero-width space keeps a skin tone apart from its emoji.
  return text.replace(SELECTORS, '').replace(JOINERS, '').replace(TINT, '\u200b');
}
