import { type ChildProcess, spawn } from 'node:child_process';

export interface ShellOptions {
  /** Written to its standard input. */
  readonly input: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Time limit, ms: then it is killed, with the processes it started. */
  readonly limitMs: number;
  /** Aborting kills it at once, with the processes it started. */
  readonly signal: AbortSignal;
  readonly platform: NodeJS.Platform;
}

export interface ShellEnd {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  /** Why it was killed here; `null`: it was not. */
  readonly stopped: 'limit' | 'interruption' | null;
  /** Its stdout and stderr together, the first 64 KiB. */
  readonly output: string;
  /** The first 64 KiB of each. */
  readonly stdout: string;
  readonly stderr: string;
}

const MOST_OUTPUT = 64 * 1024;
/** How long output is awaited after the exit, ms: a process left in the background keeps the streams open. */
const DRAIN_MS = 500;

/**
 * Runs a command line through the platform's shell, or a program with its arguments without a shell. Rejects when the shell,
 * the program or the folder does not exist.
 */
export function runShell(
  command: string | readonly [program: string, ...args: string[]],
  { input, env, cwd, limitMs, signal, platform }: ShellOptions,
): Promise<ShellEnd> {
  if (signal.aborted)
    return Promise.resolve({ code: null, stopped: 'interruption', output: '', stdout: '', stderr: '' });
  return new Promise((resolve, reject) => {
    const windows = platform === 'win32';
    // Its own process group, so that its children are killed with it. Ctrl-C then reaches it only through `signal`.
    const how = { cwd, env, detached: !windows, windowsHide: true };
    const [program, ...args] = typeof command === 'string' ? [command] : command;
    const child = spawn(program, args, { ...how, shell: typeof command === 'string' });
    let output = '';
    const each = { stdout: '', stderr: '' };
    let stopped: ShellEnd['stopped'] = null;
    let drain: NodeJS.Timeout | undefined;
    for (const name of ['stdout', 'stderr'] as const) {
      // A character may be split between two chunks.
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (output.length < MOST_OUTPUT) output += text;
        if (each[name].length < MOST_OUTPUT) each[name] += text;
      });
    }
    const closeOutput = (): void => {
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const stop = (why: 'limit' | 'interruption'): void => {
      stopped ??= why;
      kill(child, windows, env);
      closeOutput();
    };
    const interrupt = (): void => stop('interruption');
    const limit = setTimeout(() => stop('limit'), limitMs);
    const settle = (): void => {
      clearTimeout(limit);
      clearTimeout(drain);
      signal.removeEventListener('abort', interrupt);
    };
    signal.addEventListener('abort', interrupt);
    // It need not read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('exit', () => {
      clearTimeout(limit);
      drain = setTimeout(closeOutput, DRAIN_MS);
    });
    child.on('close', (code) => {
      settle();
      const [stdout, stderr] = [each.stdout.slice(0, MOST_OUTPUT), each.stderr.slice(0, MOST_OUTPUT)];
      resolve({ code, stopped, output: output.slice(0, MOST_OUTPUT), stdout, stderr });
    });
  });
}

function kill(child: ChildProcess, windows: boolean, env: ShellOptions['env']): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (windows) {
    // Windows has no process groups; taskkill /T ends the whole tree.
    const options = { stdio: 'ignore', windowsHide: true, env } as const;
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], options).on('error', () => child.kill());
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
