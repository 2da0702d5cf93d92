/** Steps a matcher may take for one name; a second, about. */
const MOST_STEPS = 200_000_000;
/** Characters a file name has at most. */
const NAME = 255;
/** `**` in one pattern: each may stand for any of the folders of a path. */
const MOST_DEEP = 2;
/** Characters of a pattern. */
const LONGEST = 4096;

/**
 * Why a pattern is not looked for; `null` when it may be. A matcher goes back and forth over a name for every `*` in it,
 * and some patterns would take it years: they come from a mistake, or from somebody else's plan.
 */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > LONGEST) return `it has ${pattern.length} characters`;
  const { alternatives, widest } = unbraced(pattern);
  const segments = widest.split('/');
  if (segments.filter((segment) => segment.includes('**')).length > MOST_DEEP)
    return `it has more than ${MOST_DEEP} times **`;
  const stars = Math.max(0, ...segments.map(starsIn));
  let steps = alternatives;
  for (let n = 1; n <= stars && steps <= MOST_STEPS; n++) steps *= NAME / n;
  if (steps <= MOST_STEPS) return null;
  return alternatives === 1 ? `it has ${stars} times * in one name` : 'it stands for too many names';
}

/** How many ways through the braces there are, and the one with the most `*`. */
function unbraced(pattern: string): { readonly alternatives: number; readonly widest: string } {
  let alternatives = 1;
  let widest = pattern;
  for (;;) {
    const group = /\{([^{}]*)\}/.exec(widest);
    if (group === null) return { alternatives, widest };
    const options = (group[1] ?? '').split(',');
    alternatives *= options.length;
    const most = options.reduce((a, b) => (starsIn(b) > starsIn(a) ? b : a));
    widest = widest.slice(0, group.index) + most + widest.slice(group.index + group[0].length);
  }
}

const starsIn = (text: string): number => text.match(/\*+/g)?.length ?? 0;

/**
 * The pattern with `*`, `?`, `[ ]`, `{ }` and `**` alone: parentheses, `|` and `+` are letters of a name, not the signs of
 * a regular expression they are to the matcher.
 */
export const plainPattern = (pattern: string): string =>
  pattern.replace(/\\[\s\S]|[()|+]/g, (c) => (c.length > 1 ? c : `\\${c}`));
