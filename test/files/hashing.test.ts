import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Hashing, HashThread, InlineHashes } from '../../src/files/hashing.ts';

const hex = (algorithm: string, content: string) => createHash(algorithm).update(content).digest('hex');
const both = (content: string) => ({ sha256: hex('sha256', content), md5: hex('md5', content) });

const MB = 1 << 20;

describe('the hashes of the files of one call', () => {
  it('are made in place while they are few bytes, then in one thread, file after file', async () => {
    const hashing = new Hashing();
    try {
      expect(await hashing.hashesFor(20 * MB)).toBeInstanceOf(InlineHashes);
      const thread = await hashing.hashesFor(20 * MB);
      expect(thread).toBeInstanceOf(HashThread);
      for (const content of ['a', 'b']) {
        const same = await hashing.hashesFor(20 * MB);
        expect(same).toBe(thread);
        for (const piece of ['x', content]) same.update(Buffer.from(piece));
        expect(await same.digest()).toEqual(both(`x${content}`));
      }
      // A small one is done before a thread would answer.
      expect(await hashing.hashesFor(10)).toBeInstanceOf(InlineHashes);
    } finally {
      await hashing.close();
    }
  });

  it('are right after a file was given up half-way', async () => {
    const hashing = new Hashing();
    try {
      const left = await hashing.hashesFor(40 * MB);
      left.update(Buffer.from('left'));
      const next = await hashing.hashesFor(40 * MB);
      next.update(Buffer.from('next'));
      expect(await next.digest()).toEqual(both('next'));
    } finally {
      await hashing.close();
    }
  });
});

describe('a hashing thread', () => {
  it('says when no more than so many blocks wait', async () => {
    const thread = new HashThread();
    try {
      for (let i = 0; i < 5; i++) thread.update(Buffer.from('ab'));
      await thread.settled(2);
      await thread.settled(0);
      expect(await thread.digest()).toEqual(both('ab'.repeat(5)));
    } finally {
      await thread.close();
    }
  });

  it('that ended fails who waits for it, and takes no other file', async () => {
    const thread = new HashThread();
    await thread.close();
    expect(thread.isFresh).toBe(false);
    await expect(thread.digest()).rejects.toThrow('ended early');
  });
});
