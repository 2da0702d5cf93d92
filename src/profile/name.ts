import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import { nearest } from '../system/nearest.ts';

// A letter or digit first: no name is an option, a hidden file or `__proto__`.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;

export function isProfileName(text: string): boolean {
  return NAME.test(text);
}

/**
 * @param source where the name was given, for the message: `--profile`, `EBILL_PROFILE` …
 * @returns the name as given
 * @throws EbillError `USAGE` for one that no profile can have
 */
export function checkProfileName(text: string, source = 'The name'): string {
  if (isProfileName(text)) return text;
  throw new EbillError('USAGE', `${source}: "${visible(text.slice(0, 80))}" cannot be a profile's name.`, {
    hint: 'Use 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit.',
  });
}

/** The error for a profile nobody has added: which was meant, and which there are. */
export function unknownProfile(name: string, known: readonly string[]): EbillError {
  const guess = nearest(name, known);
  const meant = guess === null ? '' : ` Did you mean ${guess}?`;
  const hint =
    known.length === 0
      ? `There are no profiles yet: ebill profile add ${name} --base-url https://…`
      : `Profiles: ${known.join(', ')}. To add one: ebill profile add ${name} --base-url https://…`;
  return new EbillError('USAGE', `There is no profile "${name}".${meant}`, { hint });
}
