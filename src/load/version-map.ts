interface Change<K, V> {
  readonly key: K;
  /** The value before; `had` tells an undefined value from none. */
  readonly had: boolean;
  readonly value: V | undefined;
  /** The version this change led to. */
  readonly newer: VersionMap<K, V>;
}

/**
 * An immutable map whose next version costs no copy: the newest version holds the entries, an older one the change that
 * undoes it. So a fold over many events is linear. Reading an older version copies it first; keys removed since come last.
 */
export class VersionMap<K, V> implements ReadonlyMap<K, V> {
  #entries: Map<K, V> | null;
  #change: Change<K, V> | null = null;

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
    entries.set(key, value);
    return newer;
  }

  /** The next version, without the key. */
  without(key: K): VersionMap<K, V> {
    const { entries, newer } = this.#leave(key);
    entries.delete(key);
    return newer;
  }

  /** Passes the entries to a newer version. */
  #leave(key: K): { readonly entries: Map<K, V>; readonly newer: VersionMap<K, V> } {
    const entries = this.#own();
    const newer = new VersionMap(entries);
    this.#change = { key, had: entries.has(key), value: entries.get(key), newer };
    this.#entries = null;
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
