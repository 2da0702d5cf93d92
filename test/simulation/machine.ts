import { PassThrough, Writable } from 'node:stream';
import type { Context } from '../../src/system/context.ts';
import type { Clock } from './clock.ts';
import { Disk } from './disk.ts';
import type { Network } from './network.ts';

/** What happens to a process: it is killed at its Nth effect, before or after it. */
interface Doom {
  readonly at: number;
  readonly after: boolean;
  /** The machine goes down with it. */
  readonly power: boolean;
}

export interface Machine {
  readonly name: string;
  readonly disk: Disk;
  readonly processes: Set<Process>;
}

let pids = 1000;
/** The processes that have not ended, by the first part of the paths they use. */
export const running = new Map<string, Process>();

/** A month must not depend on those played before it. */
export function forgetMachines(): void {
  pids = 1000;
  running.clear();
  disks.clear();
}

/** By the names of machines. */
export const disks = new Map<string, Disk>();

export function newMachine(clock: Clock, name: string): Machine {
  const disk = new Disk(clock.now);
  disks.set(name, disk);
  return { name, disk, processes: new Set() };
}

class Text extends Writable {
  text = '';
  readonly isTTY = false;
  readonly columns = 80;

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** One run of ebill on a machine. After its death none of its pending operations completes. */
export class Process {
  readonly pid = ++pids;
  /** Its paths begin with this, so that the file system knows whose they are. */
  readonly root: string;
  readonly machine: Machine;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: () => number;
  readonly stdout = new Text();
  readonly stderr = new Text();
  /** Files it has open, to be closed when it ends. */
  readonly open = new Set<{ release(): void }>();
  /** Called when it dies. */
  onDeath: (() => void) | null = null;
  dead = false;
  effects = 0;
  doom: Doom | null = null;
  /** ms that some of its disk operations take; 0: none. */
  slowDisk = 0;
  readonly #interruption = new AbortController();

  constructor(machine: Machine, network: Network, clock: Clock, random: () => number) {
    this.machine = machine;
    this.network = network;
    this.clock = clock;
    this.random = random;
    this.root = `/${machine.name}.${this.pid}`;
    machine.processes.add(this);
    running.set(this.root.slice(1), this);
  }

  /** Ends it, however it ended: the system closes its files, and so releases its locks. */
  end(): void {
    this.machine.processes.delete(this);
    running.delete(this.root.slice(1));
    for (const handle of this.open) handle.release();
    this.open.clear();
  }

  kill(): void {
    if (this.dead) return;
    this.dead = true;
    this.end();
    this.onDeath?.();
  }

  interrupt(): void {
    this.#interruption.abort('SIGTERM');
  }

  /**
   * An effect of the process on its surroundings, or of these on it: a point where it can be killed.
   * @param torn the partial effect, when the process dies in the middle of it
   */
  async effect<T>(work: () => T | Promise<T>, torn: (() => void) | null = null): Promise<T> {
    if (this.dead) return never();
    this.effects += 1;
    const dies = this.doom !== null && this.effects === this.doom.at;
    if (this.slowDisk > 0 && this.random() < 0.1) {
      await this.clock.wait(this.random() * this.slowDisk);
      if (this.dead) return never();
    }
    if (dies && this.doom?.after === false) {
      torn?.();
      this.#die();
      return never();
    }
    const result = await work();
    if (dies) {
      this.#die();
      return never();
    }
    return this.dead ? never() : result;
  }

  #die(): void {
    const { machine } = this;
    if (this.doom?.power !== true) {
      this.kill();
      return;
    }
    for (const one of [...machine.processes]) one.kill();
    machine.disk.crash(this.random);
  }

  context(env: Readonly<Record<string, string>>): Context & { readonly process: Process } {
    const { signal } = this.#interruption;
    const { clock } = this;
    const home = `${this.root}/home`;
    return {
      process: this,
      get stdin() {
        return Object.assign(new PassThrough(), { isTTY: false }).end();
      },
      stdout: this.stdout,
      stderr: this.stderr,
      env: { EBILL_HOME: home, ...env },
      cwd: `${this.root}/data`,
      paths: { config: home, state: home },
      platform: 'linux',
      hostname: this.machine.name,
      user: 'tester',
      pid: this.pid,
      uid: null,
      nodeVersion: process.version,
      now: clock.now,
      sleep: (ms, until) =>
        new Promise<void>((resolve, reject) => {
          if (until?.aborted) reject(until.reason);
          const stop = (): void => {
            cancel();
            reject(until?.reason);
          };
          until?.addEventListener('abort', stop, { once: true });
          const cancel = clock.after(ms, () => {
            until?.removeEventListener('abort', stop);
            if (!this.dead) void this.effect(resolve);
          });
        }),
      shell: () => never(),
      keychain: async () => null,
      lookup: () => undefined,
      random: this.random,
      signal,
      crash: new Promise(() => undefined),
    };
  }
}

export const never = <T>(): Promise<T> => new Promise(() => undefined);
