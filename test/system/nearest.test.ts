import { expect, it } from 'vitest';
import { nearest } from '../../src/system/nearest.ts';

it('finds the word a mistyped one stands for', () => {
  expect(nearest('uplaod', ['upload', 'validate'])).toBe('upload');
  expect(nearest('STATUS', ['status', 'watch'])).toBe('status');
  expect(nearest('x', ['status'])).toBeNull();
  expect(nearest('finalise', ['finalize', 'init'])).toBe('finalize');
});

it('does not compare what can be no word, however long it is', () => {
  // With a row of a million numbers for each of its million letters this would never end.
  const endless = 'a'.repeat(1_000_000);
  expect(nearest(endless, ['a'.repeat(999_999)])).toBeNull();
  expect(nearest('status', [endless])).toBeNull();
});
