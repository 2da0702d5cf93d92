import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { build } from 'rolldown';
import { CUE, type Cue, readCue } from './cue.ts';
import { steady } from './steady.ts';
import { styleOf } from './style.ts';
import { TODAY } from './widths.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

const LIMIT_MS = 25_000;

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

/** Plays a scene in a real pseudo terminal of that width. @returns what it kept, in order */
export async function play(actor: string, scene: string, columns: number): Promise<readonly Capture[]> {
  // A name of the same length wherever it is run: what is shown of it wraps alike.
  const cwd = mkdtempSync('/tmp/ebill-screen-');
  const emulator = new xterm.Terminal({ cols: columns, rows: 40, allowProposedApi: true, scrollback: 1000 });
  emulator.unicode.register(TODAY);
  emulator.unicode.activeVersion = TODAY.version;
  const child = spawn(process.execPath, [actor, scene], {
    name: 'xterm-256color',
    cols: columns,
    rows: 40,
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, TZ: 'UTC', LANG: 'C.UTF-8' },
  });
  const captures: Capture[] = [];
  const waiting: Cue[] = [];
  const keep = ({ name, random }: Cue): void => {
    if (name !== null) captures.push(captureOf(emulator, name, random));
  };
  const look = (): void => {
    for (let [cue] = waiting; cue !== undefined; [cue] = waiting) {
      // However its lines are broken.
      if (!new RegExp(cue.until ?? '').test(textOf(emulator).join(' ').replace(/ +/g, ' '))) return;
      waiting.shift();
      keep(cue);
      if (cue.keys === null) child.kill('SIGUSR2');
      else child.write(cue.keys);
    }
  };
  emulator.parser.registerOscHandler(CUE, (data) => {
    const cue = readCue(data);
    if (cue.until === null) keep(cue);
    else waiting.push(cue);
    return true;
  });
  emulator.onWriteParsed(look);
  child.onData((data) => emulator.write(data));
  // A scene that waits for ever says where.
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const { exitCode: code, signal = 0 } = await new Promise<{ exitCode: number; signal?: number }>((resolve) =>
    child.onExit(resolve),
  );
  clearTimeout(limit);
  await new Promise<void>((done) => emulator.write('', done));
  rmSync(cwd, { recursive: true, force: true });
  if (signal !== 0 || code !== 0 || waiting.length > 0)
    throw new Error(
      `The scene ${scene} ended with ${code}, waiting for ${waiting[0]?.until}:\n${textOf(emulator).join('\n')}`,
    );
  return captures;
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

/** Is this the continuation of a line that is a command, whole and to be copied? */
function startsCommand(
  lines: readonly string[],
  rows: readonly ({ readonly isWrapped: boolean } | undefined)[],
  at: number,
): boolean {
  let first = at;
  while (rows[first]?.isWrapped === true) first -= 1;
  return lines[first]?.trimStart().startsWith('ebill ') === true;
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
