/** What means something in a pattern. */
const MAGIC = /[*?[\]{}()!+@\\|]/;

/**
 * The shortest way to write some file names of one folder: a pattern where it matches them all and nothing else, else the
 * names themselves. Pure.
 * @param all the names of the folder
 */
export function patternFor(names: readonly string[], all: readonly string[]): readonly string[] {
  if (names.length < 2 || names.some((name) => MAGIC.test(name))) return names;
  // Digits are what the next file differs in: itm_1 and itm_10 are itm_*, not itm_1*.
  const prefix = common(names).replace(/\d+$/, '');
  const suffix = reversed(common(names.map((name) => reversed(name.slice(prefix.length))))).replace(
    /^\d+/,
    '',
  );
  if (prefix === '' || prefix.startsWith('.')) return names;
  const matches = all.filter(
    (name) =>
      name.length >= prefix.length + suffix.length && name.startsWith(prefix) && name.endsWith(suffix),
  );
  const same = matches.length === names.length && matches.every((name) => names.includes(name));
  return same ? [`${prefix}*${suffix}`] : names;
}

function common(names: readonly string[]): string {
  const [first = ''] = names;
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

const reversed = (text: string): string => [...text].reverse().join('');
