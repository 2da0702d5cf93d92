import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearest } from '../../src/system/nearest.ts';

it('finds the word that a mistyped one means', () => {
  expect(nearest('uplaod', ['upload', 'validate'])).toBe('upload');
  expect(nearest('STATUS', ['status', 'watch'])).toBe('status');
  expect(nearest('x', ['status'])).toBeNull();
  expect(nearest('finalise', ['finalize', 'init'])).toBe('finalize');
});

it('does not compare a text too long to be a word', () => {
  // With a row of a million numbers for each of its million letters this would never end.
  const endless = 'a'.repeat(1_000_000);
  expect(nearest(endless, ['a'.repeat(999_999)])).toBeNull();
  expect(nearest('status', [endless])).toBeNull();
});

it('finds only known words, and a known word itself', () => {
  expect(nearest('prdo', ['test', 'prod'])).toBe('prod');
  expect(nearest('PROD', ['test', 'prod'])).toBe('prod');
  expect(nearest('x', ['prod'])).toBeNull();
  expect(nearest('prod', [])).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.string()), fc.string(), (known, word) => {
      const found = nearest(word, known);
      expect(found === null || known.includes(found)).toBe(true);
      if (known.includes(word)) expect(found?.toLowerCase()).toBe(word.toLowerCase());
    }),
  );
});
