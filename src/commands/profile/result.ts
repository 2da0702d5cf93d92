import { hangingIndent } from '../../output/text-layout.ts';
import type { Theme } from '../../output/theme.ts';
import type { CommandResult } from '../shared/command.ts';

/** What every `profile` command ends with: no load, no batches. */
export function profileResult(
  theme: Pick<Theme, 'width'>,
  profile: string | null,
  text: string,
  more: Pick<CommandResult, 'extra' | 'next' | 'requests'> = {},
): CommandResult {
  const lines = text.split('\n').map((line) => hangingIndent('', line, theme.width, 2));
  return { profile, job: null, outcome: null, batches: [], error: null, text: lines.join('\n'), ...more };
}
