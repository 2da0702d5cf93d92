import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { keyText, Places } from './places.ts';
import type { Mistake } from './types.ts';

/** A plan's text as a value, with the places of its parts. */
export interface YamlPlan {
  readonly value: unknown;
  readonly places: Places;
}

/** The value of a YAML text, or all that is wrong with it as YAML. Pure. */
export function readYaml(text: string): YamlPlan | { readonly mistakes: readonly Mistake[] } {
  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', merge: false });
  } catch (error) {
    // Brackets without end are more than the parser's stack holds.
    if (!(error instanceof RangeError)) throw error;
    return { mistakes: [{ line: 1, column: 1, message: 'this is nested far too deeply' }] };
  }
  const places = new Places(document.contents, lines);
  const mistakes = [...document.errors, ...document.warnings].map(({ pos, code, message }) => ({
    ...places.at(pos[0]),
    message: YAML_WORDS[code] ?? plainly(message),
  }));
  mistakes.push(...reused(document, places));
  if (mistakes.length > 0) return { mistakes };
  spelledJob(document);
  return { value: document.toJS({ maxAliasCount: 0 }) as unknown, places };
}

const YAML_WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is there twice',
  MULTIPLE_DOCS: 'a second document begins here (---); a plan is one',
  TAB_AS_INDENT: 'a tab indents this line; YAML takes spaces only',
  MISSING_CHAR: 'something is missing here: a quote, a comma or a bracket that was opened is not closed',
  BAD_INDENT: 'this line is not indented like its neighbours',
  TAG_RESOLVE_FAILED: 'tags (!…) mean nothing in a plan: leave it out',
};

const plainly = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1);

/** Anchors, aliases and tags: a plan is short, and what it says should stand where it is read. */
function reused(document: Document.Parsed, places: Places): readonly Mistake[] {
  const found: Mistake[] = [];
  visit(document, {
    Node: (_key, node) => {
      if (found.length >= 10) return visit.BREAK;
      const place = places.at(node.range?.[0] ?? 0);
      if (isAlias(node))
        found.push({ ...place, message: 'aliases (*name) are not taken in a plan: write it out' });
      else if (node.anchor !== undefined)
        found.push({ ...place, message: 'anchors (&name) are not taken in a plan: leave it out' });
      return undefined;
    },
  });
  return found;
}

/** A plain number as `job` is taken as it is spelled: 0123 is no 123 (cli.md, "Plan file"). */
function spelledJob(document: Document.Parsed): void {
  const { contents } = document;
  if (!isMap(contents)) return;
  const job = contents.items.find((pair) => keyText(pair) === 'job')?.value;
  if (!isNode(job) || !isScalar(job) || job.type !== 'PLAIN') return;
  if (typeof job.value === 'number' || typeof job.value === 'bigint')
    job.value = job.source ?? String(job.value);
}
