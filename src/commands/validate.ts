import { EbillError } from '../errors.ts';
import type { FileReport } from '../files/findings.ts';
import { findingsText, findingsVerdict } from '../output/findings-text.ts';
import { count } from '../output/format.ts';
import { createProgress } from '../output/progress/progress.ts';
import { table } from '../output/table.ts';
import type { Theme } from '../output/theme.ts';
import type { ColumnChange } from '../profile/pairs.ts';
import { type CommandModule, EMPTY_RESULT } from './shared/command.ts';
import { boolFlag, listFlag } from './shared/options.ts';
import { columnOptions, declareColumnOption } from './shared/upload-options.ts';

export interface ValidateOptions {
  readonly customer: readonly string[];
  readonly invoice: readonly string[];
  readonly items: readonly string[];
  readonly columns: readonly ColumnChange[];
  readonly warningsAsErrors: boolean;
}

export const command: CommandModule<ValidateOptions> = {
  help: {
    notes: [
      'With --column, or columns in the profile, the files are also checked against each other: keys must be unique, the customer of every invoice and the invoice of every item must exist, every invoice must have items (a warning), and the amounts of the items must add up to that of the invoice, to the cent or the decimals they are written with. A check runs when its columns are named and its files are given.',
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
      hint: 'Give them by kind: ebill validate --customer cus.csv --invoice inv.csv --items itm_*.csv',
    });
  },

  async run(app, options) {
    const [{ columnsFor, givenFiles, profileInUse, reportFiles }, { hasErrors, invalidFiles }] =
      await Promise.all([import('./shared/file-checks.ts'), import('../files/findings.ts')]);
    const profile = (await profileInUse(app))?.name ?? null;
    app.soFar(() => ({ profile }));
    const columns = await columnsFor(app, options.columns);
    const files = await givenFiles(app, options);
    const progress = createProgress(app.ui, app.context);
    let reports: readonly FileReport[];
    try {
      reports = await reportFiles(app, files, columns, progress.listener);
    } finally {
      progress.stop();
    }
    const parts = [
      findingsText(reports, app.ui),
      await totalsTable(reports, app.ui),
      findingsVerdict(reports, app.ui),
    ];
    return {
      ...EMPTY_RESULT,
      profile,
      files: reports,
      extra: { totals: totalsOf(reports) },
      error: reports.some(hasErrors)
        ? invalidFiles(reports)
        : options.warningsAsErrors
          ? warningsError(reports)
          : null,
      text: parts.filter((part) => part !== '').join('\n\n'),
    };
  },
};

/** Records and amounts of each file, to compare with the books; `null` where unknown. */
const totalsOf = (reports: readonly FileReport[]) =>
  reports.map(({ file, kind, records, amount }) => ({ file, kind, records, amount }));

export function totalsTable(reports: readonly FileReport[], look: Theme): Promise<string> {
  const rows = totalsOf(reports).map(({ file, kind, records, amount }) => [
    file,
    kind,
    records === null ? null : count(records),
    amount,
  ]);
  const heads = [
    'File',
    'Kind',
    { title: 'Records', right: true },
    { title: 'Amount', right: true, least: 20 },
  ];
  return table(heads, rows, look);
}

function warningsError(reports: readonly FileReport[]): EbillError | null {
  const warned = reports.filter(({ findingsTotal }) => findingsTotal > 0).length;
  if (warned === 0) return null;
  return new EbillError(
    'INVALID_FILE',
    `${warned} of ${reports.length} files ${warned === 1 ? 'has' : 'have'} warnings, which count as errors (--warnings-as-errors).`,
    { hint: 'Correct the findings, or leave out --warnings-as-errors.' },
  );
}
