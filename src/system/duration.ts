import { EbillError } from '../errors.ts';
import { visible } from './escaping.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d{1,15}(?:\.\d{1,15})?)(ms|s|m|h)?$/u;

/** A timer set for longer than this fires at once (Node, `setTimeout`): 24 days and some hours. */
const LONGEST_MS = 2_147_483_647;

/**
 * A duration as people write it: `30s`, `5m`, `2h`, `250ms`, `1.5s`, or a bare number of seconds
 * (cli.md, "Global options").
 *
 * @param what the option it was given for, named in the error
 * @returns whole milliseconds; more than nothing never becomes nothing by rounding
 * @throws EbillError `USAGE` for anything else: a sign, other units, or more than a timer can hold
 */
export function parseDuration(text: string, what?: string): number {
  const match = DURATION.exec(text.trim());
  const unit = UNITS[match?.[2] ?? 's'];
  if (!match || unit === undefined) throw unusable(text, what, 'is not a duration');
  const exact = Number(match[1]) * unit;
  if (exact > LONGEST_MS) throw unusable(text, what, 'is longer than 24 days');
  return exact === 0 ? 0 : Math.max(1, Math.round(exact));
}

function unusable(text: string, what: string | undefined, problem: string): EbillError {
  const where = what === undefined ? '' : `${what}: `;
  return new EbillError('USAGE', `${where}"${visible(text.slice(0, 40))}" ${problem}.`, {
    hint: 'Write it like 30s, 5m, 2h or 250ms, or as a number of seconds.',
  });
}
