import type { Batch } from '../batch/types.ts';
import { excerpt } from '../system/escaping.ts';
import { presignedFacts } from './transfer-url.ts';
import { parseXml, type XmlElement, XmlError } from './xml.ts';

/**
 * The batch in a response. Empty elements, and counts that are not whole numbers, are `null` (api rules 3 to 5).
 * @throws XmlError when the document is broken, is not a `batchProcess`, or contradicts itself
 */
export function parseBatch(document: string): Batch {
  const root = parseXml(document);
  if (root.name !== 'batchProcess')
    throw new XmlError(`the response is <${excerpt(root.name, 60)}>, not <batchProcess>`);
  return batchOf(root);
}

function batchOf(element: XmlElement): Batch {
  const field = (name: string): string | null => {
    const values = new Set(element.children.filter((child) => child.name === name).map(({ text }) => text));
    // Choosing one of two ids could finalize the wrong batch.
    if (values.size > 1) throw new XmlError(`the response has ${values.size} different values of <${name}>`);
    const [text = ''] = values;
    return text.trim() === '' ? null : text;
  };
  const trimmed = (name: string): string | null => field(name)?.trim() ?? null;
  const parent = { id: trimmed('parentBatchProcess'), jobId: field('parentBatchProcessJobId') };
  return {
    element: element.name,
    // Blanks around an id are layout: the server makes ids. A job id is the client's text and keeps its blanks.
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
    ...resultExpiry(trimmed('downloadUrl')),
    ...(parent.id === null && parent.jobId === null ? {} : { parent }),
    // `child` may be missing, empty, hold one batch or many, or be repeated for each.
    children: element.children
      .filter((child) => child.name === 'child')
      .flatMap((child) => child.children.filter(isBatch).map(batchOf)),
  };
}

const isBatch = (element: XmlElement): boolean =>
  element.name === 'batchProcess' || /^carryForward(?:Invoice|CreditMemo|DebitMemo)s?$/.test(element.name);

function count(text: string | null): number | null {
  const digits = text?.trim() ?? '';
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}

/** The only evidence is in the URL itself: what signs it decides how long it lives (api rule 11). */
function resultExpiry(url: string | null): Pick<Batch, 'resultExpiresAt'> {
  const { expiresAt } = presignedFacts(url ?? '');
  return expiresAt === null ? {} : { resultExpiresAt: new Date(expiresAt).toISOString() };
}
