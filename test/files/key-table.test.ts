import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { extended } from '../../src/files/field-values.ts';
import { KeyTable } from '../../src/files/key-table.ts';
import { KeyHash64 } from '../../src/files/keys.ts';

const hash = new KeyHash64();
const hashed = (text: string): [number, number] => {
  const bytes = Buffer.from(text);
  hash.update(bytes, 0, bytes.length);
  return [hash.low, hash.high];
};

describe('KeyTable', () => {
  it('finds first keys and repeats as a Map does, in any order of calls', () => {
    // Low and high half of a hash, and whether it is added or looked up.
    const step = fc.tuple(fc.integer({ min: -3, max: 9 }), fc.integer({ min: -2, max: 2 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const again = new Map<number, number>();
        const table = new KeyTable((first, key) => again.set(key, first));
        const first = new Map<string, number>();
        const expected = new Map<number, number>();
        let size = 0;
        for (const [low, high, adds] of steps) {
          const name = `${low} ${high}`;
          if (!adds) expect(table.find(low, high)).toBe(first.get(name) ?? -1);
          else {
            expect(table.is(size, low, high)).toBe(false);
            expect(table.add(low, high)).toBe(size);
            expect(table.is(size, low, high)).toBe(true);
            const known = first.get(name);
            if (known === undefined) first.set(name, size);
            else expected.set(size, known);
            size += 1;
          }
        }
        table.findRepeats();
        expect(again).toEqual(expected);
        expect(table.size).toBe(size);
      }),
    );
  });

  it('finds repeats among keys that are never looked up', () => {
    const key = fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -1, max: 1 }));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200, size: 'max' }), (keys) => {
        const repeats: [number, number][] = [];
        const table = new KeyTable((first, again) => repeats.push([first, again]));
        for (const [low, high] of keys) table.add(low, high);
        table.findRepeats();
        table.findRepeats();
        const names = keys.map(([low, high]) => `${low} ${high}`);
        const expected = names.flatMap((name, i) => {
          const first = names.indexOf(name);
          return first < i ? [[first, i]] : [];
        });
        expect(repeats).toEqual(expected);
      }),
    );
  });

  it('distinguishes 300,000 keys', () => {
    const again: number[] = [];
    const table = new KeyTable((_, key) => again.push(key));
    for (let i = 0; i < 300_000; i++) table.add(...hashed(`INV-202008-${i}`));
    table.findRepeats();
    for (let i = 0; i < 300_000; i += 7) expect(table.find(...hashed(`INV-202008-${i}`))).toBe(i);
    expect(table.find(...hashed('INV-202008-300000'))).toBe(-1);
    expect(again).toEqual([]);
  });
});

describe('KeyHash64', () => {
  it('spreads both halves: few of 300,000 sequential keys agree in 32 bits', () => {
    const lows = new Set<number>();
    const highs = new Set<number>();
    for (let i = 0; i < 300_000; i++) {
      const [low, high] = hashed(String(1007 + i * 37).padStart(10, '0'));
      lows.add(low);
      highs.add(high);
    }
    // Ten would agree by chance.
    expect(300_000 - lows.size).toBeLessThan(40);
    expect(300_000 - highs.size).toBeLessThan(40);
  });

  it('distinguishes a key from its prefixes and from itself with NUL bytes', () => {
    const all = ['', 'a', 'a\0', 'a\0\0', 'ab', 'abc', 'abcd', 'abcd\0', 'abcde', '0001', '1']
      .slice(1)
      .map((text) => hashed(text).join());
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('extended', () => {
  it('keeps the elements, in the same memory from the second time on', () => {
    const first = Int32Array.of(1, 2, 3);
    const second = extended(first, 4);
    const third = extended(second, 100);
    third[99] = 5;
    expect([...second]).toEqual([1, 2, 3, ...Array(9).fill(0)]);
    expect(third.length).toBe(192);
    expect([...third.subarray(0, 4), third[99], third[191]]).toEqual([1, 2, 3, 0, 5, 0]);
    expect(third.buffer).toBe(second.buffer);
  });

  it('copies them where address space is short', () => {
    vi.stubGlobal('SharedArrayBuffer', function fail() {
      throw new RangeError('Array buffer allocation failed');
    });
    const array = extended(Float64Array.of(1, 2), 3);
    vi.unstubAllGlobals();
    expect([...array]).toEqual([1, 2, 0, 0, 0, 0, 0, 0]);
    expect(array.buffer).toBeInstanceOf(ArrayBuffer);
  });
});
