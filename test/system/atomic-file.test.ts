import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AtomicFile, makeFolders, writeAtomic } from '../../src/system/atomic-file.ts';
import { rejection } from '../api/rig.ts';
import { tempDir } from '../helpers/context.ts';
import { spyOnSync } from '../helpers/sync-spy.ts';

afterEach(() => vi.restoreAllMocks());

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed, fsync`), { code });
}

describe('an atomic file', () => {
  it('is its owner’s alone from its first byte, under a name that is never the same', async () => {
    const folder = tempDir();
    const long = `${'é'.repeat(120)}.csv`;
    const files = await Promise.all(
      ['x.csv', 'x.csv', long].map((name) => AtomicFile.open(join(folder, name))),
    );
    const names = readdirSync(folder);
    expect(names).toHaveLength(3);
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    for (const file of files) await file.abort();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('holds all chunks in their order, small and large', async () => {
    const path = join(tempDir(), 'a.csv');
    const file = await AtomicFile.open(path);
    const chunks = [1, 20_000, 3, 300_000, 100, 5].map((size, i) => Buffer.alloc(size, 65 + i));
    for (const chunk of chunks) {
      const copy = Buffer.from(chunk);
      await file.write(copy);
      copy.fill(0);
    }
    expect(existsSync(path)).toBe(false);
    expect(await file.commit()).toBe(true);
    expect(readFileSync(path).equals(Buffer.concat(chunks))).toBe(true);
    await file.abort();
    expect(existsSync(path)).toBe(true);
  });

  it.each([true, false])(
    'is flushed, then named, then its folder is flushed (replace: %s)',
    async (replace) => {
      const path = join(tempDir(), 'a.json');
      const calls = await spyOnSync(path);
      await writeAtomic(path, '{}', { replace });
      expect(calls).toEqual([
        { kind: 'file', named: false },
        { kind: 'folder', named: true },
      ]);
    },
  );

  it.each(['file', 'folder'] as const)('fails when its %s cannot be flushed', async (failing) => {
    const path = join(tempDir(), 'a.json');
    await spyOnSync(path, (kind) => {
      if (kind === failing) throw systemError('EIO');
    });
    const error = await rejection(writeAtomic(path, '{}'));
    expect(error).toMatchObject({
      code: 'USAGE',
      message: `${path} cannot be written: EIO: it failed, fsync.`,
    });
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is written where the file system cannot flush a folder', async () => {
    const path = join(tempDir(), 'a.json');
    await spyOnSync(path, (kind) => {
      if (kind === 'folder') throw systemError('EINVAL');
    });
    expect(await writeAtomic(path, '{}')).toBe(true);
  });

  it('replaces a link, and never writes to where the link points', async () => {
    const folder = tempDir();
    const elsewhere = join(tempDir(), 'precious');
    writeFileSync(elsewhere, 'mine');
    symlinkSync(elsewhere, join(folder, 'a.csv'));
    symlinkSync(`${elsewhere}.not-there`, join(folder, 'b.csv'));
    for (const name of ['a.csv', 'b.csv']) {
      expect(await writeAtomic(join(folder, name), 'new')).toBe(true);
      expect(lstatSync(join(folder, name)).isFile()).toBe(true);
    }
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
    expect(existsSync(`${elsewhere}.not-there`)).toBe(false);
    expect(readdirSync(folder)).toEqual(['a.csv', 'b.csv']);
  });

  it('keeps a file or link of its name when it may not replace it', async () => {
    const folder = tempDir();
    symlinkSync(join(folder, 'nothing'), join(folder, 'a.csv'));
    writeFileSync(join(folder, 'b.csv'), 'mine');
    for (const name of ['a.csv', 'b.csv'])
      expect(await writeAtomic(join(folder, name), 'new', { replace: false })).toBe(false);
    expect(lstatSync(join(folder, 'a.csv')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'b.csv'), 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toEqual(['a.csv', 'b.csv']);
  });

  it('reports a name with a NUL as a usage error', async () => {
    expect(await rejection(writeAtomic(join(tempDir(), 'a\0b.csv'), ''))).toMatchObject({ code: 'USAGE' });
  });
});

describe('folders', () => {
  it('are created with their parents, all with the same mode', async () => {
    const folder = tempDir();
    const path = join(folder, 'ä b', 'c', 'd');
    await makeFolders(path, 0o700);
    await makeFolders(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'ä b')).mode & 0o777).toBe(0o700);
  });

  it('are flushed into each parent that got a new one', async () => {
    const path = join(tempDir(), 'a', 'b', 'c');
    const calls = await spyOnSync(dirname(dirname(dirname(path))));
    await makeFolders(path);
    expect(calls.map(({ kind }) => kind)).toEqual(['folder', 'folder', 'folder']);
    await makeFolders(path);
    expect(calls).toHaveLength(3);
  });

  it('can be created by several programs at once', async () => {
    const path = join(tempDir(), 'x', 'y', 'z');
    await Promise.all(Array.from({ length: 20 }, () => makeFolders(path)));
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('may be the root', async () => {
    await expect(makeFolders('/')).resolves.toBeUndefined();
  });

  it('are an error where a file is in the way', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'file'), '');
    await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(makeFolders(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(existsSync('/proc/self'))('are an error at once where nothing can be created', async () => {
    await expect(makeFolders('/proc/self/nope/below')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
