/** Months in the names of loads: `AUG_2020`, `Aug20`, `2020-08` … Pure. */

export const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

const FULL = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];

// A month is the end of a name, after a separator or alone. The second load of a month (AUG_2020_02) and a date
// (2020-08-01) follow none.
const NAMES = `${FULL.join('|')}|SEPT|${MONTHS.join('|')}`;
const BEFORE = `(?<before>|.*[^\\p{L}\\p{N}])`;
const WORD = `(?<word>${NAMES})`;
const DIGITS = '(?<digits>0[1-9]|1[0-2])';
const GAP = '(?<gap>[-_./ ]?)';
const YEAR = '(?<year>(?:19|20)\\d\\d)';
const FORMS = [
  new RegExp(`^${BEFORE}${WORD}${GAP}(?<year>(?:(?:19|20)\\d\\d|\\d\\d))$`, 'siu'),
  new RegExp(`^${BEFORE}${YEAR}${GAP}${WORD}$`, 'siu'),
  new RegExp(`^${BEFORE}(?<!(?:${NAMES}|\\p{N}).)${YEAR}${GAP}${DIGITS}$`, 'siu'),
  new RegExp(`^${BEFORE}(?<!(?:${NAMES}|\\p{N}).)${DIGITS}${GAP}${YEAR}$`, 'siu'),
];

/**
 * The name of the load after this one, in its style and case: `AUG_2020` → `SEP_2020`, `Dec20` → `Jan21`, `2020-08` →
 * `2020-09`. `null` when the name does not follow a month.
 */
export function nextMonth(job: string): string | null {
  for (const form of FORMS) {
    const found = form.exec(job)?.groups;
    if (found === undefined) continue;
    const { before = '', word, digits, gap = '', year = '' } = found;
    const month = word === undefined ? Number(digits) - 1 : monthOf(word);
    const next = (month + 1) % 12;
    const name = word === undefined ? String(next + 1).padStart(2, '0') : named(next, word);
    if (name === null) return null;
    const of = String(Number(year) + (next === 0 ? 1 : 0)).padStart(2, '0');
    const then = year.length === 2 ? of.slice(-2) : of;
    const yearFirst = job.startsWith(year, before.length);
    return `${before}${yearFirst ? then : name}${gap}${yearFirst ? name : then}`;
  }
  return null;
}

const monthOf = (word: string): number => MONTHS.indexOf(word.slice(0, 3).toUpperCase());

/** `null` for a spelling that is no style, such as `aUG`. MAY is taken for the short form. */
function named(month: number, like: string): string | null {
  const upper = (like.length > 4 || /^ju[nl].$/i.test(like) ? FULL : MONTHS)[month] ?? '';
  if (like === like.toUpperCase()) return upper;
  if (like === like.toLowerCase()) return upper.toLowerCase();
  return /^\p{Lu}\p{Ll}+$/u.test(like) ? `${upper.slice(0, 1)}${upper.slice(1).toLowerCase()}` : null;
}
