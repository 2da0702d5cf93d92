import { describe, expect, it } from 'vitest';
import { runShell } from '../../src/system/child-process.ts';
import { splitCommandLine } from '../../src/system/command-line.ts';
import { tempDir } from '../helpers/context.ts';

const PLAIN: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['vault read -field=token secret/ebill', ['vault', 'read', '-field=token', 'secret/ebill']],
  ['  cat\t\'a b\' "c d"  ', ['cat', 'a b', 'c d']],
  [`op read 'op://vault/it"em'/token`, ['op', 'read', 'op://vault/it"em/token']],
  [`printf "it's" '' ""`, ['printf', "it's", '', '']],
  [`printf a'b'"c"d`, ['printf', 'abcd']],
  [`printf '$HOME' '*' 'a\\n' '#;|&'`, ['printf', '$HOME', '*', 'a\\n', '#;|&']],
  [`printf "a;b|c (d) <e> * ?"`, ['printf', 'a;b|c (d) <e> * ?']],
  ['/opt/té st', ['/opt/té', 'st']],
  ['aws --query=SecretString a,b:c@d%e+f', ['aws', '--query=SecretString', 'a,b:c@d%e+f']],
];

describe('a plain command line', () => {
  it.each(PLAIN)('%s is split as a shell does', async (line, words) => {
    expect(splitCommandLine(line, 'linux')).toEqual(words);
    if (process.platform === 'win32') return;
    // The shell itself is the judge: the same words reach the program.
    const end = await runShell(`show() { for word; do printf '%s\\n' "$word"; done; }; show ${line}`, {
      input: '',
      env: process.env,
      cwd: tempDir(),
      limitMs: 30_000,
      signal: new AbortController().signal,
      platform: process.platform,
    });
    expect(end.stdout).toBe(words.map((word) => `${word}\n`).join(''));
  });

  it.each([
    'a | b',
    'a && b',
    'a; b',
    'a > f',
    'a < f',
    'a $HOME',
    'a "$HOME"',
    'a `b`',
    'a "`b`"',
    'a \\ b',
    'a "\\n"',
    'a *.csv',
    'a ?',
    'a [b]',
    'a ~/token',
    'a # b',
    'a {b,c}',
    '(a)',
    'a\nb',
    'A=b c',
    '. ./token.sh',
    'exec a',
    "a 'b",
    'a "b',
    '',
    '  ',
  ])('%j needs the shell', (line) => {
    expect(splitCommandLine(line, 'linux')).toBeNull();
  });

  it.each<[string, readonly string[] | null]>([
    [`C:\\tools\\vault.exe read "secret/a b"`, ['C:\\tools\\vault.exe', 'read', 'secret/a b']],
    [`"C:\\Program Files\\op.exe" read op://a`, ['C:\\Program Files\\op.exe', 'read', 'op://a']],
    ["print it's", ['print', "it's"]],
    ['echo %TOKEN%', null],
    ['a | b', null],
    ['az.cmd account', null],
    ['"a b', null],
  ])('%s on Windows', (line, words) => {
    expect(splitCommandLine(line, 'win32')).toEqual(words);
  });
});
