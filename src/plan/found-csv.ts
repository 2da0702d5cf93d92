import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { headerNames } from '../files/header.ts';
import { compareNaturally } from '../files/natural-order.ts';
import type { FoundCsv } from './starter-kinds.ts';

/** Bytes: more than any header has; a gigabyte on one line is not read for its first names. */
const HEADER = 64 * 1024;

/**
 * The CSV files of a folder, hidden ones aside, in natural order, each with the names in its header. One after the other:
 * there may be more than can be open at once.
 * @throws EbillError USAGE when there are none
 */
export async function csvFilesIn(folder: string): Promise<readonly FoundCsv[]> {
  const found: FoundCsv[] = [];
  for (const name of (await namesIn(folder)).sort(compareNaturally)) {
    if (!/\.csv$/i.test(name) || name.startsWith('.')) continue;
    const path = join(folder, name);
    const there = await stat(path).catch(() => null);
    if (there?.isFile()) found.push({ name, header: await headerOf(path) });
  }
  if (found.length > 0) return found;
  throw new EbillError('USAGE', `There are no CSV files in ${folder}.`, {
    hint: 'Go to the folder where they are, then: ebill run --init-plan. Paths in a plan are relative to it.',
  });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'it does not exist' : messageOf(cause);
    throw new EbillError('USAGE', `The folder ${folder} cannot be read: ${why}.`, {
      hint: 'A plan lies beside its files: go to their folder, then: ebill run --init-plan',
      cause,
    });
  }
}

/** The names of the first record; a file that cannot be read has none: the check before a load says why. */
async function headerOf(path: string): Promise<readonly string[]> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER), 0, HEADER, 0);
      return headerNames(firstRecord(buffer.toString('utf8', 0, bytesRead).replace(/^\ufeff/, '')));
    } finally {
      await file.close();
    }
  } catch {
    return [];
  }
}

/** Up to the first line end outside quotes; lines before it without anything are none. */
function firstRecord(text: string): string {
  return /^[\r\n]*((?:[^"\r\n]|"[^"]*")*)/.exec(text)?.[1] ?? '';
}
