import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchView } from '../../src/batch/types.ts';
import { EbillError } from '../../src/errors.ts';
import { annotations, type Outcome } from '../../src/output/github-annotations.ts';
import { jobSummary } from '../../src/output/github-summary.ts';
import { testContext } from '../helpers/context.ts';
import { batch, month } from './samples.ts';
import { uiFor } from './ui-helper.ts';

const same = (text: string): string => text;
const partial: Outcome = {
  job: 'AUG_2020',
  outcome: 'partial',
  batches: month,
  error: new EbillError('PARTIAL', '2 records were rejected in AUG_2020_INV.', {
    hint: 'See: ebill results',
  }),
};

/** What a runner takes for a command: a line that begins with `::name params::data`, blanks before it passed over; or `##[` anywhere. */
const commandsIn = (text: string): string[] =>
  text
    .split(/\r\n|\r|\n/)
    .flatMap(
      (line) => /^\s*::([a-z-]+)(?: [^:]*)?::/i.exec(line)?.[1] ?? (line.includes('##[') ? ['##['] : []),
    );

describe('annotations on GitHub Actions', () => {
  it('tell of each batch that did not go well, and of the outcome', () => {
    const lines = annotations('watch', partial, same);
    expect(lines.at(-1)).toBe(
      '::warning title=ebill watch AUG_2020%3A PARTIAL::2 records were rejected in AUG_2020_INV.%0ASee: ebill results',
    );
    expect(lines.length).toBeGreaterThan(1);
    expect(annotations('watch', { ...partial, error: null }, same)).toEqual([]);
  });

  it('are ten at most', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      batch({ jobId: `J_${i}`, phase: 'failed', outcome: 'failed' }),
    );
    const lines = annotations('run', { ...partial, batches: many }, same);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toContain('and 31 more batches');
  });

  const evil = fc.string({
    unit: fc.constantFrom(
      '::',
      'error',
      ' title=',
      '\n',
      '\r',
      '%0A',
      ',',
      ':',
      '##[',
      'set-env',
      'a',
      '\u2028',
    ),
    maxLength: 20,
  });
  it('carry any text without becoming another command', () => {
    fc.assert(
      fc.property(evil, evil, evil, (jobId, message, hint) => {
        const outcome: Outcome = {
          job: jobId,
          outcome: 'failed',
          batches: [batch({ jobId, phase: 'failed', outcome: 'failed', errorMessage: message }) as BatchView],
          error: new EbillError('BATCH_FAILED', message, { hint }),
        };
        const lines = annotations('run', outcome, same);
        expect(lines).toHaveLength(2);
        for (const line of lines) {
          expect(line).not.toMatch(/[\r\n]/);
          expect(commandsIn(line)).toEqual(['error']);
        }
      }),
    );
  });

  it('are the only commands: a stranger’s text at the start of a line is none', async () => {
    const ui = await uiFor(testContext({ env: { GITHUB_ACTIONS: 'true' } }));
    for (const text of ['::set-output name=x::y', '  ::add-mask::z', 'a ##[error]b', '##[group]'])
      expect(commandsIn(ui.clean(text))).toEqual([]);
    expect((await uiFor(testContext())).clean('::x::')).toBe('::x::');
  });
});

describe('the job summary', () => {
  it('has the verdict, the batches and the next step', () => {
    expect(jobSummary('watch', partial, same)).toMatchSnapshot();
  });

  it('keeps Markdown and HTML in texts as text, a row a line', () => {
    const text = '| <img src=x> [a](http://x) `b`\n# c **d** ![e](f)';
    const summary = jobSummary(
      'run',
      { ...partial, job: text, batches: [batch({ jobId: text, phase: 'failed' })] },
      same,
    );
    expect(summary).not.toMatch(/<img|(?<!\\)\]\(|(?<!\\)`|^# /m);
    const rows = summary.split('\n').filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
  });

  it('hides secrets, and stays below what GitHub takes', () => {
    const hide = (text: string): string => text.replaceAll('hush', '***');
    const many = Array.from({ length: 5000 }, (_, i) => batch({ jobId: `hush_${i}` }));
    const summary = jobSummary('run', { ...partial, batches: many }, hide);
    expect(summary).not.toContain('hush');
    expect(summary).toContain('and 4,800 more');
    expect(Buffer.byteLength(summary)).toBeLessThan(1 << 20);
  });
});
