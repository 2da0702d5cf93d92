import { EbillError } from '../errors.ts';
import { type FileReport, hasErrors, invalidFiles } from '../files/file-report.ts';
import { checkFiles } from '../files/preflight.ts';
import { findingsText, findingsVerdict } from '../output/findings-text.ts';
import { createProgress } from '../output/progress/progress.ts';
import type { ColumnChange } from '../profile/columns.ts';
import { columnOptions, columnsFor, declareColumnOption } from './shared/column-options.ts';
import type { CommandModule } from './shared/command.ts';
import { checkProgress, foundFiles, profileOf, totalsOf, totalsTable } from './shared/file-checks.ts';
import { boolFlag, listFlag } from './shared/options.ts';

export interface ValidateOptions {
  readonly customer: readonly string[];
  readonly invoice: readonly string[];
  readonly items: readonly string[];
  readonly columns: readonly ColumnChange[];
  readonly warningsAsErrors: boolean;
}

/** `ebill validate`: every check an upload makes, and no network. */
export const command: CommandModule<ValidateOptions> = {
  help: {
    notes: [
      'With --column, or columns in the profile, the files are also checked against each other: keys must be unique, the customer of every invoice and the invoice of every item must exist, every invoice must have items (a warning), and the amounts of the items must add up to that of the invoice, to the cent. A check runs when its columns are named and its files are given.',
    ],
    examples: [
      [
        "ebill validate --customer cus.csv --invoice inv.csv --items 'itm_*.csv'",
        'check each file by itself',
      ],
      [
        'ebill validate --invoice inv.csv --column "invoice.key=Invoice Number" --column invoice.amount=Amount',
        'also check for unique keys and print the control total',
      ],
      [
        'ebill validate --invoice inv.csv --items itm_1.csv itm_2.csv --warnings-as-errors --json',
        'fail on warnings too',
      ],
    ],
    exitCodes: [],
    seeAlso: ['help plan', 'upload invoice'],
  },
  configure(command) {
    command
      .description('Check files as an upload would, without the network.')
      .optionsGroup('Files:')
      .option('--customer <files...>', 'customer files or patterns')
      .option('--invoice <files...>', 'invoice files or patterns')
      .option('--items <files...>', 'item files or patterns, checked against all invoice files given')
      .optionsGroup('Checks:')
      .option('--warnings-as-errors', 'exit with 2 on warnings too');
    declareColumnOption(command);
  },

  options(_args, flags) {
    const options = {
      customer: listFlag(flags, 'customer'),
      invoice: listFlag(flags, 'invoice'),
      items: listFlag(flags, 'items'),
      columns: columnOptions(flags),
      warningsAsErrors: boolFlag(flags, 'warningsAsErrors'),
    };
    if (options.customer.length + options.invoice.length + options.items.length > 0) return options;
    throw new EbillError('USAGE', 'No files were given to check.', {
      hint: 'Name them by what they are: ebill validate --customer cus.csv --invoice inv.csv --items itm_*.csv',
    });
  },

  async run(app, options) {
    const profile = (await profileOf(app))?.name ?? null;
    app.soFar(() => ({ profile }));
    const columns = await columnsFor(app, options.columns);
    const files = await foundFiles(app, options);
    const progress = createProgress(app.ui, app.context);
    let reports: readonly FileReport[];
    try {
      progress.listener({ event: 'check.start', files: files.length });
      const onProgress = await checkProgress(app.context, files, progress.listener);
      reports = await checkFiles(files, { signal: app.context.signal, columns, onProgress });
    } finally {
      progress.stop();
    }
    const findings = findingsText(reports, app.ui);
    const table = await totalsTable(reports, app.ui);
    const text = [findings, table, findingsVerdict(reports, app.ui)]
      .filter((part) => part !== '')
      .join('\n\n');
    return {
      profile,
      job: null,
      outcome: null,
      batches: [],
      files: reports,
      extra: { totals: totalsOf(reports) },
      error: errorOf(reports, options.warningsAsErrors),
      text,
    };
  },
};

function errorOf(reports: readonly FileReport[], warningsAsErrors: boolean): EbillError | null {
  if (reports.some(hasErrors)) return invalidFiles(reports);
  const doubtful = reports.filter(({ findingsTotal }) => findingsTotal > 0);
  if (!warningsAsErrors || doubtful.length === 0) return null;
  return new EbillError(
    'INVALID_FILE',
    `${doubtful.length} of ${reports.length} files ${doubtful.length === 1 ? 'has' : 'have'} warnings, which count as errors (--warnings-as-errors).`,
    { hint: 'Correct what the findings name, or leave --warnings-as-errors out.' },
  );
}
