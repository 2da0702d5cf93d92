import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openJournal } from '../../src/load/journal.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { tempDir } from '../helpers/context.ts';
import { spyOnSync } from '../helpers/sync-spy.ts';
import { HEADER } from './fixtures.ts';

afterEach(() => vi.restoreAllMocks());

describe('the name of a journal', () => {
  it('is flushed when the journal is created, and again when it is opened', async () => {
    const path = join(tempDir(), 'J.jsonl');
    for (const _run of ['created', 'opened']) {
      const calls = await spyOnSync(path);
      await (await openJournal(path, HEADER, () => 0, new Redactor())).close();
      vi.restoreAllMocks();
      expect(calls).toContainEqual({ kind: 'folder', named: true });
    }
  });
});
