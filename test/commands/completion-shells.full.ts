import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCRIPTS } from '../../src/commands/completion/shells.ts';
import { EBILL, machine } from '../e2e/harness.ts';
import { tempDir } from '../helpers/context.ts';
import { type TypedShell, typist } from '../helpers/typist.ts';
import { fakeHome } from './completion-home.ts';

const ODD = `odd $(touch pwned) 'n"ame`;
const LOADS = ['AUG_2020', ODD, 'März: 2021\\x', '!bang', 'kv=a:b c'];

interface Place {
  readonly cwd: string;
  readonly env: Record<string, string>;
}

/** A folder with files and the script of a shell, and a PATH with `ebill`. */
async function place(shell: TypedShell): Promise<Place> {
  const { cwd } = machine(null);
  const bin = tempDir('ebill bin ');
  symlinkSync(EBILL, join(bin, 'ebill'));
  mkdirSync(join(cwd, 'sub dir'));
  for (const name of ['inv 1.csv', 'inv 1.txt', 'itm$(touch pwned).csv', 'note.txt', 'plan.yaml'])
    writeFileSync(join(cwd, name), 'A\n1\n');
  writeFileSync(join(cwd, `ebill.${shell}`), SCRIPTS[shell]);
  const PATH = [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  const env = { PATH, HOME: cwd, TERM: 'xterm', LANG: 'C.UTF-8', EBILL_HOME: await fakeHome(LOADS) };
  return { cwd, env };
}

/** A line before Tab, and the words it must have after it. */
const TABLE: readonly (readonly [typed: string, words: readonly string[]])[] = [
  ['ebill --profile=prod wat', ['--profile=prod', 'watch']],
  ['ebill watch --job od', ['watch', '--job', ODD]],
  ['ebill watch --job "od', ['watch', '--job', ODD]],
  ["ebill watch --job='od", ['watch', `--job=${ODD}`]],
  ['ebill watch --job März:', ['watch', '--job', 'März: 2021\\x']],
  ['ebill watch --job \\!', ['watch', '--job', '!bang']],
  ['ebill watch --job=kv=a', ['watch', '--job=kv=a:b c']],
  ['ebill watch --color=al', ['watch', '--color=always']],
  // The value is still empty.
  ['ebill watch --profile=', ['watch', '--profile=prod']],
  ['ebill watch --profile ', ['watch', '--profile', 'prod']],
  ['ebill upload customer in', ['upload', 'customer', 'inv 1.csv']],
  ['ebill upload customer "it', ['upload', 'customer', 'itm$(touch pwned).csv']],
  // No CSV file matches, so any file does.
  ['ebill upload customer no', ['upload', 'customer', 'note.txt']],
  ['ebill run p', ['run', 'plan.yaml']],
  ['ebill watch --download=su', ['watch', '--download=sub dir/']],
];

/** The words of lines as the shell itself reads them. */
function readBy(shell: TypedShell, lines: readonly string[], { cwd, env }: Place): readonly string[][] {
  const show =
    shell === 'fish'
      ? `function ebill; printf '%s\\0' $argv; printf '\\n\\0'; end`
      : `ebill() { printf '%s\\0' "$@"; printf '\\n\\0'; }`;
  writeFileSync(join(cwd, 'lines'), `${[show, ...lines].join('\n')}\n`);
  const out = execFileSync(shell, ['lines'], { cwd, env, encoding: 'utf8' });
  return out
    .split('\n\0')
    .slice(0, -1)
    .map((one) => one.split('\0').slice(0, -1));
}

/** In CI a missing shell is an error; elsewhere the test is skipped. */
const has = (shell: string): boolean => {
  if (spawnSync('sh', ['-c', `command -v ${shell}`]).status === 0) return true;
  process.stderr.write(`no ${shell} on this machine: its completion is not tested\n`);
  return process.env['CI'] === 'true';
};

describe('completion in a real shell', () => {
  const shells = (['bash', 'zsh', 'fish'] as const).filter(has);

  it.concurrent.each(shells)('works in %s', { timeout: 60_000 }, async (shell) => {
    const at = await place(shell);
    const prompt = await typist(shell, at.cwd, at.env);
    const lines: string[] = [];
    try {
      for (const [typed] of TABLE) lines.push(await prompt.complete(typed));
      // An unknown name stays as it is, and an incomplete value gets no space.
      expect(await prompt.complete('ebill watch --job nope')).toBe('ebill watch --job nope');
      expect(await prompt.complete('ebill sandbox --auth hea')).toBe('ebill sandbox --auth header:');
      if (shell === 'bash') {
        expect(await prompt.complete('ebill watch --job $(touch pwned')).toContain('$(touch pwned');
        expect(await prompt.complete('ebill upload customer ~/in')).toContain(' ~/inv\\ 1.');
      }
    } finally {
      prompt.end();
    }
    expect(readBy(shell, lines, at)).toEqual(TABLE.map(([, words]) => words));
    expect(existsSync(join(at.cwd, 'pwned'))).toBe(false);
  });

  it.runIf(shells.includes('bash'))(
    'works in bash 3.2 without compopt, and does nothing without the program',
    async () => {
      const { cwd, env } = await place('bash');
      const script = `compopt() { return 127; }; set -u; . ./ebill.bash
ask() { COMP_LINE="$1" COMP_POINT=\${#1}; _ebill; echo "\${#COMPREPLY[@]}:\${COMPREPLY[*]-}"; }
COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:'
ask 'ebill upload cus'; ask 'ebill upload customer in'; PATH=/nowhere; ask 'ebill up'`;
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { cwd, env, encoding: 'utf8' });
      expect([stdout, stderr]).toEqual(['1:customer\n0:\n0:\n', '']);
    },
  );

  it.runIf(shells.includes('fish'))('has descriptions in fish', async () => {
    const { cwd, env } = await place('fish');
    const ask = '. ./ebill.fish; complete -C "ebill wa"; complete -C "ebill loads show AU"';
    const out = execFileSync('fish', ['--no-config', '-c', ask], { cwd, env, encoding: 'utf8' });
    expect(out).toBe('watch\twait until every batch is final\nAUG_2020\tprod\n');
  });
});
