import { createHash } from 'node:crypto';
import { isDeviceName } from './device-name.ts';

/** Such a job id is its own file name. Upper case alone, because `a` and `A` are one file on many systems. */
const PLAIN = /^[A-Z0-9][A-Z0-9_-]{0,79}$/;

/**
 * A job id is any text; a file name is not. One name for each job id, always the same, so that a file found is that
 * batch's: readable, within the folder, and with a hash of the job id where another one could have the same name.
 */
function stem(jobId: string): string {
  if (PLAIN.test(jobId) && !isDeviceName(jobId)) return jobId;
  const hash = createHash('sha256').update(jobId).digest('hex').slice(0, 8);
  return `${readable(jobId)}-${hash}`;
}

const readable = (text: string): string => {
  const name = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}_-]+/gu, '_')
    .replace(/^-/, '_');
  // File systems count bytes: 255 for the whole name.
  let kept = '';
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > 100) break;
    kept += character;
  }
  return kept;
};

/** `AUG_2020_INV_result.csv`. */
export const resultName = (jobId: string): string => `${stem(jobId)}_result.csv`;

/** `AUG_2020_INV_rejects.csv`: the failed records as they were sent. */
export const rejectsName = (jobId: string): string => `${stem(jobId)}_rejects.csv`;

/** `AUG_2020_INV_rejects.messages.csv`: why each of them failed. */
export const messagesName = (jobId: string): string => `${stem(jobId)}_rejects.messages.csv`;

/** The folder of a load's results (cli.md, "Plan file": `./<job>/`). Files in it are told apart by their own names. */
export function resultsFolder(job: string): string {
  const name = readable(job);
  return name === '' ? 'results' : isDeviceName(name) ? `_${name}` : name;
}
