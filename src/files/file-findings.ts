import { errnoOf, messageOf } from '../errors.ts';
import { visible } from '../system/escaping.ts';
import type { Finding } from './types.ts';

/** What is wrong with a file as a whole, before or beside its content. */
type Found = Omit<Finding, 'severity'>;

const WHOLE = { line: null, column: null } as const;

/** `error`: what `stat`, `open` or `read` threw. */
export function unreadable(error: unknown): Found {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return {
      code: 'missing',
      ...WHOLE,
      message: 'the file does not exist',
      hint: 'Check the name and the folder; a relative path starts at the current folder, in a plan at the folder of the plan.',
    };
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    return {
      code: 'unreadable',
      ...WHOLE,
      message: 'no permission to read the file',
      hint: 'Give your user the right to read it and to enter its folders.',
    };
  }
  return {
    code: 'unreadable',
    ...WHOLE,
    message: `the file cannot be read: ${visible(messageOf(error))}`,
    hint: 'Check the disk or the network share, or copy the file to a local folder.',
  };
}

export function notAFile(folder: boolean): Found {
  return {
    code: 'not-a-file',
    ...WHOLE,
    message: folder
      ? 'this is a folder'
      : 'this is a pipe or a device, and the content is needed more than once',
    hint: folder
      ? 'Give its files, for example with a pattern: FOLDER/*.csv'
      : 'Write the content to a file first and give that.',
  };
}

export function controlInName(name: string): Found {
  return {
    code: 'file-name',
    ...WHOLE,
    message: `the file name holds control characters: ${visible(name)}`,
    hint: 'Rename the file; the server and the reports are given its name.',
  };
}

export function changed(): Found {
  return {
    code: 'changed',
    ...WHOLE,
    message: 'the file changed while it was read',
    hint: 'Wait until the export is finished, then run the command again.',
  };
}
