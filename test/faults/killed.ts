import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Machine } from '../e2e/harness.ts';
import { MONTH_EBILL } from '../helpers/programs.ts';
import { type Duplicates, finishAndJudge, monthLines, need, note, quiet, type Trial, trial } from './load.ts';
import type { Point } from './tally.ts';

/** Where a process ends: in the Nth journal write, or when the journal has `byte` bytes. */
export interface Crash {
  readonly at?: number;
  readonly how?: 'before' | 'half' | 'written' | 'lost' | 'synced' | 'full' | 'io';
  /** Instead of SIGKILL, `before`, when it is `written` or `synced`. */
  readonly signal?: NodeJS.Signals;
  readonly byte?: number;
  /** Its clock started at `began` and runs `times` as fast. */
  readonly clock?: { readonly began: number; readonly times: number };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Child {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

export const markOf = (at: Machine): string => join(at.home, '.mark');

/** Starts the whole load as one process. */
export function startMonth(
  { server, at }: Pick<Trial, 'server' | 'at'>,
  crash: Crash = {},
  lines = monthLines(),
  uid?: number,
): Child {
  const notes = lines.map((line) => note(server, at, line));
  const child = spawn(process.execPath, [MONTH_EBILL], {
    cwd: at.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: at.cwd,
      ...at.env,
      EBILL_TEST_MONTH: JSON.stringify({ lines, mark: markOf(at), ...crash }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      // It ends at the first line that fails; after another code nobody knows how far it came.
      if (code === 0) for (const ended of notes) ended(code);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { pid: child.pid ?? 0, ended, kill: (signal) => void child.kill(signal) };
}

/** What a clean run counts: journal writes, journal bytes, requests. */
export interface Measure {
  readonly writes: number;
  readonly bytes: number;
  readonly requests: readonly { readonly call: string }[];
}

export async function measure(duplicates: Duplicates, lines = monthLines()): Promise<Measure> {
  return trial({ duplicates }, async (clean) => {
    const { code, stderr } = await startMonth(clean, {}, lines).ended;
    need(code === 0, `the clean load fails: ${stderr}`);
    const { writes, size } = readMark(clean.at);
    const requests = clean.server.requests.map(({ call }) => ({ call }));
    await finishAndJudge(clean, { duplicates, lines });
    return { writes, bytes: size, requests };
  });
}

function readMark(at: Machine): { readonly path: string; readonly size: number; readonly writes: number } {
  return JSON.parse(readFileSync(markOf(at), 'utf8')) as { path: string; size: number; writes: number };
}

/** The power failed: of the journal only what was flushed is left. */
function losePower(at: Machine): void {
  if (!existsSync(markOf(at))) return;
  const { path, size } = readMark(at);
  if (existsSync(path) && statSync(path).size > size) truncateSync(path, size);
}

/** Killed in the Nth journal write (or by a disk that fails there), then run again to the end. */
export function journalPoint(duplicates: Duplicates, crash: Crash, lines = monthLines()): Point {
  const name = `${duplicates}, journal write ${crash.at ?? ''} ${crash.how ?? `byte ${crash.byte}`}`;
  return {
    name,
    run: () =>
      trial({ duplicates }, async (broken) => {
        const reached = await crashOnce(broken, crash, lines);
        await finishAndJudge(broken, { duplicates, lines });
        return reached;
      }),
  };
}

/**
 * @param mayConflict it resumes after an earlier crash, and may have to ask the operator before this one
 * @returns whether it was reached
 */
export async function crashOnce(
  broken: Trial,
  crash: Crash,
  lines = monthLines(),
  mayConflict = false,
): Promise<boolean> {
  const ended = await startMonth(broken, crash, lines).ended;
  await quiet(broken.server);
  if (crash.how !== 'full' && crash.how !== 'io') {
    need(
      ended.signal === 'SIGKILL' || ended.code === 0 || ended.code === 8,
      `exit ${ended.code}: ${ended.stderr}`,
    );
    return ended.signal === 'SIGKILL';
  }
  if (ended.code === 0) return false;
  if (mayConflict && ended.code === 8) return true;
  // 2: nothing was sent by the command that failed. 10: what was sent is on record.
  need(ended.code === 2 || ended.code === 10, `a full disk ends with ${ended.code}: ${ended.stderr}`);
  const word = ended.code === 2 ? /Nothing is sent without a record/ : /What is on record is safe/;
  need(word.test(ended.stdout), 'a full disk without a word about it');
  return true;
}

/**
 * Killed while the sandbox holds its Nth request, before or after it acted on it; then run again to the end.
 * @param power the machine went down with it: what was not flushed is gone
 */
export function requestPoint(
  duplicates: Duplicates,
  n: number,
  when: 'hang' | 'hang-after',
  power: boolean,
  lines = monthLines(),
): Point {
  return {
    name: `${duplicates}, request ${n} ${when}${power ? ' and the power fails' : ''}`,
    run: () =>
      trial({ duplicates, faults: [`any@${n}=${when}`] }, async (broken) => {
        const reached = await killInRequest(broken, power, lines);
        await finishAndJudge(broken, { duplicates, lines });
        return reached;
      }),
  };
}

/** Kills the load when a fault has acted. @returns whether one did before the load was over */
export async function killInRequest(broken: Trial, power: boolean, lines = monthLines()): Promise<boolean> {
  const { server, at } = broken;
  const before = acted(broken);
  const child = startMonth(broken, {}, lines);
  let over = false;
  void child.ended.then(() => {
    over = true;
  });
  while (!over && acted(broken) === before) await delay(3);
  // After the effect, when there is one to wait for.
  const reached = acted(broken) > before;
  if (reached) await delay(10);
  child.kill('SIGKILL');
  const { code, stderr } = await child.ended;
  need(code === null || code === 0 || code === 8, `exit ${code}: ${stderr}`);
  await quiet(server);
  if (power) losePower(at);
  return reached;
}

const acted = ({ server }: Trial): number => server.requests.filter(({ fault }) => fault !== null).length;
