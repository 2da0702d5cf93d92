import { EbillError } from '../errors.ts';
import type { FileReport } from '../files/findings.ts';
import { findingsText, findingsVerdict } from '../output/findings-text.ts';
import { amountText, count } from '../output/format.ts';
import { createProgress } from '../output/progress/progress.ts';
import { table } from '../output/table.ts';
import type { Theme } from '../output/theme.ts';
import type { ColumnChange } from '../profile/pairs.ts';
import { type CommandModule, EMPTY_RESULT } from './shared/command.ts';
import type { CheckReport } from './shared/file-checks.ts';
import { boolFlag, jobFlag, listFlag } from './shared/options.ts';
import { columnOptions, declareColumnOption } from './shared/upload-options.ts';

export interface ValidateOptions {
  /** Files given without a kind. */
  readonly files: readonly string[];
  readonly customer: readonly string[];
  readonly invoice: readonly string[];
  readonly items: readonly string[];
  readonly columns: readonly ColumnChange[];
  readonly warningsAsErrors: boolean;
  /** A load, `last` or `none`; `null`: not given. */
  readonly against: string | null;
}

export const command: CommandModule<ValidateOptions> = {
  help: {
    notes: [
      'A file given without a kind gets it from its columns: customer (Account Number with a name or an address), invoice (Invoice Number with a customer or a due date) or items (Invoice Number with a line or a quantity). If they do not tell, nothing is checked (2).',
      'The files are also checked against each other: keys must be unique, the customer of every invoice and the invoice of every item must exist, every invoice must have items (a warning), and the amounts of the items must add up to that of the invoice, to the cent or the decimals they are written with. A check runs when its files are given and its columns are known. Problems in columns named with --column or in the profile are errors. Other columns are recognised by their usual names and content, and problems in them are warnings; a column that is mostly empty, has repeated keys, does not match the other files or has no amounts is not used. --column KIND.ROLE= turns a check off; ebill profile set does so for every call.',
      'Records, amounts and customers billed are compared with those of the load closed last on the server, from the journals on this machine (--against).',
    ],
    examples: [
      [
        "ebill validate cus.csv inv.csv 'itm_*.csv'",
        'check each file by itself, and the files against each other',
      ],
      [
        'ebill validate --invoice inv.csv --column "invoice.key=Invoice Number" --column invoice.amount=Amount',
        'report repeated keys and unreadable amounts as errors',
      ],
      [
        "ebill validate cus.csv inv.csv 'itm_*.csv' --against JUL_2020",
        'compare records and amounts with those of an earlier load',
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
      .argument('[files...]', 'CSV files or patterns; their columns tell the kind')
      .optionsGroup('Files:')
      .option('--customer <files...>', 'customer files or patterns')
      .option('--invoice <files...>', 'invoice files or patterns')
      .option('--items <files...>', 'item files or patterns, checked against all invoice files given')
      .optionsGroup('Checks:')
      .option('--warnings-as-errors', 'exit with 2 on warnings too')
      .option('--against <load>', 'load to compare the totals with: its name, last, or none (default: last)');
    declareColumnOption(command);
  },

  options(args, flags) {
    const options = {
      files: args.map(String),
      customer: listFlag(flags, 'customer'),
      invoice: listFlag(flags, 'invoice'),
      items: listFlag(flags, 'items'),
      columns: columnOptions(flags),
      warningsAsErrors: boolFlag(flags, 'warningsAsErrors'),
      against: jobFlag(flags, 'against', '--against'),
    };
    const { files, customer, invoice, items } = options;
    if (files.length + customer.length + invoice.length + items.length > 0) return options;
    throw new EbillError('USAGE', 'No files were given to check.', {
      hint: 'Name them: ebill validate cus.csv inv.csv itm_*.csv',
    });
  },

  async run(app, options) {
    const [
      { columnsFor, givenFiles, profileInUse, reportFiles },
      { hasErrors, invalidFiles },
      { kindsOfFiles, recognisedFacts, sayRecognised },
      { compareFiles, totalsOfFiles },
      { comparisonTable },
    ] = await Promise.all([
      import('./shared/file-checks.ts'),
      import('../files/findings.ts'),
      import('./shared/recognition.ts'),
      import('./shared/comparison.ts'),
      import('../output/comparison-text.ts'),
    ]);
    const inUse = await profileInUse(app);
    const profile = inUse?.name ?? null;
    app.soFar(() => ({ profile }));
    const columns = await columnsFor(app, options.columns);
    const kinds = await kindsOfFiles(app, options);
    const files = await givenFiles(app, kinds.given);
    const progress = await createProgress(app.ui, app.context);
    let checked: CheckReport;
    try {
      checked = await reportFiles(app, files, columns, progress.listener);
    } finally {
      progress.stop();
    }
    const { reports, recognition, customersBilled } = checked;
    sayRecognised(app, recognition);
    const totals = totalsOfFiles(reports, customersBilled);
    const comparison = await compareFiles(app, inUse, options.against, totals);
    const parts = [
      findingsText(reports, app.ui),
      await totalsTable(reports, app.ui),
      comparison === null || comparison.against === null ? '' : await comparisonTable(comparison, app.ui),
      findingsVerdict(reports, app.ui),
    ];
    return {
      ...EMPTY_RESULT,
      profile,
      files: reports,
      ...(comparison === null ? {} : { comparison }),
      recognised: recognisedFacts(recognition),
      ...(kinds.recognised.length > 0 ? { kinds: kinds.recognised } : {}),
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
    amountText(amount),
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
