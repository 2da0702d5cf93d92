import { access, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { nextMonth } from '../batch/month.ts';
import type { BatchView } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { count } from '../output/format.ts';
import { hangingIndent } from '../output/text-layout.ts';
import type { SampleFiles } from '../sample/sample.ts';
import { makeFolders } from '../system/atomic-file.ts';
import { type Context, type OutputStream, withChanges } from '../system/context.ts';
import type { App, CommandModule } from './shared/command.ts';
import { type Flags, textFlag, wholeNumber } from './shared/options.ts';

export interface DemoOptions {
  /** Invoices. */
  readonly records: number;
  readonly seed: number;
}

const FOLDER = 'ebill-demo';
/** Marks the folder as made by the demo, which may empty it. */
const MARKER = '.made-by-ebill-demo';
const JOB = 'AUG_2020';
/** A second load, in which the server loses records. */
const LOSSY_JOB = 'SEP_2020';
const LOST = 2;

export const command: CommandModule<DemoOptions> = {
  help: {
    examples: [
      ['ebill demo', 'load 3,000 invoices'],
      ['ebill demo --records 50000', 'load more invoices'],
      ['ebill demo --json', 'print the result as JSON'],
    ],
    exitCodes: [4],
    seeAlso: ['sandbox', 'run'],
  },
  configure: (cmd) => {
    cmd
      .description(
        `Load a whole month of sample files, with a few bad records, into a local sandbox. Everything is in ./${FOLDER}.`,
      )
      .option('--records <n>', 'number of invoices', '3000')
      .option('--seed <n>', 'seed of the sample data', '1');
  },
  options: (_args, flags: Flags) => ({
    records: wholeNumber(textFlag(flags, 'records') ?? '3000', '--records', 10, 5_000_000),
    seed: wholeNumber(textFlag(flags, 'seed') ?? '1', '--seed', 0, 999_999_999),
  }),
  run: async (app, options) => {
    const folder = join(app.context.cwd, FOLDER);
    await makeFolder(folder);
    const [{ writeSample }, { startSandbox }] = await Promise.all([
      import('../sample/sample.ts'),
      import('../sandbox/index.ts'),
    ]);
    print(
      app,
      `Writing sample files to ./${FOLDER}/files: ${count(options.records)} invoices, their items, customers, and a few bad records.`,
    );
    const sample = await writeSample(join(folder, 'files'), {
      records: options.records,
      seed: options.seed,
      itemFiles: 4,
      bad: 3,
      month: JOB,
    });
    const token = `demo-${options.seed}-token`;
    const sandbox = await startSandbox({
      data: join(folder, 'sandbox'),
      auth: { type: 'bearer', token },
      processingTimeMs: 1500,
      style: 'escaped',
    });
    try {
      print(app, `Started a local eBill server: ${sandbox.apiUrl}`);
      const run: RunLine = (line, allowed) => step(app, line, folder, sandbox.environment, allowed);
      const batches = await month(run, sample);
      sandbox.addFault(`finalize[${LOSSY_JOB}_CUS]=lose-records:${LOST}`);
      print(app, `\nNext month the server silently loses ${LOST} customers and reports Success:`);
      const next = await writeSample(join(folder, 'files'), {
        records: options.records,
        seed: (options.seed + 1) % 1_000_000_000,
        itemFiles: 4,
        bad: 0,
        month: LOSSY_JOB,
      });
      const customers = ['upload', 'customer', ...next.customers.map(displayed)];
      await run([...customers, '--job', LOSSY_JOB, '--wait', '--interval', '0.5s'], [4]);
      return {
        profile: null,
        job: JOB,
        outcome: 'partial',
        batches,
        error: null,
        text: app.globals.json ? '' : closing(app.ui.width),
      };
    } finally {
      await sandbox.close();
    }
  },
};

/** Runs one command line, which may end with these exit codes. */
type RunLine = (line: readonly string[], allowed: readonly number[]) => Promise<readonly BatchView[]>;

/** Runs the commands of a month as an operator would type them. */
async function month(run: RunLine, sample: SampleFiles): Promise<readonly BatchView[]> {
  const [customers, invoices] = [sample.customers.map(displayed), sample.invoices.map(displayed)];
  const lines: readonly (readonly string[])[] = [
    ['init', '--job', JOB, '--zero-out-customer-balance', '--yes'],
    ['upload', 'customer', ...customers, '--job', JOB, '--finalize'],
    ['upload', 'invoice', ...invoices, '--items', ...sample.items.map(displayed)],
    ['upload', 'customer', ...customers],
    ['finalize'],
  ];
  for (const line of lines) await run(line, [0]);
  await run(['watch', '--interval', '0.5s'], [0, 3]);
  const batches = await run(['results', '--out', 'results', '--rejects'], [0]);
  assertExpected(batches, sample);
  return batches;
}

const displayed = (path: string): string => join('files', basename(path));

/** Runs one command line and shows it as if typed. @returns the batches of its document, with `--json` */
async function step(
  app: App,
  line: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
  allowed: readonly number[],
): Promise<readonly BatchView[]> {
  const { context, globals } = app;
  print(app, `\n$ ebill ${line.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ')}`);
  const home = join(folder, 'home');
  const captured = new Capture(context.stdout);
  const capturedErrors = new Capture(context.stderr);
  const quiet = globals.json
    ? ['--json', '--quiet', '--progress', 'none']
    : ['--color', globals.color, '--progress', globals.progress];
  const inner = withChanges(context, {
    cwd: folder,
    // The sandbox commits at once, so nothing is gained by waiting for it to settle.
    env: { ...cleanEnv(context), ...env, EBILL_HOME: home, EBILL_SETTLE: '0s' },
    paths: { config: home, state: home },
    stdout: globals.json ? captured : context.stdout,
    stderr: globals.json ? capturedErrors : context.stderr,
  });
  const code = await app.invoke([...line, ...quiet], inner);
  context.signal.throwIfAborted();
  if (!allowed.includes(code)) {
    context.stderr.write(capturedErrors.text);
    throw new EbillError(
      'INTERNAL',
      `The step "ebill ${line.slice(0, 2).join(' ')}" of the demo exited with ${code}.`,
      { hint: 'Run the demo again. If it fails again, please report it.' },
    );
  }
  return globals.json ? (JSON.parse(captured.text) as { batches: BatchView[] }).batches : [];
}

/** Without the operator's own set-up; variables for colours and the like stay. */
function cleanEnv(context: Context): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(context.env).filter(([name]) => !/^EBILL_|_PROXY$/i.test(name)));
}

class Capture extends PassThrough implements OutputStream {
  text = '';
  readonly isTTY = false;
  readonly columns: number;
  constructor(like: OutputStream) {
    super();
    this.columns = like.columns ?? 80;
    this.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('utf8');
    });
  }
}

/** The sandbox must have rejected exactly the bad records of the sample. */
function assertExpected(batches: readonly BatchView[], sample: SampleFiles): void {
  for (const batch of batches.flatMap((one) => [one, ...one.children])) {
    const expected = batch.file === null ? undefined : sample.failures[batch.file];
    if (expected === undefined || expected === batch.failCount) continue;
    throw new EbillError(
      'UNACCOUNTED',
      `${batch.file} has ${expected} bad records, but ${batch.failCount} were rejected.`,
      { hint: 'Please report it.' },
    );
  }
}

function closing(width: number): string {
  const lines = [
    `ebill noticed: exit code 4, UNACCOUNTED. A record that is neither loaded nor rejected is never a success.`,
    `The result of every record is in ./${FOLDER}/results, with the rejected records as they were sent;`,
    `the files sent are in ./${FOLDER}/files. Now try it yourself, with ebill installed:`,
  ];
  return [
    '',
    ...lines.map((line) => hangingIndent('', line, width)),
    '',
    '  ebill sandbox',
    '      start a local server in one terminal',
    `  ebill init --job ${nextMonth(JOB)}`,
    '      in another terminal, after the lines the sandbox printed',
    `  ebill upload customer ${FOLDER}/files/CUS_${JOB}.csv --wait`,
    '  ebill sandbox --fault create@1=reset-after',
    '      lose an answer, and see ebill recover',
  ].join('\n');
}

function print(app: App, line: string): void {
  if (!app.globals.json && !app.globals.quiet)
    app.context.stdout.write(
      // A command to copy is not wrapped.
      `${line.startsWith('$ ') ? line : hangingIndent('', line, app.ui.width, 2)}\n`,
    );
}

/** @throws EbillError USAGE when the folder was not made by the demo */
async function makeFolder(folder: string): Promise<void> {
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  const ours = await access(join(folder, MARKER)).then(
    () => true,
    () => false,
  );
  if (exists && !ours) {
    throw new EbillError('USAGE', `${folder} already exists and was not made by the demo.`, {
      hint: 'Run the demo in another folder, or move that one.',
    });
  }
  await rm(folder, { recursive: true, force: true });
  await makeFolders(folder);
  await writeFile(join(folder, MARKER), 'ebill demo empties this folder when it starts.\n');
}
