import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';

/** How each shell is started on its own, and made to tell its line at Ctrl-O. */
const SHELLS = {
  bash: {
    args: ['--norc', '--noprofile', '-i'],
    prompt: "PS1='ready> '",
    tell: `HISTFILE=; bind -x '"\\C-o": printf "%s\\n" "$READLINE_LINE" >> told'`,
  },
  zsh: {
    args: ['-f', '-i'],
    prompt: "PS1='ready> '",
    tell: `autoload -Uz compinit; compinit -u -D; tell() { print -r -- "$BUFFER" >> told }; zle -N tell; bindkey '^O' tell`,
  },
  fish: {
    args: ['--no-config', '-i'],
    prompt: "function fish_prompt; echo 'ready> '; end",
    tell: 'bind \\co "commandline >> told"',
  },
} as const;
export type TypedShell = keyof typeof SHELLS;

interface Typist {
  /** Types a line and a Tab. @returns the line as the shell then has it */
  complete(line: string): Promise<string>;
  end(): void;
}

/** A real shell at a terminal, with `ebill.SHELL` of the folder sourced. */
export async function typist(shell: TypedShell, cwd: string, env: Record<string, string>): Promise<Typist> {
  const { args, prompt, tell } = SHELLS[shell];
  const child = spawn(shell, [...args], { name: 'xterm', cols: 200, rows: 40, cwd, env });
  let screen = '';
  child.onData((data) => {
    screen += data;
  });
  const until = async (done: () => boolean): Promise<void> => {
    for (let i = 0; i < 800 && !done(); i += 1) await delay(25);
    if (!done()) throw new Error(`${shell} did not get there: ${JSON.stringify(screen.slice(-2000))}`);
  };
  const told = (): string[] =>
    existsSync(join(cwd, 'told')) ? readFileSync(join(cwd, 'told'), 'utf8').split('\n').slice(0, -1) : [];
  let count = 0;
  const type = async (keys: string): Promise<string> => {
    child.write(`${keys}\u000f`);
    count += 1;
    await until(() => told().length >= count);
    child.write('\u0015');
    return told()[count - 1] ?? '';
  };
  child.write(`${tell}\r. ./ebill.${shell}\r${prompt}\r`);
  await until(() => screen.includes('\nready> ') || /ready> [^']*$/.test(screen));
  return {
    complete: (line) => type(`${line}\t`),
    end: () => child.kill(),
  };
}
