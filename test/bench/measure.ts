import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

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
  /** The most memory that one of its processes held, in MB. */
  readonly rssMb: number;
  readonly stdout: string;
}

/**
 * Node cannot tell what a child used. bash can, for the child and all that it waited for: wall time to the microsecond, CPU
 * time to the millisecond (GNU time rounds to 10 ms, too coarse for a start). GNU time, outside of what bash times, adds the
 * most memory that one process of them held. Arguments: file for the figures, program, its arguments.
 */
const SCRIPT = `
exec 4>&2
TIMEFORMAT='%3U %3S'
start=$EPOCHREALTIME
{ time "$@" 2>&4 4>&-; } 2>>"$0"
code=$?
echo "$start $EPOCHREALTIME $code" >>"$0"`;

/** Without variables that change how a program starts. */
const CLEAN = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_|npm_|EBILL_|AWS_|RCLONE_|CI$|.*_proxy$)/i.test(name),
  ),
);

const folder = mkdtempSync(join(tmpdir(), 'ebill-measure-'));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid);
  rmSync(folder, { recursive: true, force: true });
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
  const figures = join(folder, randomUUID());
  const child = spawn('time', [...MEMORY, figures, 'bash', '-c', SCRIPT, figures, ...command], {
    cwd,
    env: { ...CLEAN, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  try {
    child.stdin.on('error', () => undefined).end(input);
    const texts = [child.stdout, child.stderr].map(text);
    await new Promise<void>((resolve, reject) => child.on('error', reject).on('close', () => resolve()));
    const [stdout = '', stderr = ''] = await Promise.all(texts);
    const { code, ...sample } = parsed(readFileSync(figures, 'utf8'), stderr);
    if (code !== exits) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return { ...sample, stdout };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The bench needs bash and GNU time: apt-get install -y bash time', { cause: error });
  } finally {
    running.delete(child);
    rmSync(figures, { force: true });
  }
}

/** Kilobytes, added to the figures. */
const MEMORY = ['--quiet', '--format=%M', '--append', '--output'];

/** Some locales write a comma in place of the point. */
function parsed(figures: string, stderr: string): Omit<Sample, 'stdout'> & { readonly code: number } {
  const words = figures.trim().replaceAll(',', '.').split(/\s+/);
  if (words.length !== 6) throw new Error(`a process could not be measured: ${figures}${stderr}`);
  const [user = 0, system = 0, start = 0, end = 0, code = 0, kilobytes = 0] = words.map(Number);
  return {
    wallMs: (end - start) * 1000,
    userMs: user * 1000,
    systemMs: system * 1000,
    rssMb: kilobytes * (1024 / 1e6),
    code,
  };
}

async function text(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
