import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WARNING_CODES } from '../../src/batch/finding-codes.ts';
import {
  quotedForBash,
  readBashLine,
  SCRIPTS,
  type Shell,
  shellReply,
} from '../../src/commands/completion/shells.ts';
import { candidates as candidatesOf } from '../../src/commands/completion.ts';
import { REGISTRY } from '../../src/commands/index.ts';
import type { Context } from '../../src/system/context.ts';
import { machine } from '../e2e/harness.ts';
import { testContext } from '../helpers/context.ts';
import { fakeHome } from './completion-home.ts';

const candidates = (context: Context, before: readonly string[], typed: string) =>
  candidatesOf(REGISTRY, context, before, typed);

/** The default of bash. */
const BREAKS = ' \t\n"\'@><=;|&(:';

/** The completions of the last word. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { completions } = await candidates(testContext(), words.slice(0, -1), words.at(-1) ?? '');
  if (completions.type === 'files') return ['(files)', ...completions.extensions];
  return completions.type === 'folders' ? ['(folders)'] : completions.list.map(({ value }) => value);
}

const KINDS = ['customer', 'invoice', 'items'];
const CSV = ['(files)', 'csv'];
const COLOURS = ['auto', 'always', 'never'];

describe('candidates', () => {
  it.each<[readonly string[], readonly string[]]>([
    [['upload', ''], KINDS],
    [
      ['loads', ''],
      ['show', 'export', 'import'],
    ],
    [['loads', 'import', ''], ['(files)']],
    [['loads', 'export', 'AUG_2020', '--out', ''], ['(files)']],
    [['help', 'upload', ''], KINDS],
    [['--profile', 'x', 'upload', ''], KINDS],
    [['upload', 'customer', ''], CSV],
    [['upload', 'customer', 'a.csv', ''], CSV],
    [['upload', 'invoice', 'inv.csv', '--items', 'a.csv', ''], CSV],
    [
      ['run', ''],
      ['(files)', 'yaml', 'yml'],
    ],
    [['run', 'plan.yaml', ''], []],
    [['watch', '--download', ''], ['(folders)']],
    [['profile', 'set', 'x', '--ca-file', ''], ['(files)']],
    [
      ['report', '--out', ''],
      ['(files)', 'html'],
    ],
    [['status', '--color', ''], COLOURS],
    [['status', '--color='], COLOURS],
    [['run', 'plan.yaml', '--allow-warning', ''], WARNING_CODES],
    [
      ['validate', '--against', ''],
      ['last', 'none'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', 'powershell'],
    ],
    [
      ['api', ''],
      ['GET', 'POST', 'PUT'],
    ],
    [['api', 'GET', ''], []],
    [['completion', 'bash', ''], []],
    [['nonsense', ''], []],
    [['watch', '--interval', ''], []],
    [['watch', '--json='], []],
    [['watch', '--', '--'], []],
  ])('after %j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });

  it('include commands after global options, and topics after help', async () => {
    for (const words of [['--json'], ['--profile', 'x'], ['--profile=x', '--verbose']])
      expect(await offered(...words, '')).toEqual(expect.arrayContaining(['status', 'upload', 'help']));
    expect(await offered('help', '')).toEqual(expect.arrayContaining(['upload', 'exit-codes']));
  });

  it('include the options of the command, repeatable ones again', async () => {
    const first = await offered('watch', '--');
    expect(first).toEqual(expect.arrayContaining(['--max-wait', '--id', '--json', '--help']));
    const then = await offered('watch', '--json', '--id', '1', '--max-wait=1h', '--');
    expect(then).toEqual(expect.arrayContaining(['--id', '--interval']));
    expect(then.filter((option) => option === '--json' || option === '--max-wait')).toEqual([]);
    expect(await offered('upload', 'invoice', 'i.csv', '--items', 'a.csv', '-')).toContain('--wait');
  });

  it('include profiles and loads, the last changed first, without unprintable names', async () => {
    const home = await fakeHome(['AUG_2020', 'SEP_2020', 'a\u001b[2Jb']);
    const context = testContext({ home });
    const of = async (...words: readonly string[]) => {
      const { completions } = await candidates(context, words, '');
      return completions.type === 'words' ? completions.list : [];
    };
    expect(await of('status', '--profile')).toEqual([
      { value: 'prod', description: 'https://ebill.example.com' },
    ]);
    expect(await of('profile', 'show')).toHaveLength(1);
    expect(await of('profile', 'add')).toEqual([]);
    expect(await of('loads', 'show')).toEqual([
      { value: 'SEP_2020', description: 'prod' },
      { value: 'AUG_2020', description: 'prod' },
    ]);
    expect((await of('run', 'plan.yaml', '--against')).map(({ value }) => value)).toEqual([
      'last',
      'none',
      'SEP_2020',
      'AUG_2020',
    ]);
    expect(await of('--profile', 'other', 'status', '--job')).toEqual([]);
    const unreadable = testContext({ home: '/dev/null' });
    for (const option of ['--profile', '--job'])
      expect((await candidates(unreadable, ['status', option], '')).completions).toEqual({
        type: 'words',
        list: [],
      });
  });
});

describe('a bash line', () => {
  it.each<[string, Partial<ReturnType<typeof readBashLine>>]>([
    ['ebill up', { before: ['ebill'], typed: 'up', quote: null, kept: 0 }],
    ['ebill ', { before: ['ebill'], typed: '' }],
    [`ebill 'a b' "c d" e\\ f`, { before: ['ebill', 'a b', 'c d'], typed: 'e f' }],
    ['ebill --job=AU', { typed: '--job=AU', kept: 6 }],
    ['ebill a:b:c', { typed: 'a:b:c', kept: 4 }],
    ['ebill a\\:b', { typed: 'a:b', kept: 0 }],
    ['ebill "a:b', { typed: 'a:b', quote: '"', kept: 0 }],
    ["ebill --job='A", { typed: '--job=A', quote: "'", kept: 6 }],
    ['ebill "a\\"b\\c', { typed: 'a"b\\c' }],
    ['ebill $HOME/x', { expands: true }],
    ['ebill "$(x)', { expands: true }],
    ["ebill '$(x)", { expands: false, typed: '$(x)' }],
    ["ebill '' ", { before: ['ebill', ''], typed: '' }],
  ])('%s is read', (line, expected) => {
    expect(readBashLine(line, BREAKS)).toMatchObject(expected);
  });

  it('reads back what was quoted, in every kind of quote', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aé$`\\"\'!~ :=;|&()*?[]{}#<>@ü€'), maxLength: 12 });
    fc.assert(
      fc.property(text, fc.constantFrom('"' as const, "'" as const, null), (value, quote) => {
        const line = `ebill ${quote ?? ''}${quotedForBash(value, quote)}${quote ?? ''} `;
        const read = readBashLine(line, BREAKS);
        expect(read.before).toEqual(value === '' && quote === null ? ['ebill'] : ['ebill', value]);
      }),
    );
  });
});

describe('the reply to a script', () => {
  it('has the format of its shell', async () => {
    const context = testContext({ home: await fakeHome(['it\'s: "one" \\', 'Ü 2020', '!bang']) });
    const of = (shell: Shell, ...words: readonly string[]) =>
      shellReply(shell, words, (before, typed) => candidatesOf(REGISTRY, context, before, typed));
    expect(await of('bash', 'ebill --profile=pr', BREAKS)).toEqual(['words', 'prod']);
    expect(await of('bash', 'ebill watch --job i', BREAKS)).toEqual(['words', `it\\'s:\\ \\"one\\"\\ \\\\`]);
    expect(await of('bash', 'ebill watch --job "it\'s:', BREAKS)).toEqual(['words', `it's: \\"one\\" \\\\`]);
    expect(await of('bash', "ebill watch --job it\\'s:", BREAKS)).toEqual(['words', `\\ \\"one\\"\\ \\\\`]);
    expect((await of('bash', 'ebill watch --job "', BREAKS)).filter((one) => one.includes('bang'))).toEqual(
      [],
    );
    expect(await of('bash', 'ebill sandbox --auth h', BREAKS)).toEqual(['nospace', 'header:']);
    expect(await of('bash', 'ebill upload customer "a b', BREAKS)).toEqual(['files csv', 'a b', '']);
    expect(await of('bash', 'ebill report --out=a:b', BREAKS)).toEqual(['files html', 'a:b', 'a:']);
    expect(await of('bash', 'ebill watch --job $HOM', BREAKS)).toEqual(['shell']);
    expect(await of('zsh', 'loads', 'show', '')).toContain(`it's\\: "one" \\\\:prod`);
    expect(await of('fish', 'status', '--color=')).toEqual([
      'words',
      ...COLOURS.map((word) => `--color=${word}\t`),
    ]);
    expect(await of('powershell', 'loads', '=sh')).toEqual([
      'words',
      'show\tshow\tshow the history of a load',
    ]);
    expect(await of('powershell', 'loads', '=')).toHaveLength(4);
    expect(await of('powershell', 'loads', 'show', "='Ü")).toEqual(['words', "'Ü 2020'\tÜ 2020\tprod"]);
  });

  it('is printed by the program, as are the scripts', async () => {
    const at = machine(null);
    for (const [shell, script] of Object.entries(SCRIPTS))
      expect((await at.call(['completion', shell])).stdout).toBe(script);
    const asked = await at.call(['completion', 'complete', 'fish', '--', 'watch', '--js']);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toMatch(/^words\n(?:.*\n)*--json\t/);
    for (const words of [['tcsh'], ['complete', 'tcsh', '--', 'x']]) {
      const wrong = await at.call(['completion', ...words]);
      expect([wrong.code, wrong.stderr.includes('bash, zsh, fish, powershell')]).toEqual([2, true]);
    }
  });

  it('has all values in PowerShell for an empty word, after a blank and after =', async () => {
    // The program is asked as the script asks: its words up to the one that is typed, which begins with =.
    const [, call = ''] = /\$lines = @\((ebill completion .*) 2>\$null\)/.exec(SCRIPTS.powershell) ?? [];
    const at = machine(null);
    const env = { EBILL_HOME: await fakeHome(['AUG_2020', 'SEP_2020']) };
    const asked = async (words: readonly string[], typed: string): Promise<readonly string[]> => {
      const argv = call
        .split(' ')
        .slice(1)
        .flatMap((word) => (word === '@words' ? words : word.replace('$wordToComplete', typed)))
        .map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
      const { stdout } = await at.run(argv, { env });
      return stdout.trimEnd().split('\n');
    };
    expect(await asked(['watch', '--job'], '')).toEqual([
      'words',
      'SEP_2020\tSEP_2020\tprod',
      'AUG_2020\tAUG_2020\tprod',
    ]);
    expect(await asked(['loads', 'show'], '')).toHaveLength(3);
    expect(await asked(['watch', '--profile'], '')).toEqual([
      'words',
      expect.stringMatching(/^prod\tprod\t/),
    ]);
    expect(await asked(['watch'], '--profile=')).toEqual([
      'words',
      expect.stringMatching(/^--profile=prod\tprod\t/),
    ]);
    expect(await asked(['watch', '--color'], '')).toHaveLength(4);
    expect((await asked([], '')).length).toBeGreaterThan(15);
    // Unquoted, PowerShell keeps -- for itself when it calls a script, and npm installs one there.
    expect(call).toContain(" '--' ");
  });

  it('comes from a PowerShell script with balanced brackets (no PowerShell here to run it)', () => {
    for (const [open = '', close = ''] of ['{}', '()', '[]'].map((pair) => [...pair]))
      expect(SCRIPTS.powershell.split(open).length).toBe(SCRIPTS.powershell.split(close).length);
    expect(SCRIPTS.powershell).toContain('Register-ArgumentCompleter -Native -CommandName ebill');
  });
});
