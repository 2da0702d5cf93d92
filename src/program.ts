import { flatten } from './batch/tree.ts';
import type { App, CommandResult, GlobalOptions } from './commands/shared/command.ts';
import { globalOptions } from './commands/shared/options.ts';
import { EbillError, errnoOf, messageOf } from './errors.ts';
import { asksForFrontPage, frontPage } from './help/page.ts';
import { rowsOf } from './output/rows.ts';
import { createUi, type Ui, wantsColor } from './output/ui.ts';
import type { Parsed } from './parse.ts';
import { addCallSecrets } from './redact/known-secrets.ts';
import { redactedStream } from './redact/output-stream.ts';
import { Redactor } from './redact/redactor.ts';
import { type Context, isInterruption, withOutputs } from './system/context.ts';
import { quoted } from './system/quoting.ts';

/** Runs one command and prints what came of it. The one place that catches, and the one that decides the exit code. */
export async function runProgram(
  argv: readonly string[],
  context: Context,
  version: string,
): Promise<number> {
  // Made before anything is read or written: from here on nothing leaves but through it (cli.md, promise 4).
  const redactor = new Redactor();
  addCallSecrets(argv, context.env, redactor);
  const out = redactedStream(context.stdout, redactor, () => !redactor.showsUrls);
  const err = redactedStream(context.stderr, redactor);
  const gated = withOutputs(context, { stdout: out.stream, stderr: err.stream });
  // A reader that went away (`| head`) has seen enough; it is no error of ours. A disk that is full is one.
  let unwritten: Error | null = null;
  context.stdout.on('error', (error: Error) => {
    if (errnoOf(error) !== 'EPIPE') unwritten ??= error;
  });
  context.stderr.on('error', () => undefined);
  const code = await runAndPrint(argv, gated, version, redactor);
  out.flush();
  err.flush();
  await flushed(context);
  if (unwritten === null) return code;
  const lost = new EbillError('USAGE', `The result could not be written: ${messageOf(unwritten)}.`, {
    hint: 'What was done is on record. Free some space and look again: ebill status, ebill loads.',
  });
  gated.stderr.write(`error: ${lost.message}\n  → ${lost.hint}\n`);
  return code === 0 ? lost.exitCode : code;
}

/** Until what was written is out, or is known not to get out. */
function flushed({ stdout }: Context): Promise<void> {
  return new Promise((resolve) => {
    if ('destroyed' in stdout && stdout.destroyed === true) resolve();
    else stdout.write('', () => resolve());
  });
}

async function runAndPrint(
  argv: readonly string[],
  context: Context,
  version: string,
  redactor: Redactor,
): Promise<number> {
  const sources: (() => Partial<CommandResult>)[] = [];
  const soFar = (): Partial<CommandResult> => Object.assign({}, ...sources.map((source) => source()));
  let parsed: Parsed | null = null;
  let globals: GlobalOptions | null = null;
  let ui: Ui | null = null;
  try {
    parsed = await parsedCall(argv, version, context);
    if (parsed.type === 'help') {
      context.stdout.write(parsed.text);
      return 0;
    }
    globals = globalOptions(parsed.globals);
    redactor.showsUrls = globals.showUrls;
    ui = await createUi(context, globals, redactor);
    const { name } = parsed;
    const app: App = {
      context,
      globals,
      ui,
      redactor,
      command: name,
      userAgent: `ebill/${version}`,
      invoke: (words, other) => runProgram(words, other, version),
      publish: (result) => print(result, name, app),
      soFar: (known) => {
        sources.push(known);
      },
      known: soFar,
    };
    const unsafe = NO_HOME.has(name) ? null : await (await import('./system/home.ts')).homeProblem(context);
    if (unsafe !== null) throw unsafe;
    // What is thrown where nobody catches it ends the run as any other bug does: one exit, one log, no raw trace.
    const result = await Promise.race([parsed.run(app), context.crash]);
    if (result.printed !== true) await print(result, name, app);
    return result.error?.exitCode ?? 0;
  } catch (thrown) {
    const known = soFar();
    const error = await asEbillError(thrown, context, redactor, interruption(known, argv, context));
    const json = wantsJson(parsed?.type === 'command' ? parsed.globals : null, argv);
    ui ??= await createUi(
      context,
      { progress: 'auto', color: 'auto', quiet: false, verbose: false },
      redactor,
    );
    ui.end();
    const name = parsed?.type === 'command' ? parsed.name : nameIn(argv);
    const result: CommandResult = { ...EMPTY, ...known, error };
    const fields = globals?.fields ?? null;
    if (globals?.format === 'tsv') await printTsv(result, name, context, ui, fields);
    else if (known.text && !json) {
      context.stdout.write(`${known.text}\n`);
      gap(context);
    }
    ui.fail(error);
    if (json) await printJson(result, name, context, redactor, { showUrls: false, fields });
    return error.exitCode;
  }
}

/** The call, read by commander; but for a plain `--help`, which needs neither commander nor any command. */
async function parsedCall(argv: readonly string[], version: string, context: Context): Promise<Parsed> {
  const [columns, color] = [context.stdout.columns || 80, paintsHelp(context, argv)];
  const page = asksForFrontPage(argv) ? frontPage() : null;
  if (page !== null) {
    const { shownPage } = await import('./help/text.ts');
    return { type: 'help', text: await shownPage(page, columns, color) };
  }
  const { parseArgv } = await import('./parse.ts');
  return parseArgv(argv, version, columns, color);
}

const EMPTY: CommandResult = { profile: null, job: null, outcome: null, batches: [], error: null, text: '' };

/** Commands that use no home, or have to tell of a bad one. */
const NO_HOME: ReadonlySet<string> = new Set(['doctor', 'completion', 'sandbox', 'demo', 'validate']);

/** May the headings of help be bold? Asked before the options are read, for help reads none. */
function paintsHelp({ stdout, env }: Context, argv: readonly string[]): boolean {
  const said = /(?:^|\0)--color[=\0](always|never)(?:\0|$)/.exec(argv.join('\0'))?.[1];
  return wantsColor(stdout, env, (said as 'always' | 'never' | undefined) ?? 'auto');
}

/** On a terminal what was done, what is, and what is next stand apart. In pipes each stream is read by itself. */
function gap({ stdout, stderr }: Context): void {
  if (stdout.isTTY && stderr.isTTY) stderr.write('\n');
}

async function print(result: CommandResult, name: string, app: App): Promise<void> {
  const { context, globals, ui, redactor } = app;
  ui.end();
  if (globals.json) await printJson(result, name, context, redactor, globals);
  else if (globals.format === 'tsv') await printTsv(result, name, context, ui, globals.fields);
  else if (result.text !== '') {
    gap(context);
    context.stdout.write(`${await shown(result, name, app)}\n`);
    if (result.error !== null || result.next !== undefined) gap(context);
  }
  if (result.error !== null) ui.fail(result.error);
  else if (result.next !== undefined && !globals.json)
    for (const line of result.next.split('\n')) ui.note(line);
}

/** On stdout nothing but rows, in failure too: the error is on stderr. */
async function printTsv(
  result: CommandResult,
  command: string,
  context: Context,
  ui: Ui,
  fields: readonly string[] | null,
): Promise<void> {
  const { toTsv } = await import('./output/rows.ts');
  context.stdout.write(toTsv({ ...result, command, exitCode: 0 }, fields, (text) => ui.clean(text)));
}

/** The text for people, or a table of the fields they asked for. */
async function shown(result: CommandResult, command: string, { globals, ui }: App): Promise<string> {
  const { fields } = globals;
  if (fields === null) return result.text;
  const { table } = await import('./output/table.ts');
  const { rows } = rowsOf({ ...result, command, exitCode: 0 });
  const cells = rows.map((row) => fields.map((name) => (row[name] == null ? null : String(row[name]))));
  return table(fields, cells, ui);
}

/** Of a call that could not be read, as much as its words show. */
function wantsJson(globals: Readonly<Record<string, unknown>> | null, argv: readonly string[]): boolean {
  if (globals !== null) return globals['json'] === true || globals['format'] === 'json';
  if (argv.includes('--json') || argv.includes('--format=json')) return true;
  return argv.some((word, i) => word === 'json' && argv[i - 1] === '--format');
}

async function printJson(
  result: CommandResult,
  command: string,
  context: Context,
  redactor: Redactor,
  { showUrls, fields }: Pick<GlobalOptions, 'showUrls' | 'fields'>,
): Promise<void> {
  const { toJson } = await import('./output/json.ts');
  const document = { ...result, command, exitCode: result.error?.exitCode ?? 0 };
  context.stdout.write(`${toJson(document, { redactor, showUrls, fields })}\n`);
}

/** The words before the first option: as much of the command's name as an unreadable call shows. */
function nameIn(argv: readonly string[]): string {
  const end = argv.findIndex((word) => word.startsWith('-'));
  return argv.slice(0, end < 0 ? 2 : Math.min(end, 2)).join(' ');
}

async function asEbillError(
  thrown: unknown,
  context: Context,
  redactor: Redactor,
  { standing, goOn }: Interruption,
): Promise<EbillError> {
  if (thrown instanceof EbillError) return thrown;
  if (isInterruption(thrown, context.signal)) {
    return new EbillError(
      'INTERRUPTED',
      `Interrupted (${String(context.signal.reason)}). ${standing}`.trim(),
      {
        hint: `Everything done so far is on record. Run the same command again and it goes on where it was: ${goOn}`,
        exitCode: context.signal.reason === 'SIGTERM' ? 143 : 130,
      },
    );
  }
  if (NO_ROOM.has(errnoOf(thrown) ?? ''))
    return new EbillError('USAGE', `A file cannot be written: ${messageOf(thrown)}.`, {
      hint: 'Free some space (ebill doctor tells how much there is), then run the same command again. What was done so far is on record.',
      cause: thrown,
    });
  const { logInternal } = await import('./system/crash-log.ts');
  const { message, hint } = await logInternal(thrown, context, redactor);
  return new EbillError('INTERNAL', message, { hint, cause: thrown });
}

/** What a disk says that takes no more: no bug of ours, wherever it is met. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']);

interface Interruption {
  readonly standing: string;
  readonly goOn: string;
}

/** Where things stand and the command that goes on, for a run that was broken off. */
function interruption(
  known: Partial<CommandResult>,
  argv: readonly string[],
  context: Context,
): Interruption {
  const counts = new Map<string, number>();
  // Of an init the parts have no standing of their own.
  const batches = flatten(known.batches ?? []).filter(({ kind }) => !kind.startsWith('carryForward'));
  for (const batch of batches) {
    counts.set(batch.phase, (counts.get(batch.phase) ?? 0) + 1);
  }
  const standing = [...counts].map(([phase, count]) => `${count} ${phase}`).join(', ');
  return {
    standing: standing === '' ? '' : `Batches: ${standing}.`,
    goOn: ['ebill', ...argv].map((word) => quoted(word, context)).join(' '),
  };
}
