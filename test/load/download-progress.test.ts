import { describe, expect, it } from 'vitest';
import { checkProgress } from '../../src/commands/shared/file-checks.ts';
import type { LoadEvent } from '../../src/load/events.ts';
import { downloadProgress } from '../../src/load/results.ts';
import { testContext } from '../helpers/context.ts';

function clocked() {
  const events: LoadEvent[] = [];
  let now = 0;
  const context = { ...testContext(), now: () => now };
  return {
    context,
    events,
    emit: (event: LoadEvent) => events.push(event),
    later: () => {
      now += 100;
    },
  };
}

describe('how far downloads are', () => {
  it('is reported for all of them together, at most ten times a second, with the total once all have started', () => {
    const { context, events, emit, later } = clocked();
    const progress = downloadProgress({ context, emit }, 2);
    const [a, b] = [progress('A'), progress('B')];
    a(10, 100);
    later();
    a(20, 100);
    a(30, 100);
    later();
    b(5, 50);
    later();
    // Another try begins from the first byte.
    a(0, 100);
    later();
    b(50, null);
    expect(
      events.map((event) => (event.event === 'wait.progress' ? [event.bytes, event.total] : [])),
    ).toEqual([
      [20, null],
      [35, 150],
      [5, 150],
      [50, null],
    ]);
  });
});

describe('how far a check is', () => {
  it('is reported for all its files together, never beyond their size', () => {
    const { context, events, emit, later } = clocked();
    const path = process.execPath;
    const gone = { path: '/nowhere/cus.csv', kind: 'customer' } as const;
    const tell = checkProgress(context, [100, 0], emit);
    tell({ path, kind: 'customer', bytes: 1, total: 2 });
    later();
    tell({ path, kind: 'customer', bytes: 5, total: 2 });
    later();
    tell({ ...gone, bytes: Number.MAX_SAFE_INTEGER, total: 0 });
    const sizes = events.map((event) => (event.event === 'check.progress' ? event : null));
    expect(sizes).toHaveLength(2);
    expect(sizes[0]?.bytes).toBe(5);
    expect(sizes[1]?.bytes).toBe(sizes[1]?.total);
  });
});
