import type { Command } from 'commander';
import type { EbillError } from '../../errors.ts';
import type { CommandHelp } from '../../help/command-page.ts';
import type { Listener } from '../../load/events.ts';
import type { DocumentInput } from '../../output/json.ts';
import type { Ui } from '../../output/ui.ts';
import type { Redactor } from '../../redact/redactor.ts';
import type { Context } from '../../system/context.ts';

export type { CommandHelp };

/** Options every command takes, before or after its name. */
export interface GlobalOptions {
  readonly profile: string | null;
  readonly baseUrl: string | null;
  /** How the result is printed; `json` is the same as `format` being `json`. */
  readonly format: 'table' | 'json' | 'tsv';
  readonly json: boolean;
  /** `--fields`, in order; `null`: the default fields of the format. */
  readonly fields: readonly string[] | null;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly showUrls: boolean;
  readonly progress: 'auto' | 'tty' | 'plain' | 'json' | 'none';
  readonly color: 'auto' | 'always' | 'never';
  /** ms until the headers of an answer, and between parts of its body. */
  readonly timeoutMs: number;
  readonly retries: number;
  /** ms that an upload is tried again for at least while the storage is not there; 0 with `--retries`. */
  readonly outageMs: number;
  /** `--settle` or EBILL_SETTLE, ms; `null`: the default of each call (api rule 16). */
  readonly settleMs: number | null;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What a command's `run` gets: effects, the global options and output. */
export interface App {
  readonly context: Context;
  readonly globals: GlobalOptions;
  readonly ui: Ui;
  readonly redactor: Redactor;
  /** The full name: `upload invoice`. */
  readonly command: string;
  /** Program name and version, sent to servers. */
  readonly userAgent: string;
  /** Prints a result before the command ends; the result it returns is then marked `printed`. */
  publish(result: CommandResult): Promise<void>;
  /** Runs another command line in the given context, for the demo. @returns its exit code */
  invoke(argv: readonly string[], context: Context): Promise<number>;
  /** Adds to what the JSON document says if the command fails. Called only then. */
  soFar(known: () => Partial<CommandResult>): void;
  /** All that `soFar` has been given, merged. */
  known(): Partial<CommandResult>;
  /** Hear of the events of the command's sessions, besides its progress. */
  readonly listeners: Listener[];
  /** The error with which the command ends after this was thrown or returned. */
  errorOf(thrown: unknown): Promise<EbillError>;
}

/** What a command returns; `program.ts` prints it and sets the exit code. */
export interface CommandResult extends Omit<DocumentInput, 'command' | 'exitCode' | 'error'> {
  /** Set when the command did its work and the exit code is not 0 all the same (PARTIAL, STILL_RUNNING …). */
  readonly error: EbillError | null;
  /** The output for people, on stdout, without a trailing newline. */
  readonly text: string;
  /** Already printed by `publish`. */
  readonly printed?: boolean;
  /** The next step for people, on stderr, one note for each line. */
  readonly next?: string;
}

/** Commands that change something on the server. */
export const CHANGING: ReadonlySet<string> = new Set([
  'init',
  'upload customer',
  'upload invoice',
  'upload items',
  'finalize',
  'correct',
  'run',
]);

/** A result about no batches. */
export const EMPTY_RESULT: CommandResult = {
  profile: null,
  job: null,
  outcome: null,
  batches: [],
  error: null,
  text: '',
};

/** A command: its help, its options, and what it does. */
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
