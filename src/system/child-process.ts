import { type ChildProcess, spawn } from 'node:child_process';

export interface ShellOptions {
  /** Given to it on its standard input. */
  readonly input: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** ms after which it is killed, with what it started. */
  readonly limitMs: number;
  /** Aborted: it is killed at once, with what it started. */
  readonly signal: AbortSignal;
  readonly platform: NodeJS.Platform;
}

export interface ShellEnd {
  /** `null` when a signal ended it, ours or another's. */
  readonly code: number | null;
  /** Why we killed it; `null`: it ended by itself. */
  readonly stopped: 'limit' | 'interruption' | null;
  /** What it wrote to either stream, the first 64 KiB. */
  readonly output: string;
}

const MOST_OUTPUT = 64 * 1024;
/** ms in which output still arrives after the end; longer only something left in the background keeps it open. */
const LAST_WORDS_MS = 500;

/** Runs a command line through the platform's shell. Rejects when there is no shell or no such folder. */
export function runShell(
  command: string,
  { input, env, cwd, limitMs, signal, platform }: ShellOptions,
): Promise<ShellEnd> {
  if (signal.aborted) return Promise.resolve({ code: null, stopped: 'interruption', output: '' });
  return new Promise((resolve, reject) => {
    const windows = platform === 'win32';
    // A group of its own, so that what the command started ends with it. Ctrl-C then reaches it only through us.
    const child = spawn(command, { shell: true, cwd, env, detached: !windows, windowsHide: true });
    let output = '';
    let stopped: ShellEnd['stopped'] = null;
    let lastWords: NodeJS.Timeout | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      // Decoded as a whole: a letter may come in two pieces.
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (output.length < MOST_OUTPUT) output += text;
      });
    }
    const letGo = (): void => {
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const stop = (why: 'limit' | 'interruption'): void => {
      stopped ??= why;
      kill(child, windows);
      letGo();
    };
    const interrupt = (): void => stop('interruption');
    const limit = setTimeout(() => stop('limit'), limitMs);
    const settle = (): void => {
      clearTimeout(limit);
      clearTimeout(lastWords);
      signal.removeEventListener('abort', interrupt);
    };
    signal.addEventListener('abort', interrupt);
    // Not everybody reads what they are told.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('exit', () => {
      clearTimeout(limit);
      lastWords = setTimeout(letGo, LAST_WORDS_MS);
    });
    child.on('close', (code) => {
      settle();
      resolve({ code, stopped, output: output.slice(0, MOST_OUTPUT) });
    });
  });
}

function kill(child: ChildProcess, windows: boolean): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (windows) {
    // Windows knows no groups; its own tool walks the tree.
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => child.kill(),
    );
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in this very moment.
  }
}
