import { stripVTControlCharacters } from 'node:util';

// ASCII, Latin, Greek, Cyrillic, dashes and dots, box lines, braille and our own signs: one column each, whatever stands beside
// them (a test holds this against string-width). Soft hyphen and combining marks are left out.
const SIMPLE =
  /^[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0482\u048a-\u052f\u2010-\u2027\u2190-\u2193\u21bb\u2500-\u259f\u25d0\u25cf\u2714\u2716\u2800-\u28ff]*$/;

let measure: ((text: string) => number) | null = null;
let loading: Promise<void> | null = null;

/** Is one UTF-16 unit one grapheme of one column, all through the text? */
export function isSimple(text: string): boolean {
  return SIMPLE.test(text);
}

async function load(): Promise<void> {
  const { default: stringWidth } = await import('string-width');
  measure = stringWidth;
}

/**
 * Has exact widths ready for these texts. string-width takes 45 ms to load and 30 ms for its first wide character, as much as the
 * rest of a `status`; nearly all job ids and file names never need it (performance.md, "Start-up").
 */
export async function widthsReady(texts: Iterable<string>): Promise<void> {
  for (const text of texts) {
    if (isSimple(text)) continue;
    loading ??= load();
    await loading;
    return;
  }
}

/** Columns the text takes on a terminal; our own colours take none. */
export function textWidth(text: string): number {
  const plain = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
  if (isSimple(plain)) return plain.length;
  if (measure) return measure(plain);
  // Until string-width is here: never too little, so no line grows too long.
  loading ??= load();
  return plain.length * 2;
}

/** What asks for a picture or for text: terminals do not agree on which are wide. */
const SELECTORS = /[\ufe0e\ufe0f]/gu;
/** What joins two emoji into one, where it stands between two. */
const JOINERS = /(?<=\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]*)\u200d+(?=\p{Extended_Pictographic})/gu;
/** A tint melts into whatever stands before it. */
const TINT = /(?<=[^\u200b])(?=[\u{1f3fb}-\u{1f3ff}])/gu;

/**
 * Joined emoji taken apart, for a terminal: some draw a family of four as one sign of two columns, others as four of two
 * each, and no table fits both. Taken apart they are as wide everywhere. Letters of every script are left alone.
 */
export function splitEmoji(text: string): string {
  // Nearly all names end here.
  if (!/[\u200d\ufe0e\ufe0f\u{1f3fb}-\u{1f3ff}]/u.test(text)) return text;
  // Between a tint and its emoji a space without width keeps them two.
  return text.replace(SELECTORS, '').replace(JOINERS, '').replace(TINT, '\u200b');
}
