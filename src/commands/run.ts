import { access } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { EbillError } from '../errors.ts';
import { counted } from '../output/format.ts';
import { hangingIndent } from '../output/text-layout.ts';
import { quoted } from '../system/escaping.ts';
import type { RunPlanOptions } from './run/run-plan.ts';
import { type App, type CommandModule, type CommandResult, EMPTY_RESULT } from './shared/command.ts';
import { CI_NOTE, METRICS_NOTE, NOTIFY_NOTE, NOTIFY_URL_NOTE, withNotification } from './shared/notify.ts';
import {
  boolFlag,
  declareInitTimeout,
  type Flags,
  initTimeoutFlag,
  jobFlag,
  textFlag,
} from './shared/options.ts';
import { declareStrictOptions, STRICT_NOTE, strictOptions } from './shared/strict.ts';
import {
  concurrencyFlag,
  declareWatchOptions,
  type WaitOptions,
  watchOptions,
} from './shared/upload-options.ts';

export interface RunOptions extends RunPlanOptions {
  /** The plan's path as given; `null` only with `initPlan` or `planSchema`. */
  readonly plan: string | null;
  readonly initPlan: boolean;
  readonly planSchema: boolean;
  /** The load's name, for `initPlan`. */
  readonly job: string | null;
}

export const command: CommandModule<RunOptions> = {
  help: {
    notes: [
      'Order: check everything, init, customers, invoices with their items, results, report. Each upload is finalized, and the run waits until it is final. The next step starts when the previous one has no more failed records than the plan accepts (accept.failedRecords, 0 by default). A failed or missing batch, or unaccounted records, always stop the run.',
      'After an interruption the same command resumes where it stopped; completed steps are skipped. On a machine without the journal of the load, add --adopt.',
      'The files are compared with the load closed last on the server, or the one that --against or the plan names (expect.against): a line for each of records, amounts and customers billed. Where the plan limits the change (expect) and it is larger, the run stops before anything is sent (2).',
      'Results, rejects, the report and a manifest are written to ./JOB (--out). --dry-run shows each step, whether it is done, and what would be sent; with --verbose also the requests.',
      STRICT_NOTE,
      '--freeze FILE writes what would be sent: server, load, options, and the SHA-256, size, records and amount of each file. --approved FILE sends only if all of it is unchanged; otherwise it names each difference and ends with 2. Give --approved again to resume.',
      NOTIFY_NOTE,
      NOTIFY_URL_NOTE,
      METRICS_NOTE,
      CI_NOTE,
    ],
    examples: [
      ['ebill run --init-plan --job AUG_2020', 'write plan.yaml for the CSV files in this folder'],
      ['ebill run plan.yaml --dry-run', 'check everything and show what would be sent'],
      ['ebill run plan.yaml', 'run the month, or resume it'],
      ['ebill run plan.yaml --freeze approval.json', 'write what would be sent, for approval'],
      ['ebill run plan.yaml --approved approval.json --approved-by "$USER"', 'send exactly that, or nothing'],
      ['ebill run plan.yaml --max-wait 6h --json', 'stop waiting after 6 hours, with exit code 7'],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9, 10],
    seeAlso: ['help plan', 'validate', 'watch', 'report'],
  },
  configure(cmd) {
    cmd
      .description('Run a whole month from a plan file. Run it again to resume after any interruption.')
      .argument('[plan]', 'plan file, such as plan.yaml')
      .option('--out <dir>', 'folder for results, rejects and the report (default: ./JOB)')
      .option('--concurrency <n>', 'number of files uploaded at the same time', '4');
    declareInitTimeout(cmd);
    declareStrictOptions(cmd.optionsGroup('Checks:'));
    cmd.option(
      '--against <load>',
      'load to compare the month with: its name, last, or none (default: as the plan says, else last)',
    );
    cmd
      .optionsGroup('Approval:')
      .option('--freeze <file>', 'write what would be sent to this file, and send nothing')
      .option('--approved <file>', 'send only exactly what this file from --freeze says')
      .option('--approved-by <text>', 'who approved it, for the journal, the report and the manifest')
      .optionsGroup('If it already exists:')
      .option('--adopt', 'take over batches of these names on the server, started on another machine')
      .option('--next', 'create another batch for new content under a name already used')
      .option(
        '--restart-invoice',
        'start invoice batches over when their items cannot be uploaded; the old drafts are left behind',
      )
      .optionsGroup('Writing a plan:')
      .option('--init-plan', 'write a plan for the CSV files in this folder')
      .option('--job <name>', 'with --init-plan: name of the load')
      .option('--plan-schema', 'print the JSON schema of plans, for editors');
    declareWatchOptions(cmd);
  },

  options(args, flags) {
    const plan = typeof args[0] === 'string' ? args[0] : null;
    const initPlan = boolFlag(flags, 'initPlan');
    const planSchema = boolFlag(flags, 'planSchema');
    if (plan === null && !initPlan && !planSchema)
      throw new EbillError('USAGE', 'No plan was given.', {
        hint: 'Name it: ebill run plan.yaml. To write one from the CSV files here: ebill run --init-plan',
      });
    const watch = watchOptions(flags);
    return {
      plan,
      initPlan,
      planSchema,
      job: starterJob(flags, initPlan),
      out: outFolder(flags, watch),
      concurrency: concurrencyFlag(flags),
      ...takeover(flags),
      restartInvoice: boolFlag(flags, 'restartInvoice'),
      ...strictOptions(flags),
      against: jobFlag(flags, 'against', '--against'),
      watch,
      initTimeoutMs: initTimeoutFlag(flags),
      ...approvalFlags(flags, initPlan || planSchema),
    };
  },

  async run(app, options) {
    if (options.planSchema) {
      const { planSchemaText } = await import('../plan/plan-schema.ts');
      return { ...EMPTY_RESULT, text: planSchemaText().trimEnd() };
    }
    if (options.initPlan) return writeStarter(app, options);
    const { runPlan } = await import('./run/run-plan.ts');
    return withNotification(app, options.watch, () => runPlan(app, options.plan ?? '', options));
  },
};

function starterJob(flags: Flags, initPlan: boolean): string | null {
  const job = jobFlag(flags, 'job', '--job');
  if (job === null || initPlan) return job;
  throw new EbillError('USAGE', '--job can be used only with --init-plan: the plan names the load.', {
    hint: `Write "job: ${job}" in the plan, and leave --job out.`,
  });
}

function outFolder(flags: Flags, { download }: WaitOptions): string | null {
  const out = textFlag(flags, 'out');
  if (out === null || download === null || out === download) return out ?? download;
  throw new EbillError('USAGE', '--out and --download name two folders.', {
    hint: 'Everything a run downloads goes to one folder: use --out alone.',
  });
}

function takeover(flags: Flags): Pick<RunOptions, 'adopt' | 'next'> {
  const [adopt, next] = [boolFlag(flags, 'adopt'), boolFlag(flags, 'next')];
  if (!adopt || !next) return { adopt, next };
  throw new EbillError('USAGE', '--next cannot be used with --adopt.', {
    hint: '--adopt: the batch on the server belongs to this load. --next: it is something else.',
  });
}

/** @param alone whether the run only writes or prints something else */
function approvalFlags(flags: Flags, alone: boolean): Pick<RunOptions, 'freeze' | 'approved' | 'approvedBy'> {
  const [freeze, approved, approvedBy] = ['freeze', 'approved', 'approvedBy'].map((name) =>
    textFlag(flags, name),
  );
  const wrong = (message: string, hint: string): EbillError => new EbillError('USAGE', message, { hint });
  const ask = 'Freeze the plan first, have the file approved, then run with --approved.';
  for (const [option, file] of [
    ['--freeze', freeze],
    ['--approved', approved],
  ] as const) {
    if (file == null) continue;
    if (alone) throw wrong(`${option} cannot be used with --init-plan or --plan-schema.`, ask);
    if (file.trim() === '' || file === '-')
      throw wrong(`${option} needs the name of a file.`, `Name it: ${option} approval.json`);
  }
  if (freeze != null && approved != null) throw wrong('--freeze cannot be used with --approved.', ask);
  if (approvedBy != null && (approved == null || approvedBy.trim() === ''))
    throw wrong(
      approved == null ? '--approved-by needs --approved.' : '--approved-by is empty.',
      'Name the approval and who gave it: --approved approval.json --approved-by NAME',
    );
  return { freeze: freeze ?? null, approved: approved ?? null, approvedBy: approvedBy ?? null };
}

/** `--init-plan`: writes a commented plan for the CSV files in its folder, to be reviewed. */
async function writeStarter(app: App, options: RunOptions): Promise<CommandResult> {
  const [{ csvFilesIn, guessJob }, { starterPlan }, { writeRedacted }] = await Promise.all([
    import('../plan/starter-files.ts'),
    import('../plan/starter.ts'),
    import('../system/atomic-file.ts'),
  ]);
  const { context, ui } = app;
  const path = resolve(context.cwd, options.plan ?? 'plan.yaml');
  const shown = relative(context.cwd, path) || path;
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new EbillError('USAGE', `${shown} exists already; it was not changed.`, {
      hint: 'Name another file: ebill run --init-plan other.yaml',
    });
  // Paths in a plan are relative to it.
  const files = await csvFilesIn(dirname(path));
  const job = options.job ?? context.env['EBILL_JOB'] ?? guessJob(files.map(({ name }) => name));
  if (job === null || job === '')
    throw new EbillError('USAGE', 'The names of the files do not say which month they are for.', {
      hint: 'Name the load: ebill run --init-plan --job NAME',
    });
  const { text, unplaced } = starterPlan(files, job);
  if (app.globals.dryRun) return { ...EMPTY_RESULT, text: text.trimEnd() };
  await writeRedacted(path, app.redactor.sweep(text), { replace: false });
  for (const name of unplaced)
    ui.warn(`${name} was not put in the plan: it may be customers, invoices or items`);
  const written = `Wrote ${ui.clean(shown)} for ${counted(files.length, 'CSV file', 'CSV files')}`;
  return {
    ...EMPTY_RESULT,
    text: hangingIndent('', written, ui.width, 2),
    next: `Next: review it, then: ebill run ${quoted(shown, context)} --dry-run`,
    extra: { plan: path, unplaced },
  };
}
