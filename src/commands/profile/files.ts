import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EbillError } from '../../errors.ts';
import type { Changes } from '../../profile/edit.ts';
import type { Context } from '../../system/context.ts';
import { visible } from '../../system/escaping.ts';

type Files = Pick<Changes, 'caFile' | 'clientCert' | 'clientKey'>;

/**
 * The certificate files of a call, by absolute paths: a profile serves from any folder.
 *
 * @throws EbillError `USAGE` for one that is no readable file
 */
export async function absoluteFiles(context: Context, files: Files): Promise<Files> {
  return {
    caFile: await absolute(context, '--ca-file', files.caFile),
    clientCert: await absolute(context, '--client-cert', files.clientCert),
    clientKey: await absolute(context, '--client-key', files.clientKey),
  };
}

async function absolute<File extends string | null | undefined>(
  context: Context,
  option: string,
  file: File,
): Promise<File | string> {
  if (typeof file !== 'string') return file;
  const path = resolve(context.cwd, file);
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no file');
    await access(path, constants.R_OK);
    return path;
  } catch (cause) {
    throw new EbillError('USAGE', `${option}: ${visible(path)} is not a file that can be read.`, {
      hint: 'Check the path and its permissions.',
      cause,
    });
  }
}
