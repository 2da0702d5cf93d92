import type { Command } from 'commander';
import type { EbillError } from '../../errors.ts';
import type { CommandHelp } from '../../help/command-page.ts';
import type { DocumentInput, ShownRequest } from '../../output/document.ts';
import type { Ui } from '../../output/ui.ts';
import type { Redactor } from '../../redact/redactor.ts';
import type { Context } from '../../system/context.ts';

export type { CommandHelp };

/** Options every command takes, before or after its name (cli.md, "Global options"). */
export interface GlobalOptions {
  readonly profile: string | null;
  readonly baseUrl: string | null;
  /** How the result is printed; `json` is the same as `format` being `json`. */
  readonly format: 'table' | 'json' | 'tsv';
  readonly json: boolean;
  /** The columns wanted, in their order; `null`: those of the format. */
  readonly fields: readonly string[] | null;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly showUrls: boolean;
  readonly progress: 'auto' | 'tty' | 'plain' | 'json' | 'none';
  readonly color: 'auto' | 'always' | 'never';
  /** Milliseconds, for headers and an idle body. */
  readonly timeoutMs: number;
  readonly retries: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What a command's `run` is given: effects, the global options, and how to show things. */
export interface App {
  readonly context: Context;
  readonly globals: GlobalOptions;
  readonly ui: Ui;
  readonly redactor: Redactor;
  /** The command's whole name: `upload invoice`. */
  readonly command: string;
  /** The program's name and version, for servers' logs. */
  readonly userAgent: string;
  /** Prints a result now, for a command that goes on after it: its own result then says `printed`. */
  publish(result: CommandResult): Promise<void>;
  /** Runs another command line, as if typed, in a changed context; its exit code. For the demo. */
  invoke(argv: readonly string[], context: Context): Promise<number>;
  /** What is known so far, for the JSON document of a run that then fails. Asked for only then. */
  soFar(known: () => Partial<CommandResult>): void;
  /** All that was told so far. */
  known(): Partial<CommandResult>;
}

/** A request as `--dry-run` shows it, secrets masked. */
export type PlannedRequest = ShownRequest;

/** What a command ends with; `main` prints it and sets the exit code. */
export interface CommandResult extends Omit<DocumentInput, 'command' | 'exitCode' | 'error'> {
  /** Set when the exit code is not 0 although the command did its work (PARTIAL, STILL_RUNNING …). */
  readonly error: EbillError | null;
  /** What a person reads on stdout; no trailing newline. */
  readonly text: string;
  /** It was published before: nothing more is printed. */
  readonly printed?: boolean;
  /** The next thing to do, for a person, on stderr; a line for each of its lines. */
  readonly next?: string;
}

/** One command: how it is called, argv → typed options, options → result. */
export interface CommandModule<Options> {
  readonly help: CommandHelp;
  /** Declares arguments and options on the commander command. */
  configure(command: Command): void;
  /** From commander's raw values to typed options. Throws `USAGE`. */
  options(args: readonly unknown[], flags: Readonly<Record<string, unknown>>): Options;
  run(app: App, options: Options): Promise<CommandResult>;
}

/** A command's code with its options' type hidden: what one command parsed only that command can run. */
export interface LoadedCommand {
  readonly help: CommandHelp;
  configure(command: Command): void;
  /** @throws EbillError USAGE */
  prepare(
    args: readonly unknown[],
    flags: Readonly<Record<string, unknown>>,
  ): (app: App) => Promise<CommandResult>;
}

/** A command as listed: enough for `ebill --help`. Its code is loaded when it is called. */
export interface CommandEntry {
  readonly path: readonly [string] | readonly [string, string];
  readonly summary: string;
  /** The heading under which `ebill --help` lists it. */
  readonly heading: string;
  load(): Promise<LoadedCommand>;
}

/** The list of commands, for code that the list itself imports. */
export interface Registry {
  readonly commands: readonly CommandEntry[];
  /** Groups of commands (`upload`) and their summaries. */
  readonly groups: Readonly<Record<string, string>>;
}
