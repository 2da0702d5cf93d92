import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolders } from '../../src/system/folders.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebill-folders-'));

describe('folders', () => {
  it('are made with those above them, each for its owner alone', async () => {
    const path = join(folder, 'ä b', 'c', 'd');
    await makeFolders(path, 0o700);
    await makeFolders(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'ä b')).mode & 0o777).toBe(0o700);
  });

  it('many at once, as by two programs', async () => {
    await Promise.all(Array.from({ length: 20 }, () => makeFolders(join(folder, 'x', 'y', 'z'))));
    expect(statSync(join(folder, 'x', 'y', 'z')).isDirectory()).toBe(true);
  });

  it('the root is there', async () => {
    await expect(makeFolders('/')).resolves.toBeUndefined();
  });

  it('a file in the way is an error', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolders(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(existsSync('/proc/self'))('a place that lets nothing be made ends at once', async () => {
    await expect(makeFolders('/proc/self/nope/below')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
