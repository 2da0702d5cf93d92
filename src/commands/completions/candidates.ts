import type { Option } from 'commander';
import { TOPICS } from '../../help/topics.ts';
import type { Context } from '../../system/context.ts';
import { UNSAFE } from '../../system/escaping.ts';
import { COMMANDS, GROUPS } from '../index.ts';
import { optionOf, type Position, positionAfter } from './position.ts';
import { operandValues, optionValues } from './values.ts';
import type { Candidate, Wanted } from './wanted.ts';

export interface Candidates {
  readonly wanted: Wanted;
  /** What of the typed word is no part of it: `--color=` of `--color=al`. */
  readonly prefix: string;
}

const words = (list: readonly Candidate[]): Wanted => ({ type: 'words', list });

/**
 * What may stand where the last word is being typed, whatever it begins with: how it has to match is the shell's affair.
 * Nothing is asked of a server, and a set-up that cannot be read gives nothing: this is no place for an error.
 * @param before the words after `ebill`, without quotes
 */
export async function candidates(
  context: Context,
  before: readonly string[],
  typed: string,
): Promise<Candidates> {
  const at = await positionAfter(before);
  const whole = (wanted: Wanted): Candidates => ({ wanted: showable(wanted), prefix: '' });
  if (at.pending !== null && !(at.pending.variadic && typed.startsWith('-')))
    return whole(await optionValues(at.pending, at, context, before));
  if (!at.ended && typed.startsWith('-')) {
    const [, prefix = null] = /^(--[^=]+=)/.exec(typed) ?? [];
    if (prefix === null) return whole(words(at.options.filter(({ hidden }) => !hidden).map(optionCandidate)));
    const option = optionOf(at.options, typed);
    if (option === null || !option.required) return { wanted: words([]), prefix };
    return { wanted: showable(await optionValues(option, at, context, before)), prefix };
  }
  return whole(at.entry === null ? commandsAt(at) : await operandValues(at, context, before));
}

const optionCandidate = ({ long, flags, description }: Option): Candidate => ({
  value: long ?? flags,
  about: description,
});

/** The words a command's name may go on with; `help` takes them all, and topics. */
function commandsAt({ operands }: Position): Wanted {
  if (operands[0] !== 'help') {
    const own = commandsAfter(operands);
    return words(operands.length > 0 ? own : [...own, { value: 'help', about: 'on a command or a topic' }]);
  }
  const topics = TOPICS.map(({ name, summary }) => ({ value: name, about: summary }));
  return words([...commandsAfter(operands.slice(1)), ...(operands.length === 1 ? topics : [])]);
}

function commandsAfter(names: readonly string[]): readonly Candidate[] {
  const next = new Map<string, string>();
  for (const { path, summary } of COMMANDS) {
    const word = path[names.length];
    if (word === undefined || names.some((name, i) => path[i] !== name)) continue;
    next.set(word, names.length === 0 ? (GROUPS[word] ?? summary) : summary);
  }
  return [...next].map(([value, about]) => ({ value, about }));
}

/** A value with a control character cannot be shown, let alone be typed; an explanation is put on one line. */
function showable(wanted: Wanted): Wanted {
  if (wanted.type !== 'words') return wanted;
  return words(
    wanted.list
      .filter(({ value }) => value !== '' && value.search(UNSAFE) < 0)
      .map(({ value, about }) => ({ value, about: about.replace(/[\s\p{C}]+/gu, ' ').trim() })),
  );
}
