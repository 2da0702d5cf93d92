const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const NAMED = new RegExp(
  `(?<!\\p{L})(${MONTHS.join('|')})(?:UARY|RUARY|CH|IL|E|Y|UST|T|TEMBER|OBER|EMBER)?[ _-]?(20\\d\\d)(?!\\d)`,
  'iu',
);
const NUMBERED = /(?<!\d)(20\d\d)[ _-]?(0[1-9]|1[0-2])(?!\d)/;

/**
 * The load's name from the month that the files' names tell: `cus_AUG_2020.csv`, `inv-2020-08.csv` → `AUG_2020`. `null`
 * when none tells one, or two tell different ones. Pure.
 */
export function guessJob(names: readonly string[]): string | null {
  const found = new Set(names.flatMap((name) => monthIn(name) ?? []));
  const [job, other] = found;
  return job === undefined || other !== undefined ? null : job;
}

function monthIn(name: string): string | null {
  const [, word, year] = NAMED.exec(name) ?? [];
  if (word !== undefined) return `${word.toUpperCase()}_${year}`;
  const [, numbered, month] = NUMBERED.exec(name) ?? [];
  return numbered === undefined ? null : `${MONTHS[Number(month) - 1]}_${numbered}`;
}
