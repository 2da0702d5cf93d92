interface Change<K, V> {
  readonly key: K;
  /** The value before; `had` tells an undefined value from none. */
  readonly had: boolean;
  readonly value: V | undefined;
  /** The version this change led to. */
  readonly newer: VersionMap<K, V>;
}

/** The keys that a value is found by. A constant: a map keeps an index for each. */
type KeysOf<V> = (value: V) => readonly string[];

/** The entries by the keys of their values, kept up to date with the newest version. */
class Index<K, V> {
  readonly #keysOf: KeysOf<V>;
  readonly #members = new Map<string, Set<K>>();
  /** The place of each entry in the map, and the groups that are not in that order any more. */
  readonly #order = new Map<K, number>();
  readonly #unsorted = new Set<string>();
  #added = 0;

  constructor(entries: ReadonlyMap<K, V>, keysOf: KeysOf<V>) {
    this.#keysOf = keysOf;
    for (const [key, value] of entries) this.#change(key, [], keysOf(value));
  }

  /** Call both with the entries before the change. */
  set(entries: ReadonlyMap<K, V>, key: K, value: V): void {
    this.#change(key, this.#keysIn(entries, key), this.#keysOf(value));
  }

  delete(entries: ReadonlyMap<K, V>, key: K): void {
    this.#change(key, this.#keysIn(entries, key), []);
    this.#order.delete(key);
  }

  #keysIn(entries: ReadonlyMap<K, V>, key: K): readonly string[] {
    return entries.has(key) ? this.#keysOf(entries.get(key) as V) : [];
  }

  #change(key: K, before: readonly string[], after: readonly string[]): void {
    if (!this.#order.has(key)) this.#order.set(key, this.#added++);
    for (const one of before) if (!after.includes(one)) this.#members.get(one)?.delete(key);
    for (const one of after) {
      if (before.includes(one)) continue;
      const group = this.#members.get(one);
      if (group === undefined) this.#members.set(one, new Set([key]));
      else {
        group.add(key);
        // An entry that came later may be there already.
        if (this.#order.get(key) !== this.#added - 1) this.#unsorted.add(one);
      }
    }
  }

  /** In the order of the map. */
  members(one: string): readonly K[] {
    const group = [...(this.#members.get(one) ?? [])];
    if (!this.#unsorted.delete(one)) return group;
    const order = (key: K): number => this.#order.get(key) ?? 0;
    group.sort((a, b) => order(a) - order(b));
    this.#members.set(one, new Set(group));
    return group;
  }
}

/**
 * An immutable map whose next version costs no copy: the newest version holds the entries, an older one the change that
 * undoes it. So a fold over many events is linear. Reading an older version copies it first; keys removed since come last.
 */
export class VersionMap<K, V> implements ReadonlyMap<K, V> {
  #entries: Map<K, V> | null;
  #change: Change<K, V> | null = null;
  /** Of the newest version; made when they are first asked for. */
  #indexes: Map<KeysOf<V>, Index<K, V>> | null = null;

  private constructor(entries: Map<K, V>) {
    this.#entries = entries;
  }

  /** A version with the entries of any map. */
  static of<K, V>(map: ReadonlyMap<K, V>): VersionMap<K, V> {
    return map instanceof VersionMap ? map : new VersionMap(new Map(map));
  }

  /** The next version, in which the key has this value. */
  with(key: K, value: V): VersionMap<K, V> {
    const { entries, newer } = this.#leave(key);
    for (const index of newer.#indexes?.values() ?? []) index.set(entries, key, value);
    entries.set(key, value);
    return newer;
  }

  /** The next version, without the key. */
  without(key: K): VersionMap<K, V> {
    const { entries, newer } = this.#leave(key);
    for (const index of newer.#indexes?.values() ?? []) index.delete(entries, key);
    entries.delete(key);
    return newer;
  }

  /** Passes the entries to a newer version. */
  #leave(key: K): { readonly entries: Map<K, V>; readonly newer: VersionMap<K, V> } {
    const entries = this.#own();
    const newer = new VersionMap(entries);
    this.#change = { key, had: entries.has(key), value: entries.get(key), newer };
    this.#entries = null;
    newer.#indexes = this.#indexes;
    this.#indexes = null;
    return { entries, newer };
  }

  #own(): Map<K, V> {
    if (this.#entries !== null) return this.#entries;
    const changes: Change<K, V>[] = [];
    let at: VersionMap<K, V> = this;
    for (; at.#change !== null; at = at.#change.newer) changes.push(at.#change);
    const entries = new Map(at.#entries);
    for (const { key, had, value } of changes.reverse()) {
      if (had) entries.set(key, value as V);
      else entries.delete(key);
    }
    this.#entries = entries;
    this.#change = null;
    return entries;
  }

  get size(): number {
    return this.#own().size;
  }

  get(key: K): V | undefined {
    return this.#own().get(key);
  }

  has(key: K): boolean {
    return this.#own().has(key);
  }

  /** The values that are found by a key, in the order of the map: without a search of the whole map. */
  where(keysOf: KeysOf<V>, key: string): readonly V[] {
    const entries = this.#own();
    this.#indexes ??= new Map();
    const index = this.#indexes.get(keysOf) ?? new Index(entries, keysOf);
    this.#indexes.set(keysOf, index);
    return index.members(key).map((one) => entries.get(one) as V);
  }

  forEach(each: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.#own()) each(value, key, this);
  }

  entries(): MapIterator<[K, V]> {
    return this.#own().entries();
  }

  keys(): MapIterator<K> {
    return this.#own().keys();
  }

  values(): MapIterator<V> {
    return this.#own().values();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }
}
