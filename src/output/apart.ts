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
export function apart(text: string): string {
  // Nearly all names end here.
  if (!/[\u200d\ufe0e\ufe0f\u{1f3fb}-\u{1f3ff}]/u.test(text)) return text;
  // Between a tint and its emoji a space without width keeps them two.
  return text.replace(SELECTORS, '').replace(JOINERS, '').replace(TINT, '\u200b');
}
