import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { describe, expect, it } from 'vitest';
import { candidates } from '../../src/commands/completions/candidates.ts';
import { SCRIPTS } from '../../src/commands/completions/scripts.ts';
import { EBILL, machine } from '../e2e/harness.ts';
import { tempDir, testContext } from '../helpers/context.ts';

const has = (shell: string): boolean => spawnSync('sh', ['-c', `command -v ${shell}`]).status === 0;

/** A home with a profile and loads, one of them with a name a shell would stumble over. */
async function home(): Promise<ReturnType<typeof machine>> {
  const at = machine(null, { EBILL_BASE_URL: 'http://127.0.0.1:9' });
  await at.call(['profile', 'add', 'prod', '--base-url', 'https://ebill.example.com', '--auth', 'none']);
  for (const job of ['AUG_2020', "odd $(touch pwned) 'name"]) {
    const folder = join(at.home, 'loads', 'prod');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, `${job.replace(/\W/g, '')}.jsonl`),
      `${JSON.stringify({ ebillJournal: 1, job, profile: 'prod', baseUrl: 'https://ebill.example.com', startedAt: '2020-08-31T22:00:00Z' })}\n`,
    );
  }
  return at;
}

describe('what may stand there', () => {
  const values = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { files, list } = await candidates(testContext(), words);
    return files ? ['(files)'] : list.map(({ value }) => value);
  };
  it.each<[readonly string[], readonly string[]]>([
    [['up'], ['upload']],
    [
      ['upload', ''],
      ['customer', 'invoice', 'items'],
    ],
    [['loads', ''], ['show']],
    [['--json', 'st'], ['status']],
    [['--profile', 'x', 'st'], ['status']],
    [['watch', '--max'], ['--max-wait']],
    [['--js'], ['--json']],
    [['upload', 'customer', ''], ['(files)']],
    [['upload', 'invoice', 'inv.csv', '--items', ''], ['(files)']],
    [['upload', 'invoice', 'inv.csv', '--items', 'a.csv', ''], ['(files)']],
    [['run', ''], ['(files)']],
    [['watch', '--download', ''], ['(files)']],
    [['--progress', 'p'], ['plain']],
    [
      ['status', '--color', ''],
      ['auto', 'always', 'never'],
    ],
    [['help', 'ex'], ['exit-codes']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', 'powershell'],
    ],
    [['completion', 'bash', ''], []],
    [['nonsense', ''], []],
    [['watch', '--interval', ''], []],
  ])('%j', async (words, expected) => {
    expect(await values(...words)).toEqual(expected);
  });

  it('names profiles and loads, those that cannot be shown left out, and no error for a home that cannot be read', async () => {
    const at = await home();
    const context = testContext({ home: at.home });
    expect((await candidates(context, ['status', '--profile', ''])).list).toEqual([
      { value: 'prod', about: 'https://ebill.example.com' },
    ]);
    expect((await candidates(context, ['loads', 'show', 'A'])).list.map(({ value }) => value)).toEqual([
      'AUG_2020',
    ]);
    expect(await candidates(testContext({ home: '/dev/null' }), ['--profile', ''])).toEqual({
      files: false,
      list: [],
    });
  });

  it('prints a script for each shell', async () => {
    const at = machine(null);
    for (const [shell, script] of Object.entries(SCRIPTS))
      expect((await at.call(['completion', shell])).stdout).toBe(script);
    const wrong = await at.call(['completion', 'tcsh']);
    expect([wrong.code, wrong.stderr.includes('bash, zsh, fish, powershell')]).toEqual([2, true]);
  });
});

describe('in real shells', () => {
  /** `ebill` on a PATH of its own, as it is installed. */
  async function installed(): Promise<{ env: Record<string, string>; cwd: string }> {
    const at = await home();
    const bin = tempDir('ebill bin ');
    symlinkSync(EBILL, join(bin, 'ebill'));
    chmodSync(EBILL, 0o755);
    writeFileSync(join(at.cwd, 'inv 1.csv'), 'A\n1\n');
    return {
      env: {
        ...at.env,
        PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
        HOME: at.cwd,
        TERM: 'dumb',
        LANG: 'C.UTF-8',
      },
      cwd: at.cwd,
    };
  }
  const present = (shell: string): boolean => has(shell) || process.env['CI'] === 'true';

  it.skipIf(!present('bash'))('bash: words, values, quoting, files', async () => {
    const { env, cwd } = await installed();
    writeFileSync(join(cwd, 'ebill.bash'), SCRIPTS.bash);
    const complete = (...words: readonly string[]): string =>
      `COMP_WORDS=(${['ebill', ...words].map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _ebill; printf '%s\\n' "\${COMPREPLY[@]}"; echo ---`;
    const script = [
      'source ./ebill.bash',
      complete('wa'),
      complete('status', '--job', ''),
      complete('upload', 'customer', ''),
      'complete -p ebill',
    ].join('\n');
    const out = execFileSync('bash', ['--norc', '--noprofile', '-c', script], { cwd, env, encoding: 'utf8' });
    const [words, jobs, files, how] = out.split('---\n');
    expect(words).toBe('watch\n');
    expect(jobs?.trim().split('\n').sort()).toEqual(['AUG_2020', "odd\\ \\$\\(touch\\ pwned\\)\\ \\'name"]);
    expect(files?.trim()).toBe('');
    expect(how).toContain('-o default');
    expect(existsSync(join(cwd, 'pwned'))).toBe(false);
  });

  it.skipIf(!present('fish'))('fish: words with what they are, files', async () => {
    const { env, cwd } = await installed();
    writeFileSync(join(cwd, 'ebill.fish'), SCRIPTS.fish);
    const fish = (line: string): string =>
      execFileSync('fish', ['--no-config', '-c', `source ebill.fish; complete -C ${line}`], {
        cwd,
        env,
        encoding: 'utf8',
      });
    expect(fish("'ebill wa'")).toBe('watch\twait until every batch is final\n');
    expect(fish("'ebill upload customer inv'")).toContain('inv 1.csv');
    expect(fish("'ebill loads show '")).toContain('AUG_2020\tprod');
    expect(existsSync(join(cwd, 'pwned'))).toBe(false);
  });

  it.skipIf(!present('zsh'))('zsh: at its own prompt', async () => {
    const { env, cwd } = await installed();
    writeFileSync(join(cwd, '_ebill'), SCRIPTS.zsh);
    writeFileSync(
      join(cwd, '.zshrc'),
      `fpath=(${JSON.stringify(cwd)} $fpath)\nautoload -Uz compinit && compinit -u -D\nPS1='ready> '\nunsetopt beep\n`,
    );
    const child = spawn('zsh', ['-i'], {
      name: 'xterm',
      cols: 100,
      rows: 30,
      cwd,
      env: { ...env, ZDOTDIR: cwd },
    });
    let screen = '';
    child.onData((data) => {
      screen += data;
    });
    const until = async (wanted: RegExp): Promise<void> => {
      for (let i = 0; i < 400 && !wanted.test(screen); i += 1)
        await new Promise((resolve) => setTimeout(resolve, 25));
      expect(screen).toMatch(wanted);
    };
    try {
      await until(/ready> /);
      child.write('ebill wat\t');
      await until(/ebill watch/);
      child.write('--max\t');
      await until(/--max-wait/);
      child.write('\u0015ebill upload customer inv\t');
      await until(/inv\\ 1\.csv/);
      child.write('\u0015ebill loads show od\t');
      await until(/odd\\ \\\$\\\(touch\\ pwned\\\)\\ \\'name/);
      expect(existsSync(join(cwd, 'pwned'))).toBe(false);
    } finally {
      child.kill();
    }
  });

  it('PowerShell: the script is whole (there is no PowerShell to try it in)', () => {
    for (const [open, close] of ['{}', '()', '[]'].map((pair) => [...pair])) {
      const count = (char: string | undefined): number => SCRIPTS.powershell.split(char ?? '').length;
      expect(count(open)).toBe(count(close));
    }
  });
});
