import { describe, expect, it } from 'vitest';
import { tryHints } from './hints.ts';
import { QUICK, write } from './scenarios.ts';

describe('every command that a hint offers, run as printed', () => {
  it.each(QUICK.map((one) => [one.name, one] as const))(
    '%s: loads nothing twice and nothing incomplete',
    async (_name, one) => {
      const { wrong, tried } = await tryHints(one, write);
      expect(wrong).toEqual([]);
      expect(tried.length).toBeGreaterThan(1);
    },
  );
});
