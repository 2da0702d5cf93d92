import { hang } from '../../output/fit.ts';
import type { Look } from '../../output/look.ts';
import type { CommandResult } from '../shared/command.ts';

/** What every `profile` command ends with: no load, no batches. */
export function profileResult(
  look: Pick<Look, 'width'>,
  profile: string | null,
  text: string,
  more: Pick<CommandResult, 'extra' | 'next' | 'requests'> = {},
): CommandResult {
  const lines = text.split('\n').map((line) => hang('', line, look.width, 2));
  return { profile, job: null, outcome: null, batches: [], error: null, text: lines.join('\n'), ...more };
}
