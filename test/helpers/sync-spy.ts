import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { vi } from 'vitest';

/** Records each `fsync`: of a file or a folder, and whether `path` existed then. `fail` may throw. */
export async function spyOnSync(path: string, fail: (kind: 'file' | 'folder') => void = () => undefined) {
  const probe = await open(dirname(path), 'r');
  const prototype: FileHandle = Object.getPrototypeOf(probe);
  await probe.close();
  const sync = prototype.sync;
  const calls: { kind: 'file' | 'folder'; named: boolean }[] = [];
  vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const kind = (await this.stat()).isDirectory() ? 'folder' : 'file';
    calls.push({ kind, named: existsSync(path) });
    fail(kind);
    return sync.call(this);
  });
  return calls;
}
