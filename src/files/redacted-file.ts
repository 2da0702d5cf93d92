import type { Redacted } from '../redact/redactor.ts';
import { NewFile } from './new-file.ts';

/**
 * Writes a file of the program's own words (a report, a manifest, a plan), whole or not at all. It takes only text that has
 * been through the redactor; data goes byte for byte through `NewFile`.
 * @param force in the place of a file that is there
 * @returns false when one was there and was kept
 * @throws EbillError USAGE
 */
export async function writeRedacted(path: string, text: Redacted, force: boolean): Promise<boolean> {
  const file = await NewFile.create(path);
  try {
    await file.write(text);
    return await file.commit(force);
  } catch (error) {
    await file.discard();
    throw error;
  }
}
