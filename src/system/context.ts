import type { LookupFunction } from 'node:net';
import { homedir, hostname, userInfo } from 'node:os';
import { isAbsolute, posix, win32 } from 'node:path';
import { EbillError, errnoOf } from '../errors.ts';
import type { ShellEnd, ShellOptions } from './child-process.ts';
import type { Keychain } from './keychain.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** stdout or stderr. `columns` is the width of a terminal. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** The home: where the program keeps its files. `EBILL_HOME` sets both. */
export interface Paths {
  /** Profiles and secrets. */
  readonly config: string;
  /** Journals of loads. */
  readonly state: string;
}

/**
 * All that the program takes from its process: streams, environment, clock, timers, signals. Only the file system and
 * sockets are used directly; tests use temporary folders and a sandbox on loopback.
 */
export interface Context {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  /** Of the process: an EbillError INTERNAL when the folder was deleted. */
  readonly cwd: string;
  /** Of the process: an EbillError INTERNAL when there is no home folder. */
  readonly paths: Paths;
  readonly platform: NodeJS.Platform;
  readonly hostname: string;
  /** The user's name; `null` where the system has none for the user id, as in containers. */
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
  /** Runs a command line through the platform's shell, or a program without one. Rejects when it cannot be started. */
  shell(
    command: string | readonly [program: string, ...args: string[]],
    options: ShellOptions,
  ): Promise<ShellEnd>;
  /** The operating system's keychain; `null` where there is none, or `usesKeychain` says no. */
  keychain(): Promise<Keychain | null>;
  /** Host name → addresses, as sockets take it. */
  readonly lookup: LookupFunction;
  /** In [0, 1), for jitter. */
  random(): number;
  /** Called whenever a request begins to be written to a connection. */
  readonly onRequest?: () => void;
  /** Aborted by SIGINT or SIGTERM; the reason is the signal's name. */
  readonly signal: AbortSignal;
  /** Rejects with an uncaught exception or an unhandled rejection. Never resolves. */
  readonly crash: Promise<never>;
}

/** The context with some members replaced. Unlike a spread it leaves lazy members lazy. */
export function withChanges(context: Context, changes: Partial<Context>): Context {
  const all = Object.getOwnPropertyDescriptors(context);
  return Object.defineProperties({}, { ...all, ...Object.getOwnPropertyDescriptors(changes) }) as Context;
}

/**
 * Fails before anything is read or sent when the working directory, the host name or the home cannot be had.
 * @param home whether the home is needed
 * @throws EbillError INTERNAL
 */
export function checkSystem(context: Context, home: boolean): void {
  void [context.cwd, context.hostname, home && context.paths];
}

/** Was this thrown because of the signal? Sleeps and requests reject with its reason or an `AbortError`. */
export function isInterruption(thrown: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError');
}

/** The exit code after an interruption (commands rule 26). */
export const interruptionCode = ({ reason }: AbortSignal): number => (reason === 'SIGTERM' ? 143 : 130);

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

/** The context of the real process. */
export function systemContext(): Context {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // The second signal ends the process at once: the journal is enough to resume from.
      if (interruption.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
      interruption.abort(name);
    });
  }
  // Node would print the raw trace, which may contain a secret.
  const crash = new Promise<never>((_resolve, reject) => {
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, reject);
  });
  crash.catch(() => undefined);
  return {
    // Lazy: a stream takes milliseconds to create, and few runs use all three.
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
    // Lazy: they can fail, and not every command needs them.
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
    // Rarely used, and slow to load.
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
