import { lookup } from 'node:dns';
import { mkdtempSync, realpathSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runShell } from '../../src/system/child-process.ts';
import type { Context, OutputStream } from '../../src/system/context.ts';
import type { Keychain } from '../../src/system/keychain.ts';

/** A stream that keeps what was written to it. */
export class Sink extends PassThrough {
  text = '';
  isTTY: boolean;
  columns: number;

  constructor(tty: boolean, columns: number) {
    super();
    this.isTTY = tty;
    this.columns = columns;
    this.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('utf8');
    });
  }
}

interface TestContextOptions {
  readonly tty?: boolean;
  readonly columns?: number;
  /** Milliseconds since 1970 at the start; `sleep` moves the clock and returns at once. */
  readonly now?: number;
  readonly env?: Record<string, string | undefined>;
  readonly home?: string;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly keychain?: Keychain;
  readonly lookup?: LookupFunction;
}

export interface TestContext extends Context {
  readonly stdout: OutputStream & Sink;
  readonly stderr: OutputStream & Sink;
  /** Every `sleep` asked for, in ms. */
  readonly slept: number[];
  readonly interrupt: (name?: 'SIGINT' | 'SIGTERM') => void;
}

/** A fresh folder, real path. */
export function tempDir(prefix = 'ebill-test-'): string {
  return realpathSync(mkdtempSync(join(tmpdir(), prefix)));
}

/** A context whose clock is virtual and whose streams are kept; files are real, in a temporary home. */
export function testContext(options: TestContextOptions = {}): TestContext {
  const home = options.home ?? tempDir('ebill-home-');
  const interruption = new AbortController();
  const stdin = new PassThrough();
  stdin.end(options.stdin ?? '');
  const slept: number[] = [];
  let clock = options.now ?? Date.UTC(2020, 7, 31, 22, 0, 0);
  return {
    stdin: Object.assign(stdin, { isTTY: options.tty ?? false }),
    stdout: new Sink(options.tty ?? false, options.columns ?? 80),
    stderr: new Sink(options.tty ?? false, options.columns ?? 80),
    env: { EBILL_HOME: home, EBILL_SETTLE: '0s', ...options.env },
    cwd: options.cwd ?? home,
    paths: { config: home, state: home },
    platform: 'linux',
    hostname: 'test-host',
    user: 'tester',
    pid: 4242,
    uid: process.getuid?.() ?? null,
    nodeVersion: 'v20.20.0',
    now: () => clock,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      clock += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
    shell: runShell,
    // Never a developer's own.
    keychain: async () => options.keychain ?? null,
    lookup: options.lookup ?? lookup,
    random: () => 0.5,
    signal: interruption.signal,
    crash: new Promise(() => undefined),
    slept,
    interrupt: (name = 'SIGINT') => interruption.abort(name),
  };
}
