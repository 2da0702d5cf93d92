import { spawn } from 'node:child_process';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect } from 'vitest';
import { main } from '../../src/main.ts';
import { type SampleFiles, writeSample } from '../../src/sample/sample.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import type { Context } from '../../src/system/context.ts';
import { tempDir, testContext } from '../helpers/context.ts';
import { FAST_EBILL } from '../helpers/programs.ts';
import { wrongIn } from '../hints/accepted.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The program as it is shipped. */
export const EBILL = join(ROOT, 'bin', 'ebill.js');

export interface Batch {
  readonly id: string | null;
  readonly jobId: string | null;
  readonly kind: string;
  readonly file: string | null;
  readonly status: string | null;
  readonly phase: string;
  readonly outcome: string;
  readonly recordsSent: number | null;
  readonly successCount: number | null;
  readonly failCount: number | null;
  readonly resultExpiresAt: string | null;
  readonly children: readonly Batch[];
}

export interface Document {
  readonly command: string;
  readonly profile: string | null;
  readonly job: string | null;
  readonly outcome: string | null;
  readonly exitCode: number;
  readonly batches: readonly Batch[];
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  readonly requests?: readonly {
    readonly method: string;
    readonly url: string;
    readonly body: string | null;
  }[];
  readonly files?: readonly {
    readonly file: string;
    readonly findings: readonly { readonly code: string; readonly message: string }[];
  }[];
  readonly [key: string]: unknown;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON document. */
  readonly json: Document;
}

/** A machine: a home, a folder to work in, and the environment that points at a server. */
export interface Machine {
  readonly home: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The clock of `call`, ms since 1970. */
  now(): number;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same without a process, by the machine's clock: for tables of many runs. */
  call(args: readonly string[], options?: CallOptions): Promise<Ran>;
}

interface CallOptions extends Pick<RunOptions, 'env' | 'stdin'> {
  readonly lookup?: LookupFunction;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly entry?: string;
  /** An executable in place of Node.js and `entry`. */
  readonly program?: string;
  /** Kills it (SIGKILL) when this resolves. */
  readonly killWhen?: Promise<unknown>;
  readonly onStart?: (pid: number) => void;
  /** Called with all of stderr so far, whenever there is more. */
  readonly onStderr?: (text: string) => void;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A sandbox in this process, so that tests see its requests and its state. Closed after the test. */
export async function sandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const server = await startSandbox({
    processingTimeMs: 60,
    auth: { type: 'bearer', token: 'test-token-1' },
    ...options,
  });
  closing.push(() => server.close());
  return server;
}

type Clock = Pick<Context, 'now' | 'sleep'>;

/** Sleeps are a fiftieth as long. */
const IMPATIENT_CLOCK: Clock = { now: Date.now, sleep: (ms) => delay(ms / 50) };

/** A clock that runs `times` as fast, for a machine and the sandbox that it talks to. */
export function fastClock(times: number, began = Date.now()): Clock {
  return {
    now: () => began + (Date.now() - began) * times,
    sleep: (ms, signal) => delay(ms / times, undefined, signal ? { signal } : {}),
  };
}

export function machine(
  server: Sandbox | null,
  env: Readonly<Record<string, string>> = {},
  clock: Clock = IMPATIENT_CLOCK,
): Machine {
  const home = tempDir('ebill-home-');
  const cwd = tempDir('ebill cwd é ');
  const all = { ...(server?.environment ?? {}), EBILL_HOME: home, EBILL_SETTLE: '0s', ...env };
  return {
    home,
    cwd,
    env: all,
    now: clock.now,
    run: (args, options = {}) => ebill(args, cwd, { ...all, ...options.env }, options),
    call: async (args, options = {}) => {
      const { env: more, ...given } = options;
      const context = testContext({ home, cwd, env: { ...all, ...more }, ...given });
      const real = { ...context, ...clock, random: Math.random };
      const code = await main(args, real);
      return checked(ran(code, context.stdout.text, context.stderr.text));
    },
  };
}

function ran(code: number | null, stdout: string, stderr: string): Ran {
  return {
    code,
    stdout,
    stderr,
    get json(): Document {
      return JSON.parse(stdout) as Document;
    },
  };
}

/** Every hint that a test comes across is one to copy from (`test/hints/accepted.ts`). */
async function checked(result: Ran): Promise<Ran> {
  const hints = [...result.stderr.matchAll(/^ {2}→ (.*(?:\n {4}.*)*)|^(Next: .*(?:\nebill .*)*)/gm)].map(
    ([, hint, next]) => hint?.replace(/\n {4}/g, '\n') ?? next ?? '',
  );
  const inDocument = /"hint": "((?:\\.|[^"\\])*)"/.exec(result.stdout)?.[1];
  if (inDocument !== undefined) hints.push(JSON.parse(`"${inDocument}"`));
  for (const hint of hints) expect(await wrongIn(hint)).toEqual([]);
  return result;
}

function ebill(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  options: RunOptions,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const { program, entry = FAST_EBILL } = options;
    const [file, ...first] = program === undefined ? [process.execPath, entry] : [program];
    const child = spawn(file, [...first, ...args], {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
      options.onStderr?.(stderr);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(checked(ran(code, stdout, stderr)));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    if (child.pid !== undefined) options.onStart?.(child.pid);
    options.killWhen?.then(() => child.kill('SIGKILL'), reject);
  });
}

/** A small month of sample files in the machine's folder; names relative to it. */
export async function month(
  at: Machine,
  options: { records?: number; itemFiles?: number; bad?: number; job?: string } = {},
): Promise<SampleFiles> {
  const { records = 20, itemFiles = 3, bad = 0, job = 'AUG_2020' } = options;
  return writeSample(at.cwd, { records, itemFiles, bad, month: job });
}

/** The calls a server got, in order, as `create AUG_2020_CUS`; questions for the status left out unless asked for. */
export function calls(server: Sandbox, withStatus = false): string[] {
  return server.requests
    .filter((request) => withStatus || request.call !== 'status')
    .map((request) => `${request.call} ${request.jobId ?? '-'}`);
}
