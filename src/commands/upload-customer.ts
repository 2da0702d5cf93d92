import type { CommandModule } from './shared/command.ts';
import { STRICT_NOTE } from './shared/strict.ts';
import { declareUploadOptions, type UploadOptions, uploadOptions } from './shared/upload-options.ts';

export const command: CommandModule<UploadOptions> = {
  help: {
    notes: [STRICT_NOTE],
    examples: [
      ['ebill upload customer cus.csv --job AUG_2020', 'upload one file'],
      [
        'ebill upload customer cus_*.csv --job AUG_2020 --wait',
        'upload one batch for each file, finalize, and wait',
      ],
      [
        'ebill upload customer cus.csv --job AUG_2020 --dry-run --json',
        'print the requests as JSON and send nothing',
      ],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9, 10],
    seeAlso: ['upload invoice', 'finalize', 'validate'],
  },
  configure: (cmd) => {
    cmd
      .description('Upload customer files, one batch for each file.')
      .argument('<files...>', 'CSV files or patterns');
    declareUploadOptions(cmd);
  },
  options: uploadOptions,
  run: async (app, options) =>
    (await import('./shared/upload-flow.ts')).runUpload(app, options, { customer: options.files }, null),
};
