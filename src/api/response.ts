import type { Batch } from '../batch/types.ts';
import { visible } from '../system/escaping.ts';
import { parseXml, type XmlElement, XmlError } from './xml.ts';

/**
 * The batch in an answer. Empty elements are unknown (`null`), counts that are no whole number too; prose is never
 * parsed and the echo never trusted (batch-api.md, what bites 3 to 5).
 * @throws XmlError when the document is broken, no `batchProcess` answer, or contradicts itself.
 */
export function parseBatch(document: string): Batch {
  const root = parseXml(document);
  if (root.name !== 'batchProcess')
    throw new XmlError(`the answer is <${visible(root.name.slice(0, 60))}>, not <batchProcess>`);
  return batchOf(root);
}

function batchOf(element: XmlElement): Batch {
  const field = (name: string): string | null => {
    const given = new Set(element.children.filter((child) => child.name === name).map(({ text }) => text));
    // Which of two ids is meant nobody knows; to take one may finalize the other.
    if (given.size > 1)
      throw new XmlError(`the answer gives <${name}> ${given.size} times, each time another`);
    const [text = ''] = given;
    return text.trim() === '' ? null : text;
  };
  const trimmed = (name: string): string | null => field(name)?.trim() ?? null;
  return {
    element: element.name,
    // The server makes ids; blanks around one are layout. A job id is the client's text and keeps its blanks.
    id: trimmed('id'),
    jobId: field('jobId'),
    status: trimmed('status'),
    operation: trimmed('operation'),
    subOperation: trimmed('subOperation'),
    successCount: count(field('successCount')),
    successMessage: trimmed('successMessage'),
    errorMessage: trimmed('errorMessage'),
    failCount: count(field('failCount')),
    uploadUrl: trimmed('uploadUrl'),
    downloadUrl: trimmed('downloadUrl'),
    // `child` may be missing, empty, hold one or many, or stand once for each.
    children: element.children
      .filter((child) => child.name === 'child')
      .flatMap((child) => child.children.filter(isBatch).map(batchOf)),
  };
}

const isBatch = (element: XmlElement): boolean =>
  element.name === 'batchProcess' || /^carryForward(?:Invoice|CreditMemo|DebitMemo)s?$/.test(element.name);

/** Records; `null` when it is empty or no whole number. */
function count(text: string | null): number | null {
  const digits = text?.trim() ?? '';
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}
