import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { build } from 'rolldown';
import { tempDir } from '../../helpers/context.ts';
import { CUE, type Cue, type Order, readCue } from './cue.ts';
import { steady } from './steady.ts';
import { styleOf } from './style.ts';
import { TODAY } from './widths.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

const LIMIT_MS = 25_000;
const ROWS = 40;

/** What stood on the terminal. */
export interface Capture {
  readonly name: string;
  readonly lines: readonly string[];
  /** For each line its styles, column under column (style.ts). */
  readonly styles: readonly string[];
  /** Lines the terminal had to break, because they were wider than it is; commands to be copied aside. */
  readonly wrapped: readonly string[];
}

/** Bundles the scenes with the program's own sources. @returns the script to run */
export async function buildActor(): Promise<string> {
  const folder = join(ROOT, 'node_modules', '.cache', 'ebill-screens');
  mkdirSync(folder, { recursive: true });
  await build({
    cwd: ROOT,
    logLevel: 'warn',
    input: { actor: join(HERE, 'actor.ts') },
    platform: 'node',
    external: ['fs-native-extensions', '@napi-rs/keyring'],
    output: {
      dir: join(folder, 'built'),
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    },
  });
  // Where the program looks for its version.
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'built', 'actor.js');
}

/** One process of the actor on one pseudo terminal, for scene after scene: to start it costs more than to play. */
export class Theatre {
  readonly #actor: string;
  readonly #orders: string;
  #child: IPty | null = null;
  #emulator = emulatorOf(80);
  readonly #captures: Capture[] = [];
  readonly #waiting: Cue[] = [];
  #ready: (() => void) | null = null;

  constructor(actor: string) {
    this.#actor = actor;
    this.#orders = join(tempDir('ebill-orders-'), 'order.json');
  }

  /** Plays a scene in a real pseudo terminal of that width. @returns what it kept, in order */
  async play(scene: string, columns: number): Promise<readonly Capture[]> {
    this.#captures.length = 0;
    this.#waiting.length = 0;
    const child = this.#child ?? (await this.#start());
    this.#look(columns);
    child.resize(columns, ROWS);
    // A name of the same length wherever it is run: what is shown of it wraps alike.
    const root = mkdtempSync('/tmp/ebill-screen-');
    writeFileSync(this.#orders, JSON.stringify({ scene, columns, root } satisfies Order));
    const played = this.#played(scene);
    child.kill('SIGUSR2');
    await played.finally(() => rmSync(root, { recursive: true, force: true }));
    return [...this.#captures];
  }

  close(): void {
    this.#child?.kill('SIGKILL');
  }

  async #start(): Promise<IPty> {
    const cwd = tempDir('ebill-actor-');
    const child = spawn(process.execPath, [this.#actor, this.#orders], {
      name: 'xterm-256color',
      cols: 80,
      rows: ROWS,
      cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: cwd, TZ: 'UTC', LANG: 'C.UTF-8' },
    });
    this.#child = child;
    this.#look(80);
    child.onData((data) => this.#emulator.write(data));
    await this.#played('start');
    return child;
  }

  /** The terminal from here on. */
  #look(columns: number): void {
    const emulator = emulatorOf(columns);
    emulator.parser.registerOscHandler(CUE, (data) => {
      const cue = readCue(data);
      if (cue === 'ready') this.#ready?.();
      else if (cue.until === null) this.#keep(cue);
      else this.#waiting.push(cue);
      return true;
    });
    emulator.onWriteParsed(() => this.#answer());
    this.#emulator = emulator;
  }

  /** Until the actor is ready for the next scene. */
  async #played(scene: string): Promise<void> {
    const child = this.#child;
    // A scene that waits for ever says where.
    const limit = setTimeout(() => child?.kill('SIGKILL'), LIMIT_MS);
    const ended = await new Promise<string | null>((resolve) => {
      this.#ready = () => resolve(null);
      child?.onExit(({ exitCode, signal }) => resolve(`${exitCode}, signal ${signal}`));
    });
    clearTimeout(limit);
    if (ended === null) return;
    this.#child = null;
    await new Promise<void>((done) => this.#emulator.write('', done));
    throw new Error(
      `The scene ${scene} ended with ${ended}, waiting for ${this.#waiting[0]?.until}:\n${textOf(this.#emulator).join('\n')}`,
    );
  }

  #keep({ name, random }: Cue): void {
    if (name !== null) this.#captures.push(captureOf(this.#emulator, name, random));
  }

  #answer(): void {
    for (let [cue] = this.#waiting; cue !== undefined; [cue] = this.#waiting) {
      // However its lines are broken.
      if (!new RegExp(cue.until ?? '').test(textOf(this.#emulator).join(' ').replace(/ +/g, ' '))) return;
      this.#waiting.shift();
      this.#keep(cue);
      if (cue.keys === null) this.#child?.kill('SIGUSR2');
      else this.#child?.write(cue.keys);
    }
  }
}

function emulatorOf(columns: number): xterm.Terminal {
  const emulator = new xterm.Terminal({
    cols: columns,
    rows: ROWS,
    allowProposedApi: true,
    scrollback: 1000,
  });
  emulator.unicode.register(TODAY);
  emulator.unicode.activeVersion = TODAY.version;
  return emulator;
}

function captureOf(emulator: xterm.Terminal, name: string, random: Cue['random']): Capture {
  const lines = textOf(emulator);
  const buffer = emulator.buffer.active;
  const rows = lines.map((_, y) => buffer.getLine(y));
  return {
    name,
    lines: steady(lines.join('\n'), random).split('\n'),
    styles: rows.map((row) => (row === undefined ? '' : styleOf(row))),
    wrapped: lines.filter((_, y) => rows[y]?.isWrapped === true && !startsCommand(lines, rows, y)),
  };
}

/** Is this the continuation of a line that is a command, an option or part of a script, whole and to be copied? */
function startsCommand(
  lines: readonly string[],
  rows: readonly ({ readonly isWrapped: boolean } | undefined)[],
  at: number,
): boolean {
  let first = at;
  while (rows[first]?.isWrapped === true) first -= 1;
  return /^(?:(?:\$ )?ebill |--|case )/.test(lines[first]?.trimStart() ?? '');
}

function textOf(emulator: xterm.Terminal): string[] {
  const buffer = emulator.buffer.active;
  const lines = Array.from(
    { length: buffer.length },
    (_, y) => buffer.getLine(y)?.translateToString(true) ?? '',
  );
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
