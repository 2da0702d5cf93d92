import { isMap, isPair, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import type { Place } from './types.ts';

/** Where things stand in a YAML text. */
export class Places {
  readonly #root: unknown;
  readonly #lines: LineCounter;

  constructor(root: unknown, lines: LineCounter) {
    this.#root = root;
    this.#lines = lines;
  }

  /** The place of an offset (UTF-16 units). */
  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Where a value begins, by its path from the root; where its nearest parent begins if there is none. */
  of(path: readonly string[]): Place {
    let node = this.#root;
    for (const step of path) node = child(node, step) ?? node;
    return this.#start(node);
  }

  /** Where a key stands in the map at a path. */
  key(path: readonly string[], key: string): Place {
    let node = this.#root;
    for (const step of path) node = child(node, step) ?? node;
    const pair = isMap(node) ? node.items.find((one) => keyText(one) === key) : undefined;
    return this.#start(pair?.key ?? node);
  }

  #start(node: unknown): Place {
    const range = (node as Node | null | undefined)?.range;
    return this.at(range?.[0] ?? 0);
  }
}

export function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function child(node: unknown, step: string): unknown {
  if (isMap(node)) {
    const pair = node.items.find((one) => isPair(one) && keyText(one) === step);
    // A key without a value has no node of its own: its key is where it stands.
    return pair === undefined ? undefined : (pair.value ?? pair.key);
  }
  return isSeq(node) ? (node.items[Number(step)] as unknown) : undefined;
}
