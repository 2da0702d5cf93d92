import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, visit } from 'yaml';
import { visible } from '../system/escaping.ts';
import { keyText, Places } from './places.ts';
import type { Mistake } from './types.ts';
import { composeYaml } from './yaml-document.ts';
import { unclosed } from './yaml-unclosed.ts';
import { aliasAdvice, anchorAdvice, NOT_CLOSED, yamlMessage } from './yaml-words.ts';

/** A plan's text as a value, with the places of its parts. */
export interface YamlPlan {
  readonly value: unknown;
  readonly places: Places;
}

/** The value of a YAML text, or all that is wrong with it as YAML. Pure. */
export function readYaml(text: string): YamlPlan | { readonly mistakes: readonly Mistake[] } {
  const lines = linesOf(text);
  const composed = composeYaml(text);
  if ('tooDeep' in composed) {
    const place = new Places(null, lines).at(composed.tooDeep);
    return { mistakes: [{ ...place, message: 'this is nested far too deeply for a plan' }] };
  }
  const { document, second } = composed;
  const places = new Places(document.contents, lines);
  const open = unclosed(document, text).map(({ offset, message }) => ({ ...places.at(offset), message }));
  const mistakes: Mistake[] = [...document.errors, ...document.warnings]
    .map((error): Mistake => ({ ...places.at(error.pos[0]), message: yamlMessage(error) }))
    .filter(({ message }) => open.length === 0 || message !== NOT_CLOSED)
    .concat(open, notTaken(document, places));
  if (second !== null) {
    const message = 'a second document begins here; a plan is one: take it out, or give it a file of its own';
    mistakes.push({ ...places.at(second), message });
  }
  if (mistakes.length > 0) return { mistakes: onePerPlace(mistakes) };
  spelledJob(document);
  return { value: document.toJS({ maxAliasCount: 0 }) as unknown, places };
}

/** The parser's own count misses line ends within quotes where nothing should stand. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

/** What YAML knows and a plan does not: a plan is short, and what it says should stand where it is read. */
function notTaken(document: Document.Parsed, places: Places): readonly Mistake[] {
  const found: Mistake[] = [];
  const add = (offset: number | undefined, message: string): void => {
    found.push({ ...places.at(offset ?? 0), message });
  };
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) add(node.range?.[0], aliasAdvice(node.source));
      else if (node.anchor !== undefined) add(node.range?.[0], anchorAdvice(node.anchor));
    },
    Map: (_key, map) => {
      const first = new Map<string, number>();
      for (const { key } of map.items) {
        if (!isNode(key)) continue;
        const at = key.range?.[0];
        if (!isScalar(key)) {
          add(at, 'a list or a block stands where a key should: text with [ ] or { } goes in quotes');
          continue;
        }
        const text = keyText(key);
        const before = first.get(text);
        if (before === undefined) first.set(text, at ?? 0);
        else {
          const shown = visible(text.slice(0, 60));
          add(
            at,
            `"${shown}" is here a second time (first in line ${places.at(before).line}): make the two one`,
          );
        }
      }
    },
  });
  return found;
}

/** The first is the cause; what the parser says next of the same place is its consequence. */
function onePerPlace(mistakes: readonly Mistake[]): readonly Mistake[] {
  const seen = new Set<string>();
  return mistakes.filter(({ line, column }) => {
    const place = `${line}:${column}`;
    return !seen.has(place) && seen.add(place);
  });
}

/** A plain number as `job` is taken as it is spelled: 0123 is no 123 (cli.md, "Plan file"). */
function spelledJob(document: Document.Parsed): void {
  const { contents } = document;
  if (!isMap(contents)) return;
  const job = contents.items.find(({ key }) => keyText(key) === 'job')?.value;
  if (isScalar(job) && job.type === 'PLAIN' && typeof job.value === 'number')
    job.value = job.source ?? String(job.value);
}
