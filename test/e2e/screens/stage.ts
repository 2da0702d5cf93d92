import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { main } from '../../../src/main.ts';
import { createUi, type Ui } from '../../../src/output/ui.ts';
import { Redactor } from '../../../src/redact/redactor.ts';
import { writeSample } from '../../../src/sample/sample.ts';
import type { SampleOptions } from '../../../src/sample/sample-records.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/index.ts';
import { type Context, systemContext } from '../../../src/system/context.ts';
import { type Cue, cueText } from './cue.ts';

/** One question of a command, and what is typed. */
export type Answer = readonly [question: RegExp, keys: string];

/** What a scene is played on: a real terminal, a clock of its own, folders of its own, a server in the same process. */
export interface Stage {
  readonly context: Context;
  readonly server: Sandbox;
  readonly env: Record<string, string | undefined>;
  /** A command line, on an empty screen, kept as it stands when it is over. Questions are kept as they are asked. */
  run(line: string, answers?: readonly Answer[]): Promise<void>;
  /** The same, and nothing kept. */
  quietly(line: string): Promise<void>;
  /** The next `run` also keeps what is on the screen when it waits for the `nth` time and the screen shows `until`. */
  freeze(nth: number, until: RegExp): void;
  /** Something drawn by hand, kept when the screen shows `until`. */
  draw(name: string, until: RegExp, drawing: (ui: Ui) => (() => void) | Promise<() => void>): Promise<void>;
  later(ms: number): void;
  file(name: string, text: string): void;
  sample(options: SampleOptions): Promise<void>;
}

export type Scene = (stage: Stage) => Promise<void>;

const CLEAR = '\u001bc';

/** Until the test's side signals. */
export function signalled(): Promise<void> {
  // A signal alone keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  return new Promise((resolve) =>
    process.once('SIGUSR2', () => {
      clearInterval(alive);
      resolve();
    }),
  );
}

/** @param root an empty folder */
export async function openStage(root: string, options: SandboxOptions = {}): Promise<Stage> {
  const [home, cwd] = [join(root, 'home'), join(root, 'work')];
  mkdirSync(cwd);
  let clock = Date.UTC(2020, 7, 31, 22, 0, 0);
  let far = 0;
  const server = await startSandbox({
    now: () => clock + far,
    processingTimeMs: 30_000,
    auth: { type: 'bearer', token: 'test-token-1' },
    ...options,
  });
  const random: Cue['random'] = [
    ...[server.apiUrl, server.s3Url].map((url) => [new URL(url).port, '50123'] as const),
    [/[^-]*$/.exec(root)?.[0] ?? '', 'XXXXXX'],
  ];
  /** Records are decided in real time: at the end of a wait they are, so that one clock tells all. */
  const decided = (): boolean => {
    far = 1e9;
    const open = server.snapshot().batches.some(({ status }) => ['Queued', 'InProgress'].includes(status));
    far = 0;
    return !open;
  };
  const cue = (name: string | null, until: RegExp | null, keys: string | null): void => {
    process.stdout.write(cueText({ name, until: until?.source ?? null, keys, random }));
  };
  let waits = 0;
  let frozen: { readonly nth: number; readonly until: RegExp } | null = null;
  let showing = '';
  const env: Record<string, string | undefined> = {
    TERM: 'xterm-256color',
    EBILL_HOME: home,
    EBILL_SETTLE: '0s',
    ...server.environment,
  };
  const context: Context = {
    ...systemContext(),
    env,
    cwd,
    paths: { config: home, state: home },
    platform: 'linux',
    hostname: 'build-7',
    user: 'loader',
    pid: 4242,
    nodeVersion: 'v20.20.0',
    now: () => clock,
    random: () => 0.5,
    keychain: async () => null,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits += 1;
      if (frozen?.nth === waits) {
        const answered = signalled();
        cue(`${showing}, meanwhile`, frozen.until, null);
        await answered;
      }
      clock += ms;
      while (!decided()) await turn();
    },
  };
  const words = (line: string): string[] =>
    (line.match(/'[^']*'|[^ ]+/g) ?? []).map((word) => word.replace(/^'|'$/g, ''));
  const call = (line: string): Promise<number> => main(words(line), context);
  return {
    context,
    server,
    env,
    run: async (line, answers = []) => {
      process.stdout.write(CLEAR);
      waits = 0;
      showing = `$ ebill ${line}`.trim();
      for (const [question, keys] of answers) cue(null, question, keys);
      const code = await call(line);
      frozen = null;
      cue(`${showing}   (exit ${code})`, null, null);
    },
    quietly: async (line) => {
      const code = await call(line);
      if (code !== 0) throw new Error(`${line} ended with ${code}`);
    },
    freeze: (nth, until) => {
      frozen = { nth, until };
    },
    draw: async (name, until, drawing) => {
      process.stdout.write(CLEAR);
      const ui = await createUi(
        context,
        { progress: 'auto', color: 'auto', quiet: false, verbose: false },
        new Redactor(),
      );
      const stop = await drawing(ui);
      const answered = signalled();
      cue(name, until, null);
      await answered;
      stop();
    },
    later: (ms) => {
      clock += ms;
    },
    file: (name, text) => writeFileSync(join(cwd, name), text),
    sample: async (sample) => {
      await writeSample(cwd, sample);
    },
  };
}
