import type { Command } from 'commander';
import type { Connection } from '../../api/connection.ts';
import { ERROR_CODES, isWarningCode, WARNING_CODES, type WarningCode } from '../../batch/finding-codes.ts';
import { EbillError } from '../../errors.ts';
import type { FileReport } from '../../files/findings.ts';
import { visible } from '../../system/escaping.ts';
import { nearest } from '../../system/nearest.ts';
import { collect, type Flags, listFlag } from './options.ts';

// Whether warnings about files stop a command (commands rule 20). Loaded at start-up.

/** `--strict`, `--no-strict` and `--allow-warning`, or the keys of a plan. */
export interface StrictOptions {
  /** `null`: not given. */
  readonly strict: boolean | null;
  readonly allowWarnings: readonly WarningCode[];
}

/** Whether warnings stop a command. */
export interface Strictness {
  /** Why they do: `--strict` …; `null`: they do not. */
  readonly because: string | null;
  readonly allowed: readonly WarningCode[];
}

export const NOT_STRICT: Strictness = { because: null, allowed: [] };

export const STRICT_NOTE =
  'Warnings about the files do not stop the command, unless --strict is given, the default for a production profile: then it stops before anything is sent (2), except for warnings that --allow-warning names.';

export function declareStrictOptions(command: Command): void {
  command
    .option('--strict', 'stop on warnings about the files too (default: only for a production profile)')
    .option('--no-strict', 'do not stop on warnings, even for a production profile')
    .option(
      '--allow-warning <code>',
      'a warning that --strict ignores, such as no-items (repeatable)',
      collect,
    );
}

/** @throws EbillError USAGE */
export function strictOptions(flags: Flags): StrictOptions {
  const strict = typeof flags['strict'] === 'boolean' ? flags['strict'] : null;
  if (strict && flags['validate'] === false)
    throw new EbillError('USAGE', '--strict cannot be used with --no-validate, which skips the checks.', {
      hint: 'Leave one of them out.',
    });
  return { strict, allowWarnings: [...new Set(listFlag(flags, 'allowWarning').map(warningCode))] };
}

function warningCode(text: string): WarningCode {
  if (isWarningCode(text)) return text;
  if ((ERROR_CODES as readonly string[]).includes(text))
    throw new EbillError('USAGE', `--allow-warning: ${text} is an error, and no error can be allowed.`, {
      hint: 'Correct the file.',
    });
  const meant = nearest(text, WARNING_CODES);
  throw new EbillError('USAGE', `--allow-warning: there is no warning "${visible(text.slice(0, 60))}".`, {
    hint: `${meant === null ? '' : `Did you mean ${meant}? `}Known: ${WARNING_CODES.join(', ')}.`,
  });
}

/** The options as they are typed again. */
export const typedStrict = ({ strict, allowWarnings }: StrictOptions): readonly string[] => [
  ...(strict === null ? [] : [strict ? '--strict' : '--no-strict']),
  ...allowWarnings.flatMap((code) => ['--allow-warning', code]),
];

/** The option over the plan over the profile; warnings allowed by either are allowed. */
export function strictnessOf(
  options: StrictOptions,
  plan: StrictOptions | null,
  { production, profile }: Pick<Connection, 'production' | 'profile'>,
): Strictness {
  const allowed = [...new Set([...options.allowWarnings, ...(plan?.allowWarnings ?? [])])];
  const chosen = options.strict ?? plan?.strict ?? production;
  const source =
    options.strict !== null
      ? '--strict'
      : typeof plan?.strict === 'boolean'
        ? 'strict in the plan'
        : `${profile ?? 'the profile'} is a production profile`;
  return { because: chosen ? source : null, allowed };
}

/** The codes of a file's warnings that stop the command. */
export const stoppingWarnings = (
  { warnings }: Pick<FileReport, 'warnings'>,
  { because, allowed }: Strictness,
): readonly WarningCode[] => (because === null ? [] : warnings.filter((code) => !allowed.includes(code)));

/**
 * The error for files without errors whose warnings stop the command; `null`: none does. Pure.
 * @param command `run`, or an upload
 */
export function strictError(
  reports: readonly FileReport[],
  strictness: Strictness,
  command: string,
): EbillError | null {
  const stopped = reports
    .map((report) => ({ report, codes: stoppingWarnings(report, strictness) }))
    .filter(({ codes }) => codes.length > 0);
  if (stopped.length === 0) return null;
  const codes = [...new Set(stopped.flatMap((one) => one.codes))].sort();
  const names = stopped
    .slice(0, 5)
    .map(({ report, codes }) => `${visible(report.file)} (${codes.join(', ')})`);
  if (stopped.length > 5) names.push(`${stopped.length - 5} more`);
  const have =
    reports.length === 1
      ? 'The file has'
      : `${stopped.length} of ${reports.length} files ${stopped.length === 1 ? 'has' : 'have'}`;
  const inPlan = command === 'run' ? `, or allowWarnings: [${codes.join(', ')}] to the plan` : '';
  return new EbillError(
    'INVALID_FILE',
    `${have} warnings, which stop ${command === 'run' ? 'the run' : 'the upload'} (${strictness.because}): ${names.join(', ')}`,
    {
      hint: `Nothing was sent. Correct the file. If it is right as it is, add ${codes.map((code) => `--allow-warning ${code}`).join(' ')}${inPlan}.`,
    },
  );
}
