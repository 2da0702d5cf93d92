import { type Document, isCollection, isScalar, visit } from 'yaml';

/**
 * The quotes and brackets that are opened and not closed, each where it is opened: the parser says it where it gives up,
 * which may be the end of the file. Pure.
 */
export function unclosed(
  document: Document.Parsed,
  text: string,
): readonly { readonly offset: number; readonly message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Node: (_key, node) => {
      const [offset, end] = node.range ?? [0, 0];
      const opening = text.charAt(offset);
      const closing = CLOSING[opening];
      const enclosed = isScalar(node)
        ? /^QUOTE/.test(node.type ?? '')
        : isCollection(node) && node.flow === true;
      if (!enclosed || closing === undefined) return;
      if (end - offset > 1 && text.charAt(end - 1) === closing) return;
      found.push({ offset, message: `this ${opening} is not closed: a ${closing} is missing` });
    },
  });
  return found;
}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", '[': ']', '{': '}' };
