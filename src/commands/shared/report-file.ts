import { open, stat } from 'node:fs/promises';
import { EbillError, errnoOf } from '../../errors.ts';
import type { Redacted } from '../../redact/redactor.ts';
import { GENERATOR, type ReportFacts } from '../../report/facts.ts';
import { writeRedacted } from '../../system/atomic-file.ts';

/** So much of a file tells whether it is a report. Bytes. */
const HEAD = 2048;

/**
 * A report of ours may be made anew; somebody else's page under that name may not be lost.
 * @throws EbillError USAGE
 */
export async function assertReplaceable(path: string): Promise<void> {
  try {
    // Before it is opened: opening a named pipe would wait for its writer for ever.
    if (!(await stat(path)).isFile()) throw new Error('it is no ordinary file');
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      if (buffer.toString('utf8', 0, bytesRead).includes(`name="generator" content="${GENERATOR}"`)) return;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
  }
  throw new EbillError('USAGE', `${path} is there already and is no report of ebill.`, {
    hint: 'Name another file with --out, or write over it with --force.',
  });
}

/** Writes the page of a load: whole or not at all. @param path absolute @throws EbillError USAGE */
export async function writeReport(facts: Redacted<ReportFacts>, path: string): Promise<void> {
  // Charts are a heavy package: read when a page is made.
  const { reportPage } = await import('../../report/page.ts');
  await writeRedacted(path, reportPage(facts));
}
