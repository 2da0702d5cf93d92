import { describe, expect, it } from 'vitest';
import { COMMANDS as REGISTRY } from '../../src/commands/index.ts';
import { playMonth, QUICK_MONTHS } from './canary-months.ts';
import { COMMANDS, ELSEWHERE } from './commands.ts';

describe('secrets are in no output and no file', () => {
  it('the table names every command', () => {
    const known = REGISTRY.map(({ path }) => path.join(' '));
    const told = [
      ...COMMANDS.map((args) =>
        args
          .filter((word) => /^[a-z]+$/.test(word))
          .slice(0, 2)
          .join(' '),
      ),
      ...ELSEWHERE,
    ];
    for (const name of known)
      expect(
        told.some((one) => one === name || one.startsWith(`${name} `) || name === one.split(' ')[0]),
        name,
      ).toBe(true);
  });

  // Every manner with every verbosity: canary.full.ts.
  it.each(QUICK_MONTHS)(
    'of a month with a server that echoes every request: $manner, $verbosity, $who',
    playMonth,
  );
});
