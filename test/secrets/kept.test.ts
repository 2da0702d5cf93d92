import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NewEntry } from '../../src/load/entries.ts';
import { openJournal, readJournal } from '../../src/load/journal.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { tempDir } from '../helpers/context.ts';
import { batch, HEADER, source } from '../load/fixtures.ts';

const TOKEN = 'c4n4ry-token-1234567';
const NOW = Date.UTC(2020, 7, 31);

/** A server's batch that repeats a secret in every field it has. */
const parrot = () =>
  batch({
    id: `4-${TOKEN}`,
    jobId: TOKEN,
    status: TOKEN,
    operation: TOKEN,
    subOperation: TOKEN,
    successMessage: `you said Bearer ${TOKEN}`,
    errorMessage: `Authorization: Bearer ${TOKEN}`,
    uploadUrl: `https://s3.example/${TOKEN}/cus.csv?X-Amz-Signature=5ee5ee`,
    downloadUrl: `https://s3.example/${TOKEN}/cus.csv?X-Amz-Signature=5ee5ee`,
    children: [batch({ id: TOKEN, errorMessage: TOKEN })],
  });

/** One entry of every type and call, with the secret wherever a server can put one. */
const ENTRIES: readonly NewEntry[] = [
  { type: 'intent', n: 1, call: 'create', jobId: 'J_CUS', kind: 'customer', file: source(), parent: null },
  {
    type: 'answer',
    n: 1,
    outcome: 'answered',
    message: TOKEN,
    batch: parrot(),
    upload: { object: `https://s3.example/${TOKEN}/cus.csv`, expiresAt: NOW },
  },
  { type: 'intent', n: 2, call: 'put', jobId: 'J_CUS', object: `https://s3.example/${TOKEN}/c`, bytes: 1 },
  { type: 'answer', n: 2, outcome: 'answered', etag: TOKEN, verified: true },
  { type: 'intent', n: 3, call: 'finalize', jobId: 'J_CUS', id: TOKEN },
  {
    type: 'intent',
    n: 4,
    call: 'create',
    jobId: 'J_ITM',
    kind: 'items',
    file: source(),
    parent: { id: TOKEN, jobId: 'J_INV' },
  },
  { type: 'seen', jobId: 'J_CUS', batch: parrot() },
  { type: 'seen', jobId: 'J_CUS', batch: null },
  { type: 'found', jobId: 'J_INV', kind: 'invoice', parent: { id: TOKEN, jobId: null }, batch: parrot() },
  {
    type: 'discovered',
    batches: [{ jobId: 'J_B', kind: 'items', parent: { id: TOKEN, jobId: 'J_INV' }, batch: parrot() }],
  },
  { type: 'settled', jobId: 'J_CUS', call: 'finalize', batch: parrot() },
  { type: 'abandoned', jobId: 'J_B', id: TOKEN, reason: `the server said ${TOKEN}` },
  { type: 'adopted', jobId: 'J_INV', file: source() },
];

describe('a journal', () => {
  it('keeps no secret that a server repeats, in whichever field', async () => {
    const path = join(tempDir(), 'loads', 'j.jsonl');
    const redactor = new Redactor();
    redactor.add(TOKEN);
    const journal = await openJournal(path, HEADER, () => NOW, redactor);
    for (const entry of ENTRIES) await journal.append(entry);
    await journal.close();
    const text = readFileSync(path, 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(ENTRIES.length + 1);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('5ee5ee');
    // Half an id is none: the batch is gone on with by its job id.
    expect(journal.state.batches.get('J_CUS')?.id).toBeNull();
    expect((await readJournal(path))?.batches.get('J_CUS')).toEqual(journal.state.batches.get('J_CUS'));
  });

  it('knows an object again whose address it had to cut', async () => {
    const redactor = new Redactor();
    redactor.add(TOKEN);
    const journal = await openJournal(join(tempDir(), 'j.jsonl'), HEADER, () => NOW, redactor);
    const object = `https://s3.example/${TOKEN}/cus.csv`;
    await journal.intent({ call: 'put', jobId: 'J_CUS', object, bytes: 1 });
    await journal.close();
    expect(journal.state.batches.get('J_CUS')?.object).toBe(journal.kept(object));
  });

  it('keeps ids, messages and files that hold no secret as they are', async () => {
    const redactor = new Redactor();
    redactor.add(TOKEN);
    const journal = await openJournal(join(tempDir(), 'j.jsonl'), HEADER, () => NOW, redactor);
    const seen = batch({ id: '007', jobId: '1e5', errorMessage: 'token expired: pass=0' });
    await journal.append({ type: 'found', jobId: '1e5', kind: 'customer', parent: null, batch: seen });
    await journal.close();
    expect(journal.state.batches.get('1e5')?.seen).toEqual(seen);
  });
});
