import { EbillError } from '../errors.ts';
import type { CommandModule } from './shared/command.ts';
import { listFlag } from './shared/options.ts';
import { STRICT_NOTE } from './shared/strict.ts';
import { declareUploadOptions, type UploadOptions, uploadOptions } from './shared/upload-options.ts';

export interface UploadInvoiceOptions extends UploadOptions {
  readonly items: readonly string[];
}

export const command: CommandModule<UploadInvoiceOptions> = {
  help: {
    notes: [STRICT_NOTE],
    examples: [
      [
        'ebill upload invoice inv.csv --items itm_*.csv --job AUG_2020',
        'upload an invoice file and its item files',
      ],
      ['ebill upload invoice inv.csv --items itm_*.csv --job AUG_2020 --wait', 'also finalize and wait'],
      [
        'ebill upload invoice inv_1.csv inv_2.csv --job AUG_2020 --finalize',
        'upload two invoice files without items',
      ],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9, 10],
    seeAlso: ['upload items', 'finalize', 'run'],
  },
  configure: (cmd) => {
    cmd
      .description(
        'Upload an invoice file and its item files. Without --items, several invoice files can be given, one batch for each.',
      )
      .argument('<files...>', 'CSV files or patterns; exactly one with --items')
      .optionsGroup('Options:')
      .option('--items <files...>', 'item files of the invoice file, or patterns')
      .optionsGroup('If it already exists:')
      .option(
        '--restart-invoice',
        'start the invoice batch over under a new job id; the old batch is never finalized',
      );
    declareUploadOptions(cmd);
  },
  options: (args, flags) => {
    const options = uploadOptions(args, flags);
    const items = listFlag(flags, 'items');
    if (items.length > 0 && options.files.length > 1)
      throw new EbillError(
        'USAGE',
        `--items belongs to one invoice file, but ${options.files.length} were given.`,
        { hint: 'Call it once for each invoice file.' },
      );
    return { ...options, items };
  },
  run: async (app, options) => {
    const { runUpload } = await import('./shared/upload-flow.ts');
    return runUpload(app, options, { invoice: options.files, items: options.items }, null);
  },
};
