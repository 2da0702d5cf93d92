import { appendFileSync, chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeEntry } from '../../src/load/entries.ts';
import { openJournal, readJournal, replay } from '../../src/load/journal.ts';
import type { LoadState } from '../../src/load/state.ts';
import { type Redacted, Redactor } from '../../src/redact/redactor.ts';
import { tempDir } from '../helpers/context.ts';
import { batch, HEADER, source } from './fixtures.ts';
import { ENTRIES, SECRET, V1_HEADER } from './journal-v1.ts';

const NOW = Date.UTC(2020, 7, 31);
const at = (folder = tempDir()): string => join(folder, 'loads', 'aug.jsonl');

async function written(path: string): Promise<LoadState> {
  const journal = await openJournal(path, HEADER, () => NOW, new Redactor());
  const init = await journal.intent({
    call: 'init',
    jobId: 'AUG_2020_INIT',
    request: {
      jobId: 'AUG_2020_INIT',
      carryForwardInvoices: true,
      carryForwardCreditMemos: true,
      carryForwardDebitMemos: true,
      zeroOutCustomerBalance: false,
    },
  });
  await journal.answer(init, { outcome: 'answered', batch: batch({ id: '1', jobId: 'AUG_2020_INIT' }) });
  const create = await journal.intent({
    call: 'create',
    jobId: 'AUG_2020_CUS',
    kind: 'customer',
    file: source(),
    parent: null,
  });
  await journal.answer(create, {
    outcome: 'answered',
    batch: batch({ uploadUrl: 'https://s3.example/acme/in/cus.csv?X-Amz-Signature=SECRET' }),
    upload: { object: 'https://s3.example/acme/in/cus.csv', expiresAt: NOW + 1000 },
  });
  await journal.intent({
    call: 'put',
    jobId: 'AUG_2020_CUS',
    object: 'https://s3.example/acme/in/cus.csv',
    bytes: 100,
  });
  await journal.close();
  return journal.state;
}

/** Maps as plain data, for comparing. */
const plain = (state: LoadState | null): unknown =>
  state === null ? null : { ...state, batches: [...state.batches], open: [...state.open] };

describe('a journal', () => {
  it('says again what was written, and keeps no signature', async () => {
    const path = at();
    const state = await written(path);
    expect(plain(await readJournal(path))).toEqual(plain(state));
    expect(readFileSync(path, 'utf8')).not.toContain('SECRET');
    const cus = state.batches.get('AUG_2020_CUS');
    expect(cus).toMatchObject({ id: '3', created: 'yes', uploaded: 'unknown', urlExpiresAt: NOW + 1000 });
    expect([...state.open.values()]).toEqual([{ call: 'put', jobId: 'AUG_2020_CUS' }]);
  });

  it('is for its owner alone', async () => {
    const path = at();
    await written(path);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  it('cut at any byte it still says everything that was whole, and can be gone on with', async () => {
    const path = at();
    await written(path);
    const bytes = readFileSync(path);
    const text = bytes.toString('utf8');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const kept = bytes.subarray(0, cut).toString('utf8');
      const whole = kept.slice(0, kept.lastIndexOf('\n') + 1);
      const told = replay(kept, path);
      // A last line without its end is whole exactly when it is all there.
      const complete = text.startsWith(`${kept}\n`) ? `${kept}\n` : whole;
      expect(plain(told)).toEqual(plain(replay(complete, path)));
    }
  });

  it.each([0, 1, 40, 200, 700])(
    'torn after %i bytes it is ended, not cut away, and what follows is read',
    async (cut) => {
      const path = at();
      await written(path);
      const bytes = readFileSync(path).subarray(0, cut);
      writeFileSync(path, bytes);
      const journal = await openJournal(path, HEADER, () => NOW, new Redactor());
      await journal.append({ type: 'seen', jobId: 'AUG_2020_CUS', batch: batch({ status: 'Queued' }) });
      await journal.close();
      expect(readFileSync(path).subarray(0, cut)).toEqual(bytes);
      expect((await readJournal(path))?.batches.get('AUG_2020_CUS')?.seen?.status).toBe('Queued');
    },
  );

  it('lines of many at once arrive whole and in order of their numbers', async () => {
    const path = at();
    const journal = await openJournal(path, HEADER, () => NOW, new Redactor());
    const numbers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => journal.intent({ call: 'finalize', jobId: `J${i}`, id: null })),
    );
    await journal.close();
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect((await readJournal(path))?.open.size).toBe(50);
  });

  it('of a newer program is refused, and left as it is', async () => {
    const path = at();
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ ...HEADER, ebillJournal: 2 })}\n`);
    await expect(openJournal(path, HEADER, () => NOW, new Redactor())).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('newer ebill'),
    });
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2);
  });

  it('of another server is refused', async () => {
    const path = at();
    await written(path);
    await expect(
      openJournal(path, { ...HEADER, baseUrl: 'https://other.example' }, () => NOW, new Redactor()),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is made by nobody who may not write there, with a clear word', async () => {
    const blocked = join(tempDir(), 'file');
    writeFileSync(blocked, '');
    await expect(
      openJournal(join(blocked, 'x.jsonl'), HEADER, () => NOW, new Redactor()),
    ).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('EBILL_HOME'),
    });
    chmodSync(blocked, 0o600);
  });

  it('passes over any rubbish between its lines', async () => {
    const path = at();
    const state = await written(path);
    const text = readFileSync(path, 'utf8');
    fc.assert(
      fc.property(
        fc.string().filter((line) => !line.includes('\n')),
        fc.nat(4),
        (line, after) => {
          const lines = text.split('\n');
          lines.splice(1 + after, 0, line.startsWith('{"') ? `x${line}` : line);
          expect(plain(replay(lines.join('\n'), path))).toEqual(plain(state));
        },
      ),
      { numRuns: 200 },
    );
    appendFileSync(path, '');
  });
});

/** Written by the first version of this format. When it changes, older loads can no longer be resumed. */
const golden = (name: string): string =>
  readFileSync(new URL(`../golden/journal-v1.${name}`, import.meta.url), 'utf8');

describe('format 1 of the journal', () => {
  it('is written byte for byte as by its first version, secrets and signatures removed', async () => {
    const path = at();
    const redactor = new Redactor();
    redactor.add(SECRET);
    let seconds = 0;
    const journal = await openJournal(path, V1_HEADER, () => NOW + (22 * 3600 + seconds++) * 1000, redactor);
    for (const entry of ENTRIES) await journal.append(entry);
    await journal.close();
    expect(readFileSync(path, 'utf8')).toBe(golden('jsonl'));
    expect(plain(journal.state)).toMatchObject(JSON.parse(golden('state.json')));
  });

  it('gives the state it gave with its first version', () => {
    // Fields may be added, never changed.
    expect(plain(replay(golden('jsonl'), 'journal'))).toMatchObject(JSON.parse(golden('state.json')));
  });

  it('drops a field that is not described rather than write it', () => {
    const more = { ...batch(), token: SECRET } as ReturnType<typeof batch>;
    const entry = { at: '2020', type: 'seen', jobId: 'J', batch: more } as const;
    expect(JSON.stringify(sanitizeEntry(entry, (text) => text as Redacted))).not.toContain(SECRET);
  });
});

const nested = (levels: number): unknown =>
  levels === 0 ? batch() : { ...batch(), children: [nested(levels - 1)] };

describe('a journal that was damaged', () => {
  it.each<[string, (entry: Record<string, unknown>) => unknown]>([
    ['a batch that is none', (entry) => ({ ...entry, batch: 5 })],
    ['a status that is a number', (entry) => ({ ...entry, batch: { ...batch(), status: 5 } })],
    ['children that are no list', (entry) => ({ ...entry, batch: { ...batch(), children: {} } })],
    ['no outcome', ({ outcome: _, ...entry }) => entry],
    ['no time', ({ at: _, ...entry }) => entry],
    ['a number that is a text', (entry) => ({ ...entry, n: '1' })],
    ['batches nested without end', (entry) => ({ ...entry, batch: nested(64) })],
  ])('is refused by the line with %s, never guessed at', async (_what, damage) => {
    const path = at();
    await written(path);
    const lines = readFileSync(path, 'utf8').split('\n');
    const line = lines.findIndex((one) => one.includes('"answer"'));
    lines[line] = JSON.stringify(damage(JSON.parse(lines[line] ?? '')));
    expect(() => replay(lines.join('\n'), path)).toThrow(
      `Line ${line + 1} of the journal ${path} is damaged.`,
    );
  });

  it('by a newer program’s entry is not', async () => {
    const path = at();
    const state = await written(path);
    const text = `${readFileSync(path, 'utf8')}{"at":"2020","type":"blessed","n":{}}\n`;
    expect(replay(text, path)?.batches).toEqual(state.batches);
  });
});
