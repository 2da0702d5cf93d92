import { documentOutcome } from './batch/outcome.ts';
import { flatten } from './batch/tree.ts';
import { isInitPart } from './batch/types.ts';
import { commandIn } from './commands/index.ts';
import {
  type App,
  CHANGING,
  type CommandResult,
  EMPTY_RESULT,
  type GlobalOptions,
} from './commands/shared/command.ts';
import { globalOptions } from './commands/shared/options.ts';
import { afterSending, EbillError, errnoOf, isDiskFailure, messageOf } from './errors.ts';
import { asksForFrontPage, frontPage } from './help/topics.ts';
import { type PrintOptions, printResult } from './output/print-result.ts';
import { createUi, type Ui, wantsColor } from './output/ui.ts';
import type { Parsed } from './parse.ts';
import { addCallSecrets } from './redact/known-secrets.ts';
import { Redactor, redactedStream } from './redact/redactor.ts';
import {
  type Context,
  checkSystem,
  interruptionCode,
  isInterruption,
  withChanges,
} from './system/context.ts';
import { quoted } from './system/escaping.ts';
import { wantsJson } from './system/startup-failure.ts';

/** Runs one command line behind the redactor, and waits until its output is written. @returns the exit code */
export async function runProgram(
  argv: readonly string[],
  context: Context,
  version: string,
): Promise<number> {
  // Before anything is read or written: from here on all output passes the redactor (commands rule 4).
  const redactor = new Redactor();
  addCallSecrets(argv, context.env, redactor);
  const out = redactedStream(context.stdout, redactor, () => !redactor.showsUrls);
  const err = redactedStream(context.stderr, redactor);
  const traffic: Traffic = { sent: false };
  const onRequest = (): void => {
    traffic.sent = true;
  };
  const redacted = withChanges(context, { stdout: out.stream, stderr: err.stream, onRequest });
  // A reader that closes the pipe (`| head`) is no error; a full disk is one.
  let writeError: Error | null = null;
  context.stdout.on('error', (error: Error) => {
    if (errnoOf(error) !== 'EPIPE') writeError ??= error;
  });
  context.stderr.on('error', () => undefined);
  const code = await runCommand(argv, redacted, version, redactor, traffic);
  out.flush();
  err.flush();
  await drained(context);
  if (writeError === null) return code;
  const error = new EbillError(
    traffic.sent ? 'LOCAL' : 'USAGE',
    `The result could not be written: ${messageOf(writeError)}.`,
    {
      hint: 'What was done is on record. Free some space and look again: ebill status',
    },
  );
  redacted.stderr.write(`error: ${error.message}\n  → ${error.hint}\n`);
  return code === 0 ? error.exitCode : code;
}

/** Whether a request has left in this call. */
interface Traffic {
  sent: boolean;
}

/** Resolves when stdout has written everything, or never will. */
function drained({ stdout }: Context): Promise<void> {
  return new Promise((resolve) => {
    if ('destroyed' in stdout && stdout.destroyed === true) resolve();
    else stdout.write('', () => resolve());
  });
}

/** Parses, runs and prints one command. The one place that catches errors and decides the exit code. */
async function runCommand(
  argv: readonly string[],
  context: Context,
  version: string,
  redactor: Redactor,
  traffic: Traffic,
): Promise<number> {
  const inTime = (error: EbillError): EbillError => (traffic.sent ? afterSending(error) : error);
  const sources: (() => Partial<CommandResult>)[] = [];
  const known = (): Partial<CommandResult> => Object.assign({}, ...sources.map((source) => source()));
  // A crash is logged once, however often its error is asked for.
  const errors = new Map<unknown, Promise<EbillError>>();
  const errorOf = (thrown: unknown): Promise<EbillError> => {
    const error =
      errors.get(thrown) ??
      asEbillError(thrown, argv, context, redactor, known()).then((one) =>
        inTime(resumable(one, argv, context)),
      );
    errors.set(thrown, error);
    return error;
  };
  let parsed: Parsed | null = null;
  let globals: GlobalOptions | null = null;
  let ui: Ui | null = null;
  try {
    parsed = await parse(argv, version, context);
    if (parsed.type === 'help') {
      context.stdout.write(parsed.text);
      return 0;
    }
    const { name } = parsed;
    globals = globalOptions(parsed.globals, context.env);
    redactor.showsUrls = globals.showUrls;
    ui = await createUi(context, globals, redactor);
    const printing: PrintOptions = { ...globals, ui, redactor };
    const app: App = {
      context,
      globals,
      ui,
      redactor,
      command: name,
      userAgent: `ebill/${version}`,
      invoke: (words, other) => runProgram(words, other, version),
      publish: (result) => printResult(inDocument(result, name), name, printing),
      soFar: (source) => {
        sources.push(source);
      },
      known,
      listeners: [],
      errorOf,
    };
    await assertUsable(name, context);
    const result = await runAsking(parsed, app, (option) => {
      argv = withOption(argv, option);
      return parse(argv, version, context);
    });
    const error = result.error === null ? null : await errorOf(result.error);
    if (result.printed !== true) await printResult(inDocument({ ...result, error }, name), name, printing);
    return error?.exitCode ?? 0;
  } catch (thrown) {
    const result = known();
    const error = await errorOf(thrown);
    ui ??= await createUi(context, DEFAULT_UI, redactor);
    const name = parsed?.type === 'command' ? parsed.name : commandIn(argv);
    await printResult(inDocument({ ...EMPTY_RESULT, ...result, error }, name), name, {
      ui,
      redactor,
      format: globals?.format ?? (wantsJson(argv) ? 'json' : 'table'),
      fields: globals?.fields ?? null,
      showUrls: false,
    });
    return error.exitCode;
  }
}

const inDocument = (result: CommandResult, command: string): CommandResult => ({
  ...result,
  outcome: documentOutcome(result, CHANGING.has(command)),
});

type ParsedCommand = Extract<Parsed, { readonly type: 'command' }>;

/**
 * Runs a command. Where it fails with several ways on, asks on a terminal which one, and runs the command line again with
 * that option.
 */
async function runAsking(
  command: ParsedCommand,
  app: App,
  parseWith: (option: string) => Promise<Parsed>,
): Promise<CommandResult> {
  try {
    return await Promise.race([command.run(app), app.context.crash]);
  } catch (error) {
    if (!(error instanceof EbillError) || error.choices.length === 0) throw error;
    const { chosenOption } = await import('./commands/shared/choose.ts');
    const option = await chosenOption(error, app, command.takes);
    if (option === null) throw error;
    const again = await parseWith(option);
    if (again.type !== 'command') throw error;
    return runAsking(again, app, parseWith);
  }
}

/** Its URL is a secret: what is copied from the screen would be `***`. */
const withoutNotifyUrl = (argv: readonly string[]): readonly string[] =>
  argv.filter((word, i) => !/^--notify-url(?:=|$)/.test(word) && argv[i - 1] !== '--notify-url');

const commandLine = (argv: readonly string[], context: Context): string =>
  ['ebill', ...withoutNotifyUrl(argv)].map((word) => quoted(word, context)).join(' ');

const SAME_COMMAND = 'Run the same command again: it resumes where it stopped.';

/** With the whole command, options included, where all there is to do is to run it again. */
function resumable(error: EbillError, argv: readonly string[], context: Context): EbillError {
  const { code, message, hint, choices, cause, exitCode } = error;
  if (!hint.endsWith(SAME_COMMAND)) return error;
  const before = hint.slice(0, -SAME_COMMAND.length);
  return new EbillError(code, message, {
    hint: `${before}Run the same command again, which resumes where it stopped: ${commandLine(argv, context)}`,
    choices,
    cause,
    exitCode,
  });
}

/** Before `--`, after which there are only arguments. */
function withOption(argv: readonly string[], option: string): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? [...argv, option] : argv.toSpliced(end, 0, option);
}

const DEFAULT_UI = { progress: 'auto', color: 'auto', quiet: false, verbose: false } as const;

/** The front page of help needs neither commander nor the commands. */
async function parse(argv: readonly string[], version: string, context: Context): Promise<Parsed> {
  const columns = context.stdout.columns || 80;
  const color = colorsHelp(context, argv);
  const page = asksForFrontPage(argv) ? frontPage() : null;
  if (page !== null) {
    const { shownPage } = await import('./help/text.ts');
    return { type: 'help', text: await shownPage(page, columns, color) };
  }
  const { parseArgv } = await import('./parse.ts');
  return parseArgv(argv, version, columns, color);
}

/** Help is printed while options are parsed, so `--color` is looked up here. */
function colorsHelp({ stdout, env }: Context, argv: readonly string[]): boolean {
  const choice = /(?:^|\0)--color[=\0](always|never)(?:\0|$)/.exec(argv.join('\0'))?.[1];
  return wantsColor(stdout, env, (choice as 'always' | 'never' | undefined) ?? 'auto');
}

/** Commands that use no home, or report a bad one themselves. */
const NO_HOME: ReadonlySet<string> = new Set(['doctor', 'completion', 'sandbox', 'demo', 'validate']);

/** @throws EbillError when the working directory or the home cannot be used */
async function assertUsable(command: string, context: Context): Promise<void> {
  const needsHome = !NO_HOME.has(command);
  checkSystem(context, needsHome);
  if (!needsHome) return;
  const { homeProblem } = await import('./system/home.ts');
  const problem = await homeProblem(context);
  if (problem !== null) throw problem;
}

/** @param known about the batches, at the time of the error */
async function asEbillError(
  thrown: unknown,
  argv: readonly string[],
  context: Context,
  redactor: Redactor,
  known: Partial<CommandResult>,
): Promise<EbillError> {
  if (thrown instanceof EbillError) return thrown;
  if (isInterruption(thrown, context.signal)) return interrupted(argv, context, known);
  if (isDiskFailure(thrown))
    return new EbillError('USAGE', `The disk failed: ${messageOf(thrown)}.`, {
      hint: 'Free some space (ebill doctor shows how much there is) or check the disk, then run the same command again.',
      cause: thrown,
    });
  const { explainCrash } = await import('./system/crash-log.ts');
  const { message, hint } = await explainCrash(thrown, context, redactor);
  return new EbillError('INTERNAL', message, { hint, cause: thrown });
}

function interrupted(
  argv: readonly string[],
  context: Context,
  { batches = [], job = null }: Partial<CommandResult>,
): EbillError {
  const unanswered = batches.filter(({ kind, id }) => kind === 'init' && id === null);
  const counts = new Map<string, number>();
  for (const batch of flatten(batches)) {
    if (isInitPart(batch.kind) || unanswered.includes(batch)) continue;
    counts.set(batch.phase, (counts.get(batch.phase) ?? 0) + 1);
  }
  const phases = [...counts].map(([phase, count]) => `${count} ${phase}`).join(', ');
  const known = [
    ...unanswered.map(({ jobId }) => ` ${jobId} was not answered: it is unknown whether it ran.`),
    ...(phases === '' ? [] : [` Batches: ${phases}.`]),
  ];
  const name = String(context.signal.reason);
  const again = commandLine(argv, context);
  return new EbillError('INTERRUPTED', `Interrupted (${name}).${known.join('')}`, {
    hint:
      job === null
        ? `Run the same command again: ${again}`
        : `Everything done so far is on record. Run the same command again to resume: ${again}`,
    exitCode: interruptionCode(context.signal),
  });
}
