import { isMap, isScalar, isSeq, type LineCounter, type Pair, type YAMLMap } from 'yaml';
import type { Place } from './plan-model.ts';

/** Line and column of the parts of a YAML text. */
export class YamlPlaces {
  readonly #root: unknown;
  readonly #lines: LineCounter;
  /** Keys of the maps seen so far, so that a lookup in a large map is not linear. */
  readonly #keys = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(root: unknown, lines: LineCounter) {
    this.#root = root;
    this.#lines = lines;
  }

  /** The place of an offset in UTF-16 units. */
  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** The start of the value at a path from the root, or of its nearest existing parent. */
  of(path: readonly string[]): Place {
    return this.#start(this.#node(path));
  }

  /** The place of a key in the map at a path. */
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
    // A key without a value has the place of the key.
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

/** A YAML key as a key of the parsed object. */
export function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : key;
  return value === null || value === undefined ? '' : String(value);
}

/** True for a value written in the text, `null` and `""` included. */
function isWritten(node: unknown): boolean {
  if (node === null || node === undefined) return false;
  return !isScalar(node) || node.value !== null || (node.source ?? '') !== '';
}
