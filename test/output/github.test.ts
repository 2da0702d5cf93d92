import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { safeJson } from '../../src/output/json-text.ts';
import { annotations, jobSummary, type Outcome } from '../../src/output/progress/github.ts';
import { testContext } from '../helpers/context.ts';
import { runnerCommands } from './runner.ts';
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
const failed = (i: number) => batch({ jobId: `J_${i}`, phase: 'failed', outcome: 'failed' });

/** Text of a stranger who knows how a runner reads. */
const evil = fc.string({
  unit: fc.constantFrom(
    ...['::', 'error', 'stop-commands', 'set-output', ' title=', '\n', '\r', '%0A', '%', ',', ':', ';'],
    ...['##[', '#', '[', ']', 'a', ' ', '\u00a0', '\u0085', '\u2028', '\u001b[31m', '\t'],
  ),
  maxLength: 24,
});

describe('annotations on GitHub Actions', () => {
  it('report each batch that did not succeed, the worst first, and the outcome', () => {
    const commands = runnerCommands(annotations('watch', partial, same).join('\n'));
    expect(commands.map(({ name, properties }) => [name, properties['title']])).toEqual([
      ['error', 'AUG_2020_ITM_2: failed'],
      ['warning', 'AUG_2020_INV: partial'],
      ['warning', 'ebill watch AUG_2020: PARTIAL'],
    ]);
    expect(commands[1]?.data).toBe(
      '20,373 loaded, 2 rejected: Row 12: unknown account\nRow 14: \\u001b[31mbad amount',
    );
    expect(commands[2]?.data).toBe('2 records were rejected in AUG_2020_INV.\nSee: ebill results');
  });

  it('of a success are one notice: the result for the records, and the next step', () => {
    const well = { job: 'A', outcome: 'succeeded', batches: [batch()], error: null } as const;
    expect(annotations('run', { ...well, next: 'Next: read the report' }, same)).toEqual([
      '::notice title=ebill run A%3A succeeded::20,375 invoices sent, 20,375 loaded, 0 rejected, 0 unaccounted%0ANext: read the report',
    ]);
  });

  it('name a batch with unaccounted records, and not its parent', () => {
    const item = batch({ jobId: 'ITM', kind: 'items', outcome: 'failed', recordsSent: 9, successCount: 7 });
    const batches = [batch({ jobId: 'INV', outcome: 'failed', children: [item] })];
    const error = new EbillError('UNACCOUNTED', 'Records are unaccounted for.', { hint: '' });
    const outcome: Outcome = { job: null, outcome: 'failed', batches, error };
    const lines = annotations('watch', outcome, same);
    expect(lines).toEqual([
      '::error title=ITM%3A records unaccounted for::9 sent, 7 loaded, 0 rejected',
      '::error title=ebill watch%3A UNACCOUNTED::Records are unaccounted for.',
    ]);
  });

  it('are ten at most, and the outcome counts the rest', () => {
    const batches = [batch({ phase: 'partial' }), ...Array.from({ length: 40 }, (_, i) => failed(i))];
    const commands = runnerCommands(annotations('run', { ...partial, batches }, same).join('\n'));
    expect(commands).toHaveLength(10);
    expect(commands.slice(0, 9).every(({ name }) => name === 'error')).toBe(true);
    expect(commands.at(-1)?.data).toContain('32 more batches failed or have rejected records.');
    const nine = { ...partial, batches: Array.from({ length: 9 }, (_, i) => failed(i)) };
    expect(annotations('run', nine, same).at(-1)).not.toContain('more batches');
  });

  it('carry any text unchanged, without a second workflow command', () => {
    fc.assert(
      fc.property(evil, evil, evil, (jobId, message, hint) => {
        const outcome: Outcome = {
          job: jobId,
          outcome: 'failed',
          batches: [batch({ jobId, phase: 'failed', outcome: 'failed', errorMessage: message })],
          error: new EbillError('BATCH_FAILED', message, { hint }),
        };
        const lines = annotations('run', outcome, same);
        for (const line of lines) expect(line).not.toMatch(/[\r\n]/);
        const commands = runnerCommands(lines.join('\n'));
        expect(commands.map(({ name }) => name)).toEqual(['error', 'error']);
        for (const { properties, data } of commands) {
          expect(Object.keys(properties)).toEqual(['title']);
          // The runner writes what it was told into its log.
          expect(runnerCommands(data)).toEqual([]);
        }
      }),
    );
    const [line = ''] = annotations(
      'run',
      { ...partial, batches: [batch({ jobId: 'a,b:c%2C', phase: 'failed', errorMessage: '%0A 5%' })] },
      same,
    );
    expect(runnerCommands(line)).toEqual([
      {
        name: 'error',
        properties: { title: 'a,b:c%2C: failed' },
        data: '20,375 loaded, 0 rejected: %0A 5%',
      },
    ]);
  });

  it('hide secrets', () => {
    const batches = [batch({ jobId: 'hush', phase: 'failed', errorMessage: 'hush' })];
    const error = new EbillError('BATCH_FAILED', 'hush', { hint: 'hush' });
    const hide = (text: string): string => text.replaceAll('hush', '***');
    const lines = annotations('run', { job: 'hush', outcome: null, batches, error }, hide);
    expect(lines.join('\n')).not.toContain('hush');
  });
});

describe('other text in a GitHub log', () => {
  it('contains no workflow command, neither as text nor as JSON', async () => {
    const ui = await uiFor(testContext({ env: { GITHUB_ACTIONS: 'true' } }));
    fc.assert(
      fc.property(evil, (text) => {
        expect(runnerCommands(ui.clean(text))).toEqual([]);
        for (const indent of [0, 2]) {
          const json = safeJson({ [text]: [text] }, indent);
          expect(runnerCommands(json)).toEqual([]);
          expect(JSON.parse(json)).toEqual({ [text]: [text] });
        }
      }),
    );
    // The model would find them.
    for (const text of [
      '::set-output name=x::y',
      ' \u00a0::ADD-MASK::z',
      'a ##[error]b',
      '##[stop-commands]t',
    ]) {
      expect(runnerCommands(text)).toHaveLength(1);
      expect(runnerCommands(ui.clean(text))).toEqual([]);
    }
    expect((await uiFor(testContext())).clean('::x::')).toBe('::x::');
  });
});

describe('the job summary', () => {
  it('has the outcome, the batches and the next step', () => {
    expect(jobSummary('watch', partial, same)).toMatchSnapshot();
  });

  it('has the next step after a success, and the reason when no batch is known', () => {
    const well = jobSummary(
      'run',
      { job: 'A', outcome: 'succeeded', batches: [batch()], error: null, next: 'Next: read it' },
      same,
    );
    expect(well.split('\n').slice(0, 3)).toEqual(['### ebill run: A', '', '**✔ succeeded**']);
    expect(well.trimEnd().endsWith('Next: read it')).toBe(true);
    const error = new EbillError('UNAVAILABLE', 'No answer.', { hint: 'Try again.' });
    expect(jobSummary('watch', { job: null, outcome: null, batches: [], error }, same)).toBe(
      '### ebill watch\n\n**✖ UNAVAILABLE** – No answer.\n\nTry again.\n\n',
    );
  });

  it('escapes Markdown, HTML, mathematics and addresses, and has one line for each row', () => {
    const text = '| <img src=x> [a](http://x) `b` $x$ www.x.y @z a\\|b\n# c **d** ![e](f)\n1. g';
    const summary = jobSummary(
      'run',
      {
        ...partial,
        job: text,
        batches: [batch({ jobId: text, phase: 'failed' })],
        error: new EbillError('BATCH_FAILED', text, { hint: `1. ${text}` }),
      },
      same,
    );
    expect(summary).not.toMatch(/<img|(?<!\\)\]\(|(?<!\\)[`$@]|^# |^1\. |(?<!\\):\/\/|www\.x/m);
    const rows = summary.split('\n').filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(2);
    // A pipe parts cells unless an odd number of backslashes is before it.
    for (const row of rows) expect(row.match(/(?<!\\)(?:\\\\)*\|/g)).toHaveLength(6);
  });

  it('hides secrets, and stays below the size limit of GitHub', () => {
    const hide = (text: string): string => text.replaceAll('hush', '***');
    const many = Array.from({ length: 5000 }, (_, i) => batch({ jobId: `hush_${i}_${'|'.repeat(9000)}` }));
    const error = new EbillError('PARTIAL', '*'.repeat(2_000_000), { hint: '<'.repeat(2_000_000) });
    const summary = jobSummary('run', { ...partial, batches: many, error }, hide);
    expect(summary).not.toContain('hush');
    expect(summary).toContain('and 4,800 more');
    expect(Buffer.byteLength(summary)).toBeLessThan(1 << 20);
  });
});
