import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** A whole process. */
export interface Command {
  /** Program and arguments, without a shell. */
  readonly command: readonly string[];
  /** Variables beyond the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Its standard input. */
  readonly input?: string;
  /** The exit code it must have; 0 by default. */
  readonly exits?: number;
}

export interface Sample {
  readonly wallMs: number;
  readonly userMs: number;
  readonly systemMs: number;
  /** The most memory it held, in MB. */
  readonly rssMb: number;
  readonly stdout: string;
}

const SCRIPT = fileURLToPath(new URL('measure.py', import.meta.url));
/** Prefer the system's own: the one of a version manager may be a shell script. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** Without variables that change how a program starts. */
const CLEAN = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:NODE_|npm_|EBILL_|CI$|.*_proxy$)/i.test(name)),
);

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid);
});

/** Each process is started in a group of its own, so that its children end with it. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}

/** Runs a process to its end. @throws when its exit code is not the expected one */
export async function measure({ command, env = {}, cwd, input = '', exits = 0 }: Command): Promise<Sample> {
  const child = spawn(PYTHON, [SCRIPT, ...command], {
    cwd,
    env: { ...CLEAN, ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  try {
    child.stdin.on('error', () => undefined).end(input);
    const texts = [1, 2, 3].map((fd) => text(child.stdio[fd] as Readable));
    await new Promise<void>((resolve, reject) => child.on('error', reject).on('close', () => resolve()));
    const [stdout = '', stderr = '', usage = ''] = await Promise.all(texts);
    if (usage === '') throw new Error(`${command.join(' ')} could not be measured: ${stderr}`);
    const { code, ...figures } = JSON.parse(usage) as Omit<Sample, 'stdout'> & { readonly code: number };
    if (code !== exits) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return { ...figures, stdout };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The bench needs python3: apt-get install -y python3', { cause: error });
  } finally {
    running.delete(child);
  }
}

async function text(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
