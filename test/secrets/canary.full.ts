import { describe, it } from 'vitest';
import { MONTHS, playMonth } from './canary-months.ts';

describe('secrets are in no output and no file', () => {
  it.each(MONTHS)('of a month with a server that echoes every request: $manner, $verbosity, $who', playMonth);
});
