import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTwoParts } from '../../src/load/run.ts';

const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await turn();
};

/** Work whose parts last until they are ended by name. */
function stage(limit: number, count: number) {
  const log: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const part = (name: string): Promise<void> =>
    new Promise((resolve, reject) => {
      log.push(name);
      ends.set(name, (error) => (error === undefined ? resolve() : reject(error)));
    });
  const items = Array.from({ length: count }, (_, i) => i + 1);
  const done = inTwoParts(limit, items, async (item, second) => {
    await part(`create ${item}`);
    await second();
    await part(`send ${item}`);
    return item;
  });
  const end = async (name: string, error?: Error): Promise<void> => {
    ends.get(name)?.(error);
    await settled();
  };
  return { log, end, done };
}

describe('work of two parts', () => {
  it('overlaps, each part at most so many at a time', async () => {
    const { log, end, done } = stage(2, 6);
    await settled();
    expect(log.splice(0)).toEqual(['create 1', 'create 2']);
    await end('create 1');
    await end('create 2');
    // Two are sent, and the next two are created meanwhile; no fifth.
    expect(log.splice(0)).toEqual(['create 3', 'send 1', 'create 4', 'send 2']);
    await end('create 4');
    await end('create 3');
    expect(log.splice(0)).toEqual([]);
    await end('send 2');
    expect(log.splice(0)).toEqual(['create 5', 'send 4']);
    for (const name of ['send 1', 'send 4', 'create 5', 'send 3', 'create 6', 'send 5', 'send 6'])
      await end(name);
    expect(await done).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('with a limit of 1 takes one item after the other', async () => {
    const { log, end, done } = stage(1, 2);
    await settled();
    await end('create 1');
    expect(log).toEqual(['create 1', 'send 1']);
    for (const name of ['send 1', 'create 2', 'send 2']) await end(name);
    expect(await done).toEqual([1, 2]);
  });

  it('starts no item after a failure, and awaits those under way with both parts', async () => {
    const { log, end, done } = stage(2, 6);
    await settled();
    for (const name of ['create 1', 'create 2', 'create 3']) await end(name);
    log.splice(0);
    let over = false;
    void done
      .catch(() => undefined)
      .then(() => {
        over = true;
      });
    await end('send 1', new Error('refused'));
    expect(log.splice(0)).toEqual(['send 3']);
    for (const name of ['send 2', 'create 4', 'send 3']) await end(name);
    expect([log, over]).toEqual([['send 4'], false]);
    await end('send 4');
    await expect(done).rejects.toThrow('refused');
  });
});
