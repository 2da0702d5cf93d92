import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('measure.py', import.meta.url));
/** The system's own: a version manager's stand-in is a shell script. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** The environment of everything measured: nothing of the machine's that changes what a program does at its start. */
const CLEAN = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:NODE_|npm_|EBILL_|CI$|.*_proxy$)/i.test(name)),
);

const running = new Set();
process.on('exit', () => {
  for (const { pid } of running) kill(pid);
});

/** A group of its own each, so that what it started ends with it. */
function kill(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It was over already.
  }
}

/**
 * Runs a whole process.
 * @param {{ command: string[], env?: Record<string, string>, cwd?: string, input?: string, exits?: number }} what
 *   `input`: its standard input; `exits`: the exit code it has to have, 0 unless said
 * @returns {Promise<{ wallMs: number, userMs: number, systemMs: number, rssMb: number, stdout: string }>}
 */
export async function measure({ command, env = {}, cwd, input = '', exits = 0 }) {
  const child = spawn(PYTHON, [SCRIPT, ...command], {
    cwd,
    env: { ...CLEAN, ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  try {
    child.stdin.on('error', () => undefined).end(input);
    const texts = [1, 2, 3].map((fd) => text(child.stdio[fd]));
    const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    ended.catch(() => undefined);
    await ended;
    const [stdout, stderr, used] = await Promise.all(texts);
    if (used === '') throw new Error(`${command.join(' ')} could not be measured: ${stderr}`);
    const { code, ...figures } = JSON.parse(used);
    if (code !== exits) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return { ...figures, stdout };
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('The bench wants python3: apt-get install -y python3', { cause: error });
  } finally {
    running.delete(child);
  }
}

async function text(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}
