import { describe, expect, it } from 'vitest';
import { tryHints } from './hints.ts';
import { BROAD, write } from './scenarios.ts';

describe('every command that a hint offers, run as printed', () => {
  it.each(BROAD.map((one) => [one.name, one] as const))('%s', { timeout: 120_000 }, async (_name, one) => {
    expect((await tryHints(one, write)).wrong).toEqual([]);
  });
});
