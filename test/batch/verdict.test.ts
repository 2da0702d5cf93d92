import { expect, it } from 'vitest';
import { unknownStatusText } from '../../src/batch/verdict.ts';
import { typed } from '../helpers/command-line.ts';

it('an unknown status name is quoted in the command that maps it, so that no shell expands it', () => {
  const status = '$(id) `id` "it\'s"';
  const text = unknownStatusText(status, { platform: 'linux', env: {} });
  const command = text.slice(text.indexOf('ebill profile set'));
  expect(typed(command)).toEqual(['profile', 'set', 'NAME', '--status-name', `${status}=PHASE`]);
  expect(command).toContain(`'$(id) \`id\` "it'\\''s"=PHASE'`);
});
