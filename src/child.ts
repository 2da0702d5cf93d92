import { spawn } from 'node:child_process';

export interface ShellOptions {
  /** Given to it on its standard input. */
  readonly input: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** ms after which it is killed, with what it started. */
  readonly limitMs: number;
  readonly platform: NodeJS.Platform;
}

/** `code`: `null` when it was killed. `output`: what it wrote to either stream, the first 64 KiB. */
export interface ShellEnd {
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly output: string;
}

const MOST_OUTPUT = 64 * 1024;

/** Runs a command line through the platform's shell. Rejects when there is no shell. */
export function runShell(
  command: string,
  { input, env, cwd, limitMs, platform }: ShellOptions,
): Promise<ShellEnd> {
  return new Promise((resolve, reject) => {
    const windows = platform === 'win32';
    // A group of its own, so that what the command started ends with it.
    const child = spawn(command, { shell: true, cwd, env, detached: !windows, windowsHide: true });
    let output = '';
    let timedOut = false;
    const keep = (chunk: Buffer): void => {
      if (output.length < MOST_OUTPUT) output += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    // Not everybody reads what they are told.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const timer = setTimeout(() => {
      timedOut = true;
      stop(child.pid, windows);
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
    }, limitMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, timedOut, output: output.slice(0, MOST_OUTPUT) });
    });
  });
}

function stop(pid: number | undefined, windows: boolean): void {
  if (pid === undefined || windows) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in this very moment.
  }
}
