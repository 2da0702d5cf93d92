import { expect, it } from 'vitest';
import { unknownStatus, verdictOf } from '../../src/batch/verdict.ts';
import { typed } from '../helpers/command-line.ts';
import { batch } from '../output/samples.ts';

it('a failed batch without a result file does not send anybody to the results', () => {
  const failed = batch({ phase: 'failed', outcome: 'failed', errorMessage: 'Input file not found' });
  const hint = (one: typeof failed) => verdictOf([one], 'AUG', { platform: 'linux', env: {} })?.hint;
  expect(hint(failed)).toContain('ebill results --job AUG');
  expect(hint({ ...failed, noResult: true })).toContain('no result file');
  expect(hint({ ...failed, noResult: true })).not.toContain('ebill results');
});

it('an unknown status name is quoted in the command that maps it, so that no shell expands it', () => {
  const status = '$(id) `id` "it\'s"';
  const { hint: text } = unknownStatus(status, { platform: 'linux', env: {} });
  const command = text.slice(text.indexOf('ebill profile set'));
  expect(typed(command)).toEqual(['profile', 'set', 'NAME', '--status-name', `${status}=PHASE`]);
  expect(command).toContain(`'$(id) \`id\` "it'\\''s"=PHASE'`);
});
