import { access } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { EbillError } from '../errors.ts';
import { counted } from '../output/format.ts';
import { hangingIndent } from '../output/text-layout.ts';
import { csvFilesIn, guessJob } from '../plan/starter-files.ts';
import { writeRedacted } from '../system/atomic-file.ts';
import { quoted } from '../system/quoting.ts';
import type { RunOptions } from './run-options.ts';
import type { App, CommandResult } from './shared/command.ts';

/** `ebill run --init-plan`: a commented plan from the CSV files beside it, for a person to look through. */
export async function writeStarter(app: App, options: RunOptions): Promise<CommandResult> {
  const { context, ui } = app;
  const path = resolve(context.cwd, options.plan ?? 'plan.yaml');
  const shown = relative(context.cwd, path) || path;
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  ) {
    throw new EbillError('USAGE', `${shown} is there already; it was left as it is.`, {
      hint: 'Name another file: ebill run --init-plan other.yaml',
    });
  }
  // Paths in a plan are relative to it.
  const files = await csvFilesIn(dirname(path));
  const job = options.job ?? context.env['EBILL_JOB'] ?? guessJob(files.map(({ name }) => name));
  if (job === null || job === '') {
    throw new EbillError('USAGE', 'The names of the files do not tell which month they are.', {
      hint: 'Name the load: ebill run --init-plan --job AUG_2020',
    });
  }
  const { starterPlan } = await import('../plan/starter.ts');
  const { text, unplaced } = starterPlan(files, job);
  if (app.globals.dryRun) return done(text.trimEnd());
  await writeRedacted(path, app.redactor.sweep(text), { replace: false });
  for (const name of unplaced)
    ui.warn(`${name} found no place in the plan: it may be customers, invoices or items`);
  return {
    ...done(
      hangingIndent(
        '',
        `Written to ${ui.clean(shown)}, for ${counted(files.length, 'CSV file', 'CSV files')}`,
        ui.width,
        2,
      ),
    ),
    next: `Next: look through it, then: ebill run ${quoted(shown, context)} --dry-run`,
    extra: { plan: path, unplaced },
  };
}

const done = (text: string): CommandResult => ({
  profile: null,
  job: null,
  outcome: null,
  batches: [],
  error: null,
  text,
});
