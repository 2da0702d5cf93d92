/** What means something in a pattern. */
const MAGIC = /[*?[\]{}()!+@\\|]/;

/**
 * The shortest way to write some file names of one folder: one pattern where it matches them all and no other file, else
 * the names themselves. Pure.
 * @param all the names of the CSV files in the folder
 */
export function patternFor(names: readonly string[], all: readonly string[]): readonly string[] {
  if (names.length < 2 || names.some((name) => MAGIC.test(name))) return names;
  // Digits are what the next file differs in: itm_1 and itm_10 are itm_*, not itm_1*.
  const prefix = common(names).replace(/\d+$/, '');
  const suffix = reversed(common(names.map((name) => reversed(name.slice(prefix.length))))).replace(
    /^\d+/,
    '',
  );
  // Without the ending other files than CSV would match; without a word next month's other files would.
  if (!/\.csv$/i.test(suffix) || !/\p{L}/u.test(prefix + suffix.slice(0, -4)) || prefix.startsWith('.'))
    return names;
  // Some systems know no case; a pattern has to be right on them too.
  const fits = (name: string): boolean =>
    name.length >= prefix.length + suffix.length &&
    name.toLowerCase().startsWith(prefix.toLowerCase()) &&
    name.toLowerCase().endsWith(suffix.toLowerCase());
  const matches = all.filter(fits);
  return matches.length === names.length && names.every(fits) ? [`${prefix}*${suffix}`] : names;
}

function common(names: readonly string[]): string {
  const [first = ''] = names;
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length -= 1;
  // Half a character is none.
  if (/[\ud800-\udbff]$/.test(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

const reversed = (text: string): string => [...text].reverse().join('');
