import { isMap, isScalar, isSeq, type LineCounter, type Pair, type YAMLMap } from 'yaml';
import type { Place } from './types.ts';

/** Where things stand in a YAML text. */
export class Places {
  readonly #root: unknown;
  readonly #lines: LineCounter;
  /** The keys of the maps that were asked for: a map may have many. */
  readonly #keys = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

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
    return this.#start(this.#node(path));
  }

  /** Where a key stands in the map at a path. */
  key(path: readonly string[], key: string): Place {
    const node = this.#node(path);
    return this.#start((isMap(node) ? this.#pair(node, key)?.key : null) ?? node);
  }

  #node(path: readonly string[]): unknown {
    let node = this.#root;
    for (const step of path) node = this.#child(node, step) ?? node;
    return node;
  }

  #child(node: unknown, step: string): unknown {
    if (isSeq(node)) return node.items[Number(step)];
    const pair = isMap(node) ? this.#pair(node, step) : undefined;
    // A key without a value: its key is where it stands.
    return isWritten(pair?.value) ? pair?.value : pair?.key;
  }

  #pair(map: YAMLMap, key: string): Pair | undefined {
    let keys = this.#keys.get(map);
    if (keys === undefined) {
      keys = new Map(map.items.map((pair) => [keyText(pair.key), pair]));
      this.#keys.set(map, keys);
    }
    return keys.get(key);
  }

  #start(node: unknown): Place {
    const { range } = (node ?? {}) as { readonly range?: readonly number[] | null };
    return this.at(range?.[0] ?? 0);
  }
}

/** A key as it is a key of the plan's value. */
export function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : key;
  return value === null || value === undefined ? '' : String(value);
}

/** A value that stands in the text, be it `null` or `""`. */
function isWritten(node: unknown): boolean {
  if (node === null || node === undefined) return false;
  return !isScalar(node) || node.value !== null || (node.source ?? '') !== '';
}
