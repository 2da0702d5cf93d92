import { basename } from 'node:path';
import { EbillError } from '../errors.ts';
import { visible } from '../system/escaping.ts';

/**
 * Refuses two files of one base name in one call or plan: the upload's object is named by the base name alone, and the
 * later file would silently replace the earlier one (batch-api.md, what bites 14). `paths`: all the files of the call,
 * absolute, customers, invoices and items together. Throws EbillError USAGE that names both.
 */
export function refuseSharedNames(paths: readonly string[]): void {
  const byName = new Map<string, string>();
  for (const path of paths) {
    const name = basename(path);
    const other = byName.get(name);
    if (other === undefined) {
      byName.set(name, path);
      continue;
    }
    if (other === path) {
      throw new EbillError('USAGE', `${visible(path)} is given twice in one call.`, {
        hint: 'A file is either customers, invoices or the items of one invoice file: name it once.',
      });
    }
    throw new EbillError('USAGE', `Two files have the same name: ${visible(other)} and ${visible(path)}`, {
      hint: 'On the server the second would replace the first before it is processed: rename one of them, or load them in different calls, the second when the first is final.',
    });
  }
}
