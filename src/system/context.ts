import type { LookupFunction } from 'node:net';
import { homedir, hostname, userInfo } from 'node:os';
import { isAbsolute, posix, win32 } from 'node:path';
import { EbillError, errnoOf } from '../errors.ts';
import type { ShellEnd, ShellOptions } from './child-process.ts';
import type { Keychain } from './keychain.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A stream the program writes to; a terminal says so and knows its width. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Where the program keeps things. `EBILL_HOME` puts both under one folder. */
export interface Paths {
  /** Profiles and secrets. */
  readonly config: string;
  /** Journals of loads. */
  readonly state: string;
}

/**
 * The one door through which effects come in: streams, environment, clock, timers, interruption.
 * The file system and sockets stay real; tests use temporary folders and a sandbox on loopback.
 */
export interface Context {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  readonly cwd: string;
  readonly paths: Paths;
  readonly platform: NodeJS.Platform;
  readonly hostname: string;
  /** Whose process it is; `null` where the system has no name for them (a container's bare user id). */
  readonly user: string | null;
  readonly pid: number;
  /** The owner of new files; `null` on Windows. */
  readonly uid: number | null;
  /** `v20.18.1` */
  readonly nodeVersion: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs a command line through the platform's shell (`--notify`). Rejects when there is none. */
  shell(command: string, options: ShellOptions): Promise<ShellEnd>;
  /** The operating system's keychain; `null` where there is none, or it is not to be used. */
  keychain(): Promise<Keychain | null>;
  /** What a host name's addresses are, as sockets ask it. */
  readonly lookup: LookupFunction;
  /** In [0, 1), for jitter. */
  random(): number;
  /** Aborted by SIGINT or SIGTERM; the reason is the signal's name. */
  readonly signal: AbortSignal;
  /** Rejects with what nobody caught: thrown in a callback, or a rejection nobody waits for. Never resolves. */
  readonly crash: Promise<never>;
}

/** The context with some members replaced. Unlike a spread it leaves lazy members lazy. */
export function withChanges(context: Context, changes: Partial<Context>): Context {
  const all = Object.getOwnPropertyDescriptors(context);
  return Object.defineProperties({}, { ...all, ...Object.getOwnPropertyDescriptors(changes) }) as Context;
}

/**
 * Fails early, before anything is read or sent, where the system cannot say what a command may need.
 * @param home whether profiles or journals may be needed
 * @throws EbillError INTERNAL as `cwd`, `hostname` and `paths`
 */
export function checkSystem(context: Context, home: boolean): void {
  void [context.cwd, context.hostname, home && context.paths];
}

/** Was this thrown because the run was interrupted? Sleeps and requests reject with the reason or an `AbortError`. */
export function isInterruption(thrown: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError');
}

/**
 * Where profiles and journals are kept: `EBILL_HOME`, else the platform's usual folders (commands rule 7).
 * @param home of the user; called only when needed
 */
export function pathsFor(env: Environment, platform: NodeJS.Platform, home: () => string): Paths {
  const chosen = env['EBILL_HOME'];
  if (chosen) return { config: chosen, state: chosen };
  const { join } = platform === 'win32' ? win32 : posix;
  if (platform === 'win32') {
    return {
      config: join(env['APPDATA'] || join(home(), 'AppData', 'Roaming'), 'ebill'),
      state: join(env['LOCALAPPDATA'] || join(home(), 'AppData', 'Local'), 'ebill'),
    };
  }
  if (platform === 'darwin') {
    const folder = join(home(), 'Library', 'Application Support', 'ebill');
    return { config: folder, state: folder };
  }
  return {
    config: join(env['XDG_CONFIG_HOME'] || join(home(), '.config'), 'ebill'),
    state: join(env['XDG_STATE_HOME'] || join(home(), '.local', 'state'), 'ebill'),
  };
}

/** With `EBILL_HOME` everything is in that folder, secrets too, unless `EBILL_KEYCHAIN=on`. */
export function usesKeychain(env: Environment): boolean {
  const choice = env['EBILL_KEYCHAIN']?.toLowerCase() ?? '';
  return choice === 'on' || (choice === '' && !env['EBILL_HOME']);
}

function homeFolder(): string {
  try {
    const home = homedir();
    // An empty or relative HOME would put secrets into the working directory.
    if (isAbsolute(home)) return home;
  } catch {
    // No HOME, and no entry for the user id.
  }
  throw new EbillError(
    'INTERNAL',
    'There is no home folder to keep profiles and journals in: HOME is not set.',
    {
      hint: 'Set HOME, or set EBILL_HOME to a folder of your own, then run the same command again.',
    },
  );
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'no longer exists' : `cannot be used (${errnoOf(cause)})`;
    throw new EbillError('INTERNAL', `The working directory ${why}.`, {
      hint: 'Change to another folder (cd), then run the same command again.',
      cause,
    });
  }
}

function hostName(): string {
  try {
    return hostname();
  } catch (cause) {
    throw new EbillError('INTERNAL', 'The system does not say the name of this machine.', {
      hint: 'Set a host name (hostname NAME), then run the same command again.',
      cause,
    });
  }
}

function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}

/** The real process. The only code that touches it, its clock and its timers. */
export function systemContext(): Context {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // The second signal means now: what is on disk is enough to go on from.
      if (interruption.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
      interruption.abort(name);
    });
  }
  // Left to itself, Node would print the raw trace, with whatever a message or a stack holds.
  const crash = new Promise<never>((_resolve, reject) => {
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, reject);
  });
  crash.catch(() => undefined);
  return {
    // A stream costs milliseconds to make, and few runs want all three (performance.md, "Start-up").
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    env: process.env,
    // These can fail: only a command that needs them may, and `runProgram` reports it.
    get cwd() {
      return workingDirectory();
    },
    get paths() {
      return pathsFor(process.env, process.platform, homeFolder);
    },
    platform: process.platform,
    get hostname() {
      return hostName();
    },
    get user() {
      return userName();
    },
    pid: process.pid,
    uid: process.getuid?.() ?? null,
    nodeVersion: process.version,
    now: () => Date.now(),
    // These are seldom wanted, and not free to load.
    sleep: async (ms, signal) => {
      const { setTimeout } = await import('node:timers/promises');
      return setTimeout(ms, undefined, signal ? { signal } : {});
    },
    shell: async (command, options) => (await import('./child-process.ts')).runShell(command, options),
    keychain: async () =>
      usesKeychain(process.env) ? (await import('./keychain.ts')).systemKeychain() : null,
    lookup: (name, options, callback) => {
      void import('node:dns').then(({ lookup }) => lookup(name, options, callback));
    },
    random: () => Math.random(),
    signal: interruption.signal,
    crash,
  };
}
