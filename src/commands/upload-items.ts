import { EbillError } from '../errors.ts';
import type { CommandModule } from './shared/command.ts';
import { checkedJobId, textFlag } from './shared/options.ts';
import { STRICT_NOTE } from './shared/strict.ts';
import { declareUploadOptions, type UploadOptions, uploadOptions } from './shared/upload-options.ts';

export interface UploadItemsOptions extends UploadOptions {
  readonly parentId: string | null;
  readonly parentJobId: string | null;
}

export const command: CommandModule<UploadItemsOptions> = {
  help: {
    notes: [STRICT_NOTE],
    examples: [
      [
        'ebill upload items itm_7.csv --job AUG_2020',
        'add a file to the only open invoice batch of the load',
      ],
      [
        'ebill upload items itm_*.csv --parent-job-id AUG_2020_INV_2 --job AUG_2020',
        'add files to another invoice batch',
      ],
      [
        'ebill upload items itm_*.csv --job AUG_2020 --shard 3/8',
        'upload the share of the third of eight machines',
      ],
    ],
    exitCodes: [3, 4, 5, 6, 7, 8, 9, 10],
    seeAlso: ['upload invoice', 'finalize'],
  },
  configure: (cmd) => {
    cmd
      .description('Add item files to an invoice batch that is not finalized yet.')
      .argument('<files...>', 'CSV files or patterns')
      .optionsGroup('Which batches:')
      .option('--parent-id <n>', 'id of the invoice batch')
      .option(
        '--parent-job-id <id>',
        'job id of the invoice batch (default: the only open invoice batch of the load)',
      );
    cmd
      .optionsGroup('Options:')
      .option(
        '--shard <k/n>',
        'upload only every Nth file, starting with the Kth, to share the files among N machines (implies --adopt)',
      );
    declareUploadOptions(cmd);
  },
  options: (args, flags) => {
    const options = uploadOptions(args, flags);
    if (options.jobId !== null && options.shard !== null) {
      throw new EbillError('USAGE', '--shard numbers the batches; --job-id names one.', {
        hint: 'Leave one of them out.',
      });
    }
    const id = textFlag(flags, 'parentId');
    const jobId = textFlag(flags, 'parentJobId');
    return {
      ...options,
      parentId: id === null ? null : checkedJobId(id, '--parent-id'),
      parentJobId: jobId === null ? null : checkedJobId(jobId, '--parent-job-id'),
    };
  },
  run: async (app, options) => {
    const { runUpload } = await import('./shared/upload-flow.ts');
    const parent = { id: options.parentId, jobId: options.parentJobId };
    return runUpload(app, options, { items: options.files }, parent);
  },
};
