import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { assignment, quoted } from '../../src/system/escaping.ts';

const LINUX = { platform: 'linux', env: {} } as const;
const WINDOWS = { platform: 'win32', env: {} } as const;
const GIT_BASH = { platform: 'win32', env: { MSYSTEM: 'MINGW64' } } as const;

const WORDS = [
  'plain',
  'a b',
  "it's",
  'say "hi"',
  '$HOME `id` !x',
  'back\\slash\\',
  "\\\\' twice",
  '=ls',
  'a,b',
  '*?[x]~#&|;<>(){}%PATH%',
  'é\u00a0日本',
  '',
];

describe('a quoted word', () => {
  describe.each(['sh', 'bash', 'zsh', 'fish'])('in %s', (shell) => {
    const { error } = spawnSync(shell, ['-c', 'true']);
    it.skipIf(error !== undefined).each(WORDS)('is one word: %j', (word) => {
      const line = `printf '<%s>' ${quoted(word, LINUX)} ${quoted(word, GIT_BASH)}`;
      expect(execFileSync(shell, ['-c', line], { encoding: 'utf8' })).toBe(`<${word}><${word}>`);
    });
  });

  it.each([
    ['AUG_2020', 'AUG_2020'],
    ['C:\\data\\itm_1.csv', 'C:\\data\\itm_1.csv'],
    ['\\\\server\\share\\itm_1.csv', '\\\\server\\share\\itm_1.csv'],
    ['my files\\itm 1.csv', '"my files\\itm 1.csv"'],
    ['C:\\my files\\', '"C:\\my files\\\\"'],
    ["it's.csv", '"it\'s.csv"'],
    // A list in PowerShell, several words in cmd.
    ['a,b;c=d.csv', '"a,b;c=d.csv"'],
    ['@all {x}.csv', '"@all {x}.csv"'],
    ['R&D (1).csv', '"R&D (1).csv"'],
    ['100% ~ #1.csv', '"100% ~ #1.csv"'],
    ['$batch`s.csv', "'$batch`s.csv'"],
    ["$it's", "'$it''s'"],
    ['', '""'],
  ])('is one word in cmd and in PowerShell: %j', (word, typed) => {
    expect(quoted(word, WINDOWS)).toBe(typed);
  });

  const POWERSHELL = {
    platform: 'win32',
    env: { PROMPT: '$P$G', PSModulePath: 'C:\\Users\\a\\Documents\\WindowsPowerShell\\Modules;C:\\x' },
  } as const;
  const CMD = { platform: 'win32', env: { PROMPT: '$P$G', PSModulePath: 'C:\\Windows\\x' } } as const;
  it.each([
    ['AUG_2020', 'AUG_2020', 'AUG_2020'],
    ['my files\\', "'my files\\'", '"my files\\\\"'],
    ['$(calc) `x "y" z', `'$(calc) \`x "y" z'`, '"$(calc) `x ""y"" z"'],
    ["it's & calc", "'it''s & calc'", '"it\'s & calc"'],
    ['100%PATH% x', "'100%PATH% x'", '"100"^%"PATH"^%" x"'],
    ['', "''", '""'],
  ])('is not expanded by PowerShell or cmd: %j', (word, powershell, cmd) => {
    expect(quoted(word, POWERSHELL)).toBe(powershell);
    expect(quoted(word, CMD)).toBe(cmd);
  });

  it('has no line break', () => {
    expect(quoted('a\n$(touch x)', LINUX)).toBe("'a'\\\\'u000a$(touch x)'");
  });

  it('an assignment has the syntax of the shell', () => {
    expect(assignment('EBILL_TOKEN', "to ken's", LINUX)).toBe("export EBILL_TOKEN='to ken'\\''s'");
    expect(assignment('EBILL_TOKEN', 'x', GIT_BASH)).toBe('export EBILL_TOKEN=x');
    expect(assignment('EBILL_TOKEN', "to ken's", WINDOWS)).toBe("$env:EBILL_TOKEN = 'to ken''s'");
  });
});
