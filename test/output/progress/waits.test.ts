import { describe, expect, it } from 'vitest';
import { Waits } from '../../../src/output/progress/waits.ts';

describe('waits that overlap', () => {
  it('show the latest one, after 300 ms', () => {
    const waits = new Waits();
    waits.start('wait', 'first', 0);
    waits.start('wait', 'second', 100);
    expect(waits.shown(299)).toBeNull();
    expect(waits.shown(300)).toEqual({ message: 'second', ms: 200, measured: null });
    waits.end('wait');
    expect(waits.shown(400)?.message).toBe('second');
    waits.end('wait');
    expect(waits.shown(500)).toBeNull();
  });

  it('keep showing a measured one while others start and end', () => {
    const waits = new Waits();
    waits.start('wait', 'fetching', 0);
    waits.measure('wait', 1000, null, 500);
    waits.start('wait', 'asking', 600);
    expect(waits.shown(1000)).toEqual({
      message: 'fetching',
      ms: 1000,
      measured: { bytes: 1000, total: null, rate: expect.any(Number) },
    });
    waits.measure('wait', 3000, 9000, 1500);
    waits.end('wait');
    expect(waits.shown(1500)?.measured).toMatchObject({ bytes: 3000, total: 9000 });
    waits.end('wait');
    expect(waits.any).toBe(false);
    // Nobody's: nothing is open.
    waits.measure('check', 1, 2, 1600);
    expect(waits.shown(9000)).toBeNull();
  });
});
