import { describe, expect, it } from 'vitest';
import { someRows } from '../helpers/some-rows.ts';
import { type Scenario, tryHints } from './hints.ts';
import { QUICK, write } from './scenarios.ts';

describe('every command that a hint offers, run as printed', () => {
  const { some, others } = someRows(QUICK, 3);
  const isSafe = async (one: Scenario): Promise<void> => {
    const { wrong, tried } = await tryHints(one, write);
    expect(wrong).toEqual([]);
    expect(tried.length).toBeGreaterThan(1);
  };
  it.each(some)('$name: loads nothing twice and nothing incomplete', isSafe);
  it.each(others)('$name: loads nothing twice and nothing incomplete', { tags: 'slow' }, isSafe);
});
