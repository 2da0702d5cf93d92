import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openJournal } from '../../src/load/journal.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { type Lock, lockLoad } from '../../src/system/lock.ts';
import { tempDir, testContext } from '../helpers/context.ts';
import { HEADER } from '../load/fixtures.ts';

const at = (): string => join(tempDir(), 'loads', 'aug.jsonl');

async function locked(path: string): Promise<Lock> {
  const lock = await lockLoad(testContext(), path, { job: 'AUG', command: 'ebill test' }, () => undefined);
  onTestFinished(() => lock.release());
  return lock;
}

async function opened(path: string, lock: Lock | null) {
  const journal = await openJournal(path, HEADER, () => 0, new Redactor(), lock);
  onTestFinished(() => journal.close());
  return journal;
}

const FINALIZE = { call: 'finalize', jobId: 'J', id: null } as const;

describe('the lock of a load', () => {
  it('is held by one at a time, and free again when released', async () => {
    const path = at();
    const first = await locked(path);
    await expect(locked(path)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('ebill test'),
    });
    await first.release();
    await locked(path);
  });

  it('is free when released, although the journal stays open for a wait', async () => {
    const path = at();
    const first = await locked(path);
    const waiting = await opened(path, first);
    await first.release();
    const second = await locked(path);
    expect(await (await opened(path, second)).intent(FINALIZE)).toBe(1);
    await waiting.append({ type: 'seen', jobId: 'J', batch: null });
  });

  it('keeps others out although its file is deleted', async () => {
    const path = at();
    const first = await locked(path);
    const journal = await opened(path, first);
    rmSync(`${path}.lock`);
    const second = await locked(path);
    await expect(opened(path, second)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('whose lock file was deleted'),
    });
    expect(await journal.intent(FINALIZE)).toBe(1);
    // Reading commands add what they have seen meanwhile.
    await (await opened(path, null)).append({ type: 'seen', jobId: 'J', batch: null });
    await journal.close();
    expect(await (await opened(path, second)).intent(FINALIZE)).toBe(2);
  });

  it('is taken on the file that is there, not on one deleted while it was waited for', async () => {
    const path = at();
    const first = await locked(path);
    const context = testContext();
    const waiting = lockLoad(
      {
        ...context,
        sleep: async () => {
          rmSync(`${path}.lock`, { force: true });
          await first.release();
        },
      },
      path,
      { job: 'AUG', command: 'ebill second' },
      () => undefined,
    );
    onTestFinished(async () => (await waiting).release());
    await waiting;
    expect(readFileSync(`${path}.lock`, 'utf8')).toContain('ebill second');
    await expect(locked(path)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('a journal that is moved away while it is written', () => {
  it.each([
    ['moved', (path: string) => renameSync(path, `${path}.old`)],
    ['deleted', (path: string) => rmSync(path)],
    ['deleted with its folder', (path: string) => rmSync(dirname(path), { recursive: true })],
  ])('%s: no further request leaves', async (_how, act) => {
    const path = at();
    const journal = await opened(path, await locked(path));
    await journal.intent(FINALIZE);
    act(path);
    await expect(journal.intent(FINALIZE)).rejects.toMatchObject({
      code: 'CONFLICT',
      hint: expect.stringContaining('Put it back'),
    });
    await expect(journal.intent(FINALIZE)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(existsSync(path)).toBe(false);
  });
});
