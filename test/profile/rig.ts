import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import type { App, CommandModule, CommandResult, GlobalOptions } from '../../src/commands/shared/command.ts';
import { createUi } from '../../src/output/ui.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { type TestContext, testContext } from '../helpers/context.ts';

export interface RunOptions {
  readonly home: string;
  readonly env?: Record<string, string | undefined>;
  readonly stdin?: string;
  /** On a terminal, where this is typed at the first question. */
  readonly keys?: string;
  /** On a terminal, a conversation: what is typed when each text has appeared, in this order. */
  readonly answers?: readonly (readonly [shown: string, keys: string])[];
  readonly globals?: Partial<GlobalOptions>;
}

export interface RunResult {
  readonly result: CommandResult;
  readonly context: TestContext;
  readonly redactor: Redactor;
  /** Everything a person or script sees. */
  readonly seen: string;
}

export const GLOBALS: GlobalOptions = {
  profile: null,
  baseUrl: null,
  format: 'table',
  json: false,
  fields: null,
  quiet: false,
  verbose: false,
  showUrls: false,
  progress: 'auto',
  color: 'never',
  timeoutMs: 60_000,
  outageMs: 0,
  retries: 5,
  settleMs: null,
  dryRun: false,
  yes: false,
};

/** argv → options by commander itself, as the program does it. */
export function parse<Options>(module: CommandModule<Options>, argv: readonly string[]): Options {
  const command = new Command('it')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  module.configure(command);
  let options: Options | undefined;
  command.action(() => {
    options = module.options(command.processedArgs.flat(), command.opts());
  });
  command.parse([...argv], { from: 'user' });
  if (options === undefined) throw new Error('the action did not run');
  return options;
}

/** A terminal's input, which does not end. */
function keyboard(context: TestContext, keys: string): TestContext['stdin'] {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  context.stderr.once('data', () => setImmediate(() => stdin.write(keys)));
  return stdin;
}

/** The same for several questions: each answer is typed when its question is on the screen, after the one before. */
function partner(
  context: TestContext,
  answers: readonly (readonly [string, string])[],
): TestContext['stdin'] {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  let seen = 0;
  let next = 0;
  context.stderr.on('data', () => {
    const [shown, keys] = answers[next] ?? [];
    if (shown === undefined || !context.stderr.text.slice(seen).includes(shown)) return;
    seen = context.stderr.text.length;
    next += 1;
    setImmediate(() => stdin.write(keys));
  });
  return stdin;
}

/** Runs one command, as the program does, on a home that lasts. */
export async function run<Options>(
  module: CommandModule<Options>,
  argv: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const { home, env = {}, stdin = '', keys, answers } = options;
  const piped = testContext({ home, env, stdin, tty: keys !== undefined || answers !== undefined });
  const context =
    answers !== undefined
      ? { ...piped, stdin: partner(piped, answers) }
      : keys === undefined
        ? piped
        : { ...piped, stdin: keyboard(piped, keys) };
  const redactor = new Redactor();
  const globals = { ...GLOBALS, ...options.globals };
  const ui = await createUi(context, globals, redactor);
  // All of an `App` these commands touch.
  const touched: Partial<App> = { context, globals, ui, redactor, userAgent: 'ebill-test/1' };
  const app = touched as App;
  const parsed = parse(module, argv);
  const result = await module.run(app, parsed);
  await new Promise((resolve) => setImmediate(resolve));
  const seen = [result.text, JSON.stringify(result), context.stderr.text, context.stdout.text].join('\n');
  return { result, context, redactor, seen };
}
