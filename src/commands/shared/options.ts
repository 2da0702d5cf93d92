import type { Command } from 'commander';
import { jobIdProblem } from '../../batch/job-ids.ts';
import { EbillError } from '../../errors.ts';
import { FIELDS } from '../../output/fields.ts';
import { visible } from '../../system/escaping.ts';
import { nearest } from '../../system/nearest.ts';
import { parseDuration } from '../../system/quantities.ts';
import type { GlobalOptions } from './command.ts';

// The global options, and how commands read option values.

const PROGRESS = ['auto', 'tty', 'plain', 'json', 'none'] as const;
const COLOR = ['auto', 'always', 'never'] as const;
const FORMATS = ['table', 'json', 'tsv'] as const;

/** Declares the global options (commands rule 10). Imports only types of commander: `--help` does not load it. */
export function declareGlobals(program: Command): void {
  program
    .option('--profile <name>', 'profile to use (EBILL_PROFILE)')
    .option('--base-url <url>', 'base URL of the eBill server (EBILL_BASE_URL)')
    .option('--json', 'print one JSON document; same as --format json')
    .addOption(program.createOption('--format <format>', 'output format').choices([...FORMATS]))
    .option('--fields <names>', 'print only these fields, such as jobId,phase,failCount')
    .option('--quiet', 'print only errors and warnings on stderr')
    .option('--verbose', 'print each request and answer on stderr')
    .option('--show-urls', 'show whole presigned URLs, which are secrets')
    .addOption(
      program
        .createOption('--progress <mode>', 'progress output')
        .choices([...PROGRESS])
        .default('auto'),
    )
    .addOption(
      program
        .createOption('--color <when>', 'when to use colour (NO_COLOR, FORCE_COLOR)')
        .choices([...COLOR])
        .default('auto'),
    )
    .option('--timeout <duration>', 'time to wait for an answer to start or continue', '60s')
    .addOption(
      program
        .createOption(
          '--retries <n>',
          `retries of a request after a temporary failure (default: ${RETRIES}, and those of an upload last at least a minute)`,
        )
        .default(null),
    )
    .option(
      '--settle <duration>',
      'how long to wait before an unanswered call counts as not done (EBILL_SETTLE; default: 15m for init, else 60s)',
    )
    .option('--dry-run', 'print the requests instead of sending them')
    .option('--yes', 'answer yes to every prompt');
}

const RETRIES = 5;
const OUTAGE_MS = 60_000;

/** commander's raw values → typed options. @throws EbillError USAGE */
export function globalOptions(raw: Flags, env: Readonly<Record<string, string | undefined>>): GlobalOptions {
  const text = (name: string): string | null => textFlag(raw, name);
  const format = formatOf(raw['json'] === true, text('format'));
  return {
    profile: text('profile'),
    baseUrl: text('baseUrl'),
    format,
    json: format === 'json',
    fields: fieldsOf(text('fields')),
    quiet: boolFlag(raw, 'quiet'),
    verbose: boolFlag(raw, 'verbose'),
    showUrls: boolFlag(raw, 'showUrls'),
    progress: oneOf(PROGRESS, text('progress') ?? 'auto', '--progress'),
    color: oneOf(COLOR, text('color') ?? 'auto', '--color'),
    timeoutMs: positive(parseDuration(text('timeout') ?? '60s', '--timeout'), '--timeout'),
    retries: wholeNumber(text('retries') ?? String(RETRIES), '--retries', 0, 100),
    outageMs: text('retries') === null ? OUTAGE_MS : 0,
    settleMs: durationFlag(raw, 'settle', '--settle') ?? settleOfEnvironment(env['EBILL_SETTLE']),
    dryRun: boolFlag(raw, 'dryRun'),
    yes: boolFlag(raw, 'yes'),
  };
}

const settleOfEnvironment = (text: string | undefined): number | null =>
  text === undefined || text === '' ? null : parseDuration(text, 'EBILL_SETTLE');

function formatOf(json: boolean, format: string | null): GlobalOptions['format'] {
  const named = format === null ? null : oneOf(FORMATS, format, '--format');
  if (!json) return named ?? 'table';
  if (named === null || named === 'json') return 'json';
  throw new EbillError('USAGE', `--json cannot be used with --format ${named}.`, {
    hint: 'Leave one of them out.',
  });
}

/** Checked before the command starts: a script must not learn of a wrong name after the work is done. */
function fieldsOf(text: string | null): readonly string[] | null {
  if (text === null) return null;
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (FIELDS.includes(name)) continue;
    const meant = nearest(name, FIELDS);
    throw new EbillError('USAGE', `--fields: there is no field "${visible(name)}".`, {
      hint: `${meant === null ? '' : `Did you mean ${meant}? `}Known: ${FIELDS.join(', ')}.`,
    });
  }
  return names;
}

function oneOf<T extends string>(allowed: readonly T[], value: string, option: string): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new EbillError('USAGE', `${option} cannot be "${value}".`, {
    hint: `Use one of ${allowed.join(', ')}.`,
  });
}

function positive(ms: number, option: string): number {
  if (ms > 0) return ms;
  throw new EbillError('USAGE', `${option} cannot be 0.`, { hint: 'Give a duration such as 30s or 5m.' });
}

/** commander's raw option values. */
export type Flags = Readonly<Record<string, unknown>>;

export const textFlag = (flags: Flags, name: string): string | null =>
  typeof flags[name] === 'string' ? (flags[name] as string) : null;

export const boolFlag = (flags: Flags, name: string): boolean => flags[name] === true;

export function listFlag(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
}

/** ms; `null` when the option was not given. @throws EbillError USAGE */
export function durationFlag(flags: Flags, name: string, option: string): number | null {
  const text = textFlag(flags, name);
  return text === null ? null : parseDuration(text, option);
}

export function declareInitTimeout(command: Command): void {
  command.option('--init-timeout <duration>', 'how long to wait for the answer to the init (default: 30m)');
}

/** ms; `null`: the default. @throws EbillError USAGE */
export function initTimeoutFlag(flags: Flags): number | null {
  const ms = durationFlag(flags, 'initTimeout', '--init-timeout');
  return ms === null ? null : positive(ms, '--init-timeout');
}

/** @throws EbillError USAGE when it cannot be a load's name or a job id */
export function jobFlag(flags: Flags, name: string, option: string): string | null {
  const text = textFlag(flags, name);
  return text === null ? null : checkedJobId(text, option);
}

/** A load's name or a job id as given. @throws EbillError USAGE when no server accepts it */
export function checkedJobId(text: string, option: string): string {
  const problem = jobIdProblem(text);
  if (problem === null) return text;
  throw new EbillError('USAGE', `${option} "${visible(text)}" cannot be used: ${problem}.`, {
    hint: 'Use letters, digits, _ and -, such as the month and the year.',
  });
}

/** @throws EbillError USAGE */
export function wholeNumber(value: string, option: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new EbillError('USAGE', `${option} cannot be "${value}".`, {
    hint: `Give a whole number from ${least} to ${most}.`,
  });
}

/** For commander: the values of a repeatable option. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];
