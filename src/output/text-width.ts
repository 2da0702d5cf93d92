import { stripVTControlCharacters } from 'node:util';

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
