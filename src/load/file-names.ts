import { createHash } from 'node:crypto';

/** Names of files made from job ids and names of loads, which are any text. One text has one name, whatever the system. */

/**
 * Whether Windows keeps this name for a device. It does whatever follows a dot or spaces, in any case of letters, and
 * takes superscript digits for digits. No folder of such a name can be made there either.
 */
export const isDeviceName = (name: string): boolean =>
  /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?: *\.| *$)/i.test(name);

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** The name of a journal; the hash tells names apart that look the same as file names. */
export function journalName(text: string): string {
  const readable = text
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 60);
  const name = `${readable}-${shortHash(text)}`;
  return isDeviceName(name) ? `_${name}` : name;
}

/**
 * The name of a server's folder of journals, `https+ebill.example.com-1a2b3c4d`. No profile's name has a `+`: that tells
 * these folders from those of the earlier layout, which had one for each profile.
 * @param server as `serverOf` names it
 */
export function serverFolderName(server: string): string {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/s.exec(server) ?? [null, 'other', server];
  return `${scheme}+${journalName(rest)}`;
}

export const isServerFolder = (name: string): boolean => name.includes('+');

/** Such a job id is its own file name. Upper case alone, because `a` and `A` are one file on many systems. */
const PLAIN = /^[A-Z0-9][A-Z0-9_-]{0,79}$/;

/** The same for files the operator sees: readable, and with a hash only where another job id could have the same name. */
function stem(jobId: string): string {
  if (PLAIN.test(jobId) && !isDeviceName(jobId)) return jobId;
  return `${readable(jobId)}-${shortHash(jobId)}`;
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

/** `AUG_2020.ebill-load.jsonl`: the load for another machine. */
export const exportName = (job: string): string => `${stem(job)}.ebill-load.jsonl`;

/** The folder of a load's results: `./<job>/`. */
export function resultsFolder(job: string): string {
  const name = readable(job);
  return name === '' ? 'results' : isDeviceName(name) ? `_${name}` : name;
}
