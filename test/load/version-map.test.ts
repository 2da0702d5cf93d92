import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { apply } from '../../src/load/apply-entry.ts';
import type { Entry } from '../../src/load/entries.ts';
import { emptyState } from '../../src/load/state.ts';
import { VersionMap } from '../../src/load/version-map.ts';
import { HEADER } from './fixtures.ts';

const change = fc.record({
  key: fc.integer({ min: 0, max: 5 }),
  value: fc.option(fc.integer(), { nil: undefined }),
  remove: fc.boolean(),
  /** From which of the versions so far. */
  from: fc.nat(),
});

const parity = (value: number | undefined): readonly string[] =>
  value === undefined ? ['none'] : value % 2 === 0 ? ['even', 'whole'] : ['odd'];

it('keeps every version as it was, whatever is made of which and read when', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (changes, reads) => {
        const versions = [VersionMap.of(new Map<number, number | undefined>([[9, 9]]))];
        const models = [new Map<number, number | undefined>([[9, 9]])];
        for (const { key, value, remove, from } of changes) {
          const at = from % versions.length;
          const [version, model] = [versions[at], new Map(models[at])];
          if (version === undefined) throw new Error('no version');
          // An index that exists is kept up to date from here on.
          if (from % 3 === 0) version.where(parity, 'odd');
          versions.push(remove ? version.without(key) : version.with(key, value));
          if (remove) model.delete(key);
          else model.set(key, value);
          models.push(model);
        }
        const sorted = (map: ReadonlyMap<number, number | undefined>) => [...map].sort(([a], [b]) => a - b);
        for (const read of [...reads, ...versions.keys()]) {
          const at = read % versions.length;
          const [version, model] = [versions[at], models[at]];
          if (version === undefined || model === undefined) throw new Error('no version');
          expect(sorted(version)).toEqual(sorted(model));
          expect(version.size).toBe(model.size);
          for (const key of ['odd', 'even', 'none'])
            expect(version.where(parity, key)).toEqual(
              [...version.values()].filter((one) => parity(one).includes(key)),
            );
          for (const key of [0, 1, 9]) {
            expect(version.get(key)).toBe(model.get(key));
            expect(version.has(key)).toBe(model.has(key));
          }
          const seen: unknown[] = [];
          version.forEach((value, key, map) => {
            seen.push([key, value, map === version]);
          });
          expect(seen).toEqual([...version.keys()].map((key) => [key, version.get(key), true]));
        }
      },
    ),
  );
});

it('keeps the order of the newest version, that of first setting', () => {
  const map = VersionMap.of(new Map<string, number>()).with('b', 1).with('a', 2).with('b', 3);
  expect([...map.keys()]).toEqual(['b', 'a']);
  expect([...map.values()]).toEqual([3, 2]);
});

it('folds events without copying the map, however many they are', () => {
  let copied = 0;
  class Counted<K, V> extends Map<K, V> {
    constructor(from?: Iterable<readonly [K, V]> | null) {
      super(from);
      copied += this.size;
    }
  }
  vi.stubGlobal('Map', Counted);
  try {
    const events = Array.from({ length: 2000 }, (_, i): Entry[] => {
      const file = { path: `/${i}.csv`, name: `${i}.csv`, records: 1, bytes: 1, sha256: 'a', md5: 'b' };
      const jobId = `X_CUS_${i}`;
      const at = '2020-08-01T00:00:00.000Z';
      return [
        { type: 'intent', at, n: i + 1, call: 'create', jobId, kind: 'customer', file, parent: null },
        { type: 'answer', at, n: i + 1, outcome: 'answered' },
      ] as Entry[];
    }).flat();
    const state = events.reduce(apply, emptyState(HEADER));
    expect(state.batches.size).toBe(2000);
    expect(state.open.size).toBe(0);
    expect(copied).toBe(0);
  } finally {
    vi.unstubAllGlobals();
  }
});
