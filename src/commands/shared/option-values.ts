import { jobIdProblem } from '../../batch/job-ids.ts';
import { EbillError } from '../../errors.ts';
import { parseDuration } from '../../system/duration.ts';
import { visible } from '../../system/escaping.ts';

/** commander's raw option values. */
export type Flags = Readonly<Record<string, unknown>>;

export const textFlag = (flags: Flags, name: string): string | null =>
  typeof flags[name] === 'string' ? (flags[name] as string) : null;

export const boolFlag = (flags: Flags, name: string): boolean => flags[name] === true;

export function listFlag(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
}

/** ms; `null` when the option was not given. @throws EbillError USAGE */
export function durationFlag(flags: Flags, name: string, option: string): number | null {
  const text = textFlag(flags, name);
  return text === null ? null : parseDuration(text, option);
}

/** For commander: an option that may be given several times. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** A load's name or a job id as given. @throws EbillError USAGE when no server could take it */
export function checkedJobId(text: string, option: string): string {
  const problem = jobIdProblem(text);
  if (problem === null) return text;
  throw new EbillError('USAGE', `${option} "${visible(text)}" cannot be used: ${problem}.`, {
    hint: 'Use letters, digits, _ and -, such as AUG_2020.',
  });
}

export function jobFlag(flags: Flags, name: string, option: string): string | null {
  const text = textFlag(flags, name);
  return text === null ? null : checkedJobId(text, option);
}
