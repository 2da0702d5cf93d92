import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { safeJson } from '../../src/output/json-text.ts';
import { annotations, jobSummary, type Outcome } from '../../src/output/progress/ci-report.ts';
import { testContext } from '../helpers/context.ts';
import { GITHUB, runnerCommands, runnerIn } from './runner.ts';
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
    const commands = runnerCommands(annotations(GITHUB, 'watch', partial, same).join('\n'));
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
    expect(annotations(GITHUB, 'run', { ...well, next: 'Next: read the report' }, same)).toEqual([
      '::notice title=ebill run A%3A succeeded::20,375 invoices sent, 20,375 loaded, 0 rejected, 0 unaccounted%0ANext: read the report',
    ]);
  });

  it('name a batch with unaccounted records, and not its parent', () => {
    const item = batch({ jobId: 'ITM', kind: 'items', outcome: 'failed', recordsSent: 9, successCount: 7 });
    const batches = [batch({ jobId: 'INV', outcome: 'failed', children: [item] })];
    const error = new EbillError('UNACCOUNTED', 'Records are unaccounted for.', { hint: '' });
    const outcome: Outcome = { job: null, outcome: 'failed', batches, error };
    const lines = annotations(GITHUB, 'watch', outcome, same);
    expect(lines).toEqual([
      '::error title=ITM%3A records unaccounted for::9 sent, 7 loaded, 0 rejected',
      '::error title=ebill watch%3A UNACCOUNTED::Records are unaccounted for.',
    ]);
  });

  it('are ten at most, and the outcome counts the rest', () => {
    const batches = [batch({ phase: 'partial' }), ...Array.from({ length: 40 }, (_, i) => failed(i))];
    const commands = runnerCommands(annotations(GITHUB, 'run', { ...partial, batches }, same).join('\n'));
    expect(commands).toHaveLength(10);
    expect(commands.slice(0, 9).every(({ name }) => name === 'error')).toBe(true);
    expect(commands.at(-1)?.data).toContain('32 more batches failed or have rejected records.');
    const nine = { ...partial, batches: Array.from({ length: 9 }, (_, i) => failed(i)) };
    expect(annotations(GITHUB, 'run', nine, same).at(-1)).not.toContain('more batches');
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
        const lines = annotations(GITHUB, 'run', outcome, same);
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
      GITHUB,
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
    const lines = annotations(GITHUB, 'run', { job: 'hush', outcome: null, batches, error }, hide);
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

/** What each runner obeys, in a line of a log. */
const OBEYED: readonly RegExp[] = [
  /^\s*::[a-z-]+[^:]*::/im,
  /##\[[a-z-]+/i,
  /##vso\[/i,
  /##teamcity\[/i,
  /section_(?:start|end):\d+:/i,
];
const WAYS = [
  '::error::x',
  ' ::set-output name=a::b',
  'a ##[group]b',
  'a ##vso[task.setvariable variable=PATH]b',
  "##teamcity[setParameter name='a' value='b']",
  'section_start:1700000000:a[collapsed=true]\r\u001b[0Kb',
  'x section_end:1700000000:a',
  '###vso[task.complete result=Succeeded;]',
];
const ENVS = [
  { GITHUB_ACTIONS: 'true' },
  { TF_BUILD: 'True' },
  { TEAMCITY_VERSION: '2024.03' },
  { GITLAB_CI: 'true' },
  { CI: 'true' },
] as const;

describe('text from outside in a log of any CI runner', () => {
  it.each(ENVS)('has no command of any of them: %j', async (env) => {
    const ui = await uiFor(testContext({ env }));
    for (const way of WAYS) {
      expect(OBEYED.some((command) => command.test(way))).toBe(true);
      for (const shown of [ui.clean(way), safeJson([way]), safeJson({ [way]: 1 }, 2)])
        for (const command of OBEYED) expect(shown).not.toMatch(command);
      expect(JSON.parse(safeJson([way]))).toEqual([way]);
    }
  });

  it('stays as it is where no runner reads it', async () => {
    const ui = await uiFor(testContext());
    expect(ui.clean('##vso[x] ##teamcity[y] ::z::')).toBe('##vso[x] ##teamcity[y] ::z::');
  });
});

describe('the commands of the other runners', () => {
  const lines = (env: Readonly<Record<string, string>>, batches = month) =>
    annotations(runnerIn(env), 'watch', { ...partial, batches }, same);

  it('are issues on Azure Pipelines, which has no notices', () => {
    expect(lines({ TF_BUILD: 'True' })).toEqual([
      expect.stringMatching(/^##vso\[task\.logissue type=error\]AUG_2020_ITM_2: failed: /),
      '##vso[task.logissue type=warning]AUG_2020_INV: partial: 20,373 loaded, 2 rejected: Row 12: unknown account%0ARow 14: \\u001b[31mbad amount',
      '##vso[task.logissue type=warning]ebill watch AUG_2020: PARTIAL: 2 records were rejected in AUG_2020_INV.%0ASee: ebill results',
    ]);
    const well = { job: 'A', outcome: 'succeeded', batches: [batch()], error: null } as const;
    expect(annotations(runnerIn({ TF_BUILD: 'True' }), 'run', well, same)).toEqual([]);
  });

  it('are messages on TeamCity', () => {
    expect(lines({ TEAMCITY_VERSION: '1' }).at(1)).toBe(
      "##teamcity[message text='AUG_2020_INV: partial: 20,373 loaded, 2 rejected: Row 12: unknown account|nRow 14: \\u001b|[31mbad amount' status='WARNING']",
    );
  });

  it('are sections on GitLab', () => {
    const gitlab = runnerIn({ GITLAB_CI: 'true' });
    expect(lines({ GITLAB_CI: 'true' })).toEqual([]);
    expect(gitlab.groupStart('ebill init', 1_700_000_000_999)).toBe(
      '\u001b[0Ksection_start:1700000000:ebill_init\r\u001b[0Kebill init',
    );
    expect(gitlab.groupEnd('ebill init', 1_700_000_001_000)).toBe(
      '\u001b[0Ksection_end:1700000001:ebill_init\r\u001b[0K',
    );
  });

  it.each([{ TF_BUILD: 'True' }, { TEAMCITY_VERSION: '1' }])(
    'have one command a line, whatever the text: %j',
    (env) => {
      fc.assert(
        fc.property(fc.oneof(evil, fc.string(), fc.constantFrom(...WAYS)), (text) => {
          const outcome = [batch({ jobId: text, phase: 'failed', outcome: 'failed', errorMessage: text })];
          for (const line of lines(env, outcome)) {
            expect(line).not.toMatch(/[\r\n]/);
            const [start = '', rest = ''] = line.split(
              /(?<=^##vso\[task\.logissue type=\w+\]|^##teamcity\[message )/,
            );
            expect(start).toMatch(/^##/);
            for (const command of OBEYED.slice(1)) expect(rest).not.toMatch(command);
            if ('TEAMCITY_VERSION' in env)
              expect(rest).toMatch(
                /^text='(?:[^|'[\]]|\|[|'[\]nr]|\|0x[\da-f]{4})*' status='ERROR|^text='(?:[^|'[\]]|\|[|'[\]nr]|\|0x[\da-f]{4})*' status='WARNING'\]$/,
              );
            else expect(rest).not.toMatch(/[;\]]/);
          }
        }),
      );
    },
  );
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
