import { EbillError } from '../errors.ts';
import { visible } from './escaping.ts';

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d{1,15}(?:\.\d{1,15})?)(ms|s|m|h)?$/u;

/** Node fires a longer timer at once. 24.8 days. */
const LONGEST_MS = 2_147_483_647;

/**
 * Parses a duration: `30s`, `5m`, `2h`, `250ms`, `1.5s`, or a bare number of seconds.
 *
 * @param option that it was given for, named in the error
 * @returns whole milliseconds; never 0 for more than 0
 * @throws EbillError `USAGE` for anything else: a sign, other units, or more than a timer can hold
 */
export function parseDuration(text: string, option?: string): number {
  const match = DURATION.exec(text.trim());
  const unit = MS[match?.[2] ?? 's'];
  if (!match || unit === undefined) throw unusable(text, option, 'is not a duration');
  const exact = Number(match[1]) * unit;
  if (exact > LONGEST_MS) throw unusable(text, option, 'is longer than 24 days');
  return exact === 0 ? 0 : Math.max(1, Math.round(exact));
}

function unusable(text: string, option: string | undefined, problem: string): EbillError {
  const where = option === undefined ? '' : `${option}: `;
  return new EbillError('USAGE', `${where}"${visible(text.slice(0, 40))}" ${problem}.`, {
    hint: 'Write it like 30s, 5m, 2h or 250ms, or as a number of seconds.',
  });
}

/** A number or decimal with its thousands grouped, the same in every locale: 20,375. (`Intl.NumberFormat` takes 12 ms to load.) */
export function grouped(value: number | string): string {
  const [whole = '', ...fraction] = String(value).split('.');
  return [whole.replace(/\B(?=(?:\d{3})+$)/g, ','), ...fraction].join('.');
}
