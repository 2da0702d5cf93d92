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
      expect(await hashing.start(20 * MB)).toBeInstanceOf(InlineHashes);
      const thread = await hashing.start(20 * MB);
      expect(thread).toBeInstanceOf(HashThread);
      for (const content of ['a', 'b']) {
        const same = await hashing.start(20 * MB);
        expect(same).toBe(thread);
        for (const piece of ['x', content]) same.update(Buffer.from(piece));
        expect(await same.digest()).toEqual(all(`x${content}`));
      }
      // A small file is hashed before a thread could answer.
      expect(await hashing.start(10)).toBeInstanceOf(InlineHashes);
    } finally {
      await hashing.close();
    }
  });

  it('hashes the next file correctly after one was given up', async () => {
    const hashing = new Hashing();
    try {
      const left = await hashing.start(40 * MB);
      left.update(Buffer.from('left'));
      const next = await hashing.start(40 * MB);
      next.update(Buffer.from('next'));
      expect(await next.digest()).toEqual(all('next'));
    } finally {
      await hashing.close();
    }
  });
});

describe('HashThread', () => {
  it('settles when at most the given number of blocks is pending', async () => {
    const thread = new HashThread();
    try {
      for (let i = 0; i < 5; i++) thread.update(Buffer.from('ab'));
      await thread.settled(2);
      await thread.settled(0);
      expect(await thread.digest()).toEqual(all('ab'.repeat(5)));
    } finally {
      await thread.close();
    }
  });

  it('rejects, and takes no other file, after it exited', async () => {
    const thread = new HashThread();
    await thread.close();
    expect(thread.isIdle).toBe(false);
    await expect(thread.digest()).rejects.toThrow('exited early');
  });
});
