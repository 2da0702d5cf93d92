import { createReadStream } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { EbillError } from '../errors.ts';
import { headerNames } from '../files/header.ts';
import { NewFile } from '../files/new-file.ts';
import { type FoundCsv, starterPlan } from '../plan/starter.ts';
import { quoted } from '../shell.ts';
import type { App, CommandResult } from './command.ts';
import type { RunOptions } from './run-options.ts';

/** `ebill run --init-plan`: a commented plan from the CSV files of this folder, for a person to look through. */
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
  const files = await csvFiles(context.cwd);
  const job = options.job ?? context.env['EBILL_JOB'] ?? jobIn(files);
  if (job === null || job === '') {
    throw new EbillError('USAGE', 'The names of the files do not tell which month they are.', {
      hint: 'Name the load: ebill run --init-plan --job AUG_2020',
    });
  }
  const { text, unplaced } = starterPlan(files, job);
  if (app.globals.dryRun) return done(text.trimEnd());
  const file = await NewFile.create(path, context.pid);
  try {
    await file.write(text);
    await file.commit(false);
  } catch (error) {
    await file.discard();
    throw error;
  }
  for (const name of unplaced)
    ui.warn(`${name} found no place in the plan: it may be customers, invoices or items`);
  return {
    ...done(`Written to ${ui.clean(shown)}, for ${files.length} CSV files`),
    next: `Next: look through it, then: ebill run ${quoted(shown)} --dry-run`,
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

async function csvFiles(folder: string): Promise<readonly FoundCsv[]> {
  const names = (await readdir(folder)).filter((name) => /\.csv$/i.test(name) && !name.startsWith('.'));
  if (names.length === 0) {
    throw new EbillError('USAGE', `There are no CSV files in ${folder}.`, {
      hint: 'Go where they are, then: ebill run --init-plan. Paths in a plan are relative to it.',
    });
  }
  return Promise.all(names.map(async (name) => ({ name, header: await headerOf(join(folder, name)) })));
}

/** The first line's names; a file that cannot be read has none. */
async function headerOf(path: string): Promise<readonly string[]> {
  // Long enough for any header; a gigabyte on one line is not read for its first names.
  const stream = createReadStream(path, { end: 64 * 1024, encoding: 'utf8' });
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
      return headerNames(line.replace(/^\ufeff/, ''));
  } catch {
    // The check of the plan says what is wrong with it.
    return [];
  } finally {
    stream.destroy();
  }
  return [];
}

/** `AUG_2020` out of `CUS_AUG_2020.csv`, when all that have one agree. */
function jobIn(files: readonly FoundCsv[]): string | null {
  const found = new Set(
    files.flatMap(({ name }) => /(?:^|[^A-Za-z])([A-Z]{3,9}[_-]20\d\d)(?!\d)/.exec(name)?.[1] ?? []),
  );
  return found.size === 1 ? ([...found][0] ?? null) : null;
}
