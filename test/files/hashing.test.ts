import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Hashing, HashThread, InlineHashes } from '../../src/files/hashing.ts';

const hex = (algorithm: string, content: string) => createHash(algorithm).update(content).digest('hex');
const all = (content: string) => ({
  sha256: hex('sha256', content),
  md5: hex('md5', content),
  crc32: crc32(content),
});

const MB = 1 << 20;

describe('Hashing', () => {
  it('hashes small files inline and large ones in one thread, file after file', async () => {
    const hashing = new Hashing();
    try {
      expect(await hashing.start(20 * MB, 'structure')).toBeInstanceOf(InlineHashes);
      const thread = await hashing.start(20 * MB, 'structure');
      expect(thread).toBeInstanceOf(HashThread);
      for (const [content, checks] of [
        ['a', 'structure'],
        ['b', 'across'],
        ['c', 'structure'],
      ] as const) {
        const same = await hashing.start(20 * MB, checks);
        expect(same).toBe(thread);
        for (const piece of ['x', content]) same.update(Buffer.from(piece));
        expect(await same.digest()).toEqual(all(`x${content}`));
      }
      // A small file is hashed before a thread could answer.
      expect(await hashing.start(10, 'structure')).toBeInstanceOf(InlineHashes);
    } finally {
      await hashing.close();
    }
  });

  it('hashes the next file correctly after one was given up', async () => {
    const hashing = new Hashing();
    try {
      const left = await hashing.start(40 * MB, 'structure');
      left.update(Buffer.from('left'));
      const next = await hashing.start(40 * MB, 'structure');
      next.update(Buffer.from('next'));
      expect(await next.digest()).toEqual(all('next'));
    } finally {
      await hashing.close();
    }
  });
});

describe('a thread that is started ahead', () => {
  /** Does the first file get a thread that is there already? */
  async function isAhead(...sizes: readonly number[]): Promise<boolean> {
    const hashing = new Hashing();
    const before = threads();
    try {
      hashing.expect(sizes);
      return threads() > before;
    } finally {
      await hashing.close();
    }
  }
  const threads = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

  it.each<[boolean, readonly number[]]>([
    [true, [40 * MB]],
    [true, [20 * MB, 5, 20 * MB]],
    [false, []],
    [false, [20 * MB]],
    [false, Array.from({ length: 100 }, () => MB - 1)],
    [true, [...Array.from({ length: 100 }, () => MB - 1), MB]],
  ])('%s: there is one for these sizes', async (is, sizes) => {
    expect(await isAhead(...sizes)).toBe(is);
  });

  it('hashes the first file', async () => {
    const hashing = new Hashing();
    try {
      hashing.expect([40 * MB]);
      const hashes = await hashing.start(40 * MB, 'across');
      hashes.update(Buffer.from('a'));
      expect(await hashes.digest()).toEqual(all('a'));
    } finally {
      await hashing.close();
    }
  });
});

describe('HashThread', () => {
  it('settles when at most the given number of blocks is pending', async () => {
    const thread = new HashThread();
    try {
      thread.begin([]);
      for (let i = 0; i < 5; i++) thread.update(Buffer.from('ab'));
      await thread.settled(2);
      await thread.settled(0);
      expect(await thread.digest()).toEqual(all('ab'.repeat(5)));
    } finally {
      await thread.close();
    }
  });

  it.each<{ readonly own: readonly ('sha256' | 'md5' | 'crc32')[] }>([
    { own: [] },
    { own: ['crc32'] },
    { own: ['sha256', 'crc32'] },
    { own: ['sha256', 'md5', 'crc32'] },
  ])('leaves what the other thread hashes itself: $own', async ({ own }) => {
    const thread = new HashThread();
    try {
      for (const content of ['x', 'yz']) {
        thread.begin(own);
        for (const piece of [content, content]) thread.update(Buffer.from(piece));
        expect(await thread.digest()).toEqual(all(content.repeat(2)));
      }
    } finally {
      await thread.close();
    }
  });

  it('rejects, and takes no other file, after it exited', async () => {
    const thread = new HashThread();
    await thread.close();
    expect(thread.hasFailed).toBe(true);
    await expect(thread.digest()).rejects.toThrow('exited early');
  });
});
