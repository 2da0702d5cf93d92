import { appendFileSync, chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test, vi } from 'vitest';
import { sanitizeEntry } from '../../src/load/entries.ts';
import { openJournal, readJournal } from '../../src/load/journal.ts';
import { cutOff } from '../../src/load/journal-line.ts';
import { replay, salvage } from '../../src/load/journal-lines.ts';
import type { LoadState } from '../../src/load/state.ts';
import { timelineOf } from '../../src/load/timeline.ts';
import { type Redacted, Redactor } from '../../src/redact/redactor.ts';
import { tempDir } from '../helpers/context.ts';
import { batch, HEADER, source } from './fixtures.ts';
import { ENTRIES, SECRET, V1_HEADER } from './journal-v1.ts';

const open = (path: string) => openJournal(path, HEADER, () => NOW, new Redactor());
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
    expect(cus).toMatchObject({ id: '3', created: 'yes', uploaded: 'unknown' });
    expect([...state.open.values()]).toMatchObject([{ call: 'put', jobId: 'AUG_2020_CUS' }]);
  });

  it('is for its owner alone', async () => {
    const path = at();
    await written(path);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  it('cut at any byte it still gives every complete entry, and can be appended to', async () => {
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

  it.each([1, 40, 130, 200, 700, 1200])(
    'torn after %i bytes it is marked, not cut away, and what follows is read',
    async (cut) => {
      const path = at();
      await written(path);
      const bytes = readFileSync(path).subarray(0, cut);
      writeFileSync(path, bytes);
      const before = await readJournal(path);
      for (const status of ['Queued', 'Success']) {
        const journal = await open(path);
        await journal.append({ type: 'seen', jobId: 'AUG_2020_CUS', batch: batch({ status }) });
        await journal.close();
        expect((await readJournal(path))?.batches.get('AUG_2020_CUS')?.seen?.status).toBe(status);
      }
      // A first line that is not whole says nothing: no request left before it.
      if (before !== null) expect(readFileSync(path).subarray(0, cut)).toEqual(bytes);
      expect(readFileSync(path, 'utf8').split('"torn"').length - 1).toBe(before === null ? 0 : 1);
    },
  );

  it('marks a line that another process left torn meanwhile', async () => {
    const path = at();
    await written(path);
    const journal = await open(path);
    await journal.append({ type: 'seen', jobId: 'AUG_2020_CUS', batch: null });
    appendFileSync(path, '{"at":"2020-08-31T22:00:00.000Z","type":"se');
    await journal.append({ type: 'seen', jobId: 'AUG_2020_CUS', batch: batch({ status: 'Queued' }) });
    await journal.close();
    expect((await readJournal(path))?.batches.get('AUG_2020_CUS')?.seen?.status).toBe('Queued');
  });

  it('lets no further request leave after a failed write', async () => {
    const path = at();
    const journal = await open(path);
    const probe = await openFile(path, 'r');
    const prototype: FileHandle = Object.getPrototypeOf(probe);
    await probe.close();
    const first = await journal.intent({ call: 'finalize', jobId: 'A', id: null });
    const spy = vi.spyOn(prototype, 'appendFile').mockRejectedValueOnce(new Error('disk'));
    await expect(journal.append({ type: 'seen', jobId: 'A', batch: null })).rejects.toThrow('disk');
    await expect(journal.intent({ call: 'finalize', jobId: 'B', id: null })).rejects.toThrow('disk');
    // What is known of requests that did leave is still recorded.
    await journal.answer(first, { outcome: 'refused' });
    spy.mockRestore();
    await journal.close();
    const state = await readJournal(path);
    expect([...(state?.batches.keys() ?? [])]).toEqual(['A']);
    expect(state?.open.size).toBe(0);
  });

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

  it('fails with a clear message where the user may not write', async () => {
    const blocked = join(tempDir(), 'file');
    writeFileSync(blocked, '');
    await expect(
      openJournal(join(blocked, 'x.jsonl'), HEADER, () => NOW, new Redactor()),
    ).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringMatching(/^Make the folder writable.*only if no load was started/),
    });
    chmodSync(blocked, 0o600);
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
    const lines = readFileSync(path, 'utf8').split('\n');
    // Lines of this version end with a checksum.
    expect(
      lines
        .map((line) => line.replace(/,"decisions":\d+/, '').replace(/,"sum":"[0-9a-f]{8}"}$/, '}'))
        .join('\n'),
    ).toBe(golden('jsonl'));
    expect(lines.filter((line) => !line.includes('"sum"'))).toEqual(['']);
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

/** A journal of an earlier program: without checksums and marks. */
const earlier = (text: string): string => text.replace(/,"sum":"[0-9a-f]{8}"}$/gm, '}');

async function textOf(): Promise<string> {
  const path = at();
  await written(path);
  return readFileSync(path, 'utf8');
}

const damaged = (line: number, why = ''): string => `Line ${line} of the journal J is damaged: ${why}`;

describe('a journal that was damaged', () => {
  it.each<[string, (entry: Record<string, unknown>) => unknown]>([
    ['a batch that is none', (entry) => ({ ...entry, batch: 5 })],
    ['a status that is a number', (entry) => ({ ...entry, batch: { ...batch(), status: 5 } })],
    ['children that are no list', (entry) => ({ ...entry, batch: { ...batch(), children: {} } })],
    ['no outcome', ({ outcome: _, ...entry }) => entry],
    ['no time', ({ at: _, ...entry }) => entry],
    ['a number that is a text', (entry) => ({ ...entry, n: '1' })],
    ['a number that no request has', (entry) => ({ ...entry, n: 9 })],
    ['no type', ({ type: _, ...entry }) => entry],
    ['batches nested without end', (entry) => ({ ...entry, batch: nested(64) })],
  ])('is refused by the line with %s, never guessed at', async (_what, damage) => {
    const lines = earlier(await textOf()).split('\n');
    const line = lines.findIndex((one) => one.includes('"answer"'));
    lines[line] = JSON.stringify(damage(JSON.parse(lines[line] ?? '')));
    expect(() => replay(lines.join('\n'), 'J')).toThrow(damaged(line + 1));
    expect(() => replay(lines.join('\n'), 'J')).toThrow(
      expect.objectContaining({ code: 'CONFLICT', hint: expect.stringContaining('ebill loads show') }),
    );
  });

  it('by a newer program’s entry is not', async () => {
    const text = await textOf();
    const state = replay(text, 'J');
    expect(replay(`${text}{"at":"2020","type":"blessed","n":{}}\n`, 'J')?.batches).toEqual(state?.batches);
  });

  it('is read again like one that was read for the first time, however it has grown or changed', async () => {
    const text = await textOf();
    const lines = text.split(/(?<=\n)/);
    const whole = plain(replay(text, 'J'));
    for (let n = 1; n <= lines.length; n += 1) replay(lines.slice(0, n).join(''), 'J');
    expect(plain(replay(text, 'J'))).toEqual(whole);
    // An earlier state stays what it was.
    const shorter = replay(lines.slice(0, -2).join(''), 'J');
    const before = plain(shorter);
    replay(text, 'J');
    expect(plain(shorter)).toEqual(before);
    const intent = lines.findIndex((line) => line.includes('"type":"intent"'));
    expect(() => replay(lines.toSpliced(intent, 1).join(''), 'J')).toThrow(/damaged/);
    expect(() => replay(`${text}${lines[intent]}`, 'J')).toThrow(/damaged/);
    expect(plain(replay(text, 'J'))).toEqual(whole);
  });

  it('in any one byte is refused, or says the same', async () => {
    const bytes = Buffer.from(await textOf());
    // The header keeps fields of a newer program, so the lost name of its checksum is another field.
    const said = (): unknown => {
      const state = replay(Buffer.from(bytes), 'J');
      return plain(
        state && {
          ...state,
          header: {
            ...HEADER,
            ...Object.fromEntries(
              Object.keys(HEADER).map((key) => [key, state.header[key as keyof typeof HEADER]]),
            ),
          },
        },
      );
    };
    const state = said();
    const last = bytes.lastIndexOf('\n', -2);
    let same = 0;
    for (let i = 0; i < bytes.length - 1; i += 1) {
      const old = bytes[i] ?? 0;
      const damages = [0, 0x0a, 0x20, 0x22, 0x2c, 0x7d, 0xff, old ^ 1, old ^ 0x20];
      // Every third one at each place.
      for (let k = i % 3; k < damages.length; k += 3) {
        const byte = damages[k] as number;
        if (byte === old) continue;
        bytes[i] = byte;
        try {
          expect(said()).toEqual(state);
          same += 1;
        } catch (error) {
          expect([i, error]).toEqual([i, expect.objectContaining({ code: 'CONFLICT' })]);
        }
      }
      bytes[i] = old;
    }
    // The name of a checksum may be lost, the byte before a first line be a blank, and little else.
    expect(same).toBeLessThan(last / 30);
  });

  it.each<[string, (lines: string[]) => number | undefined]>([
    ['an intent that is missing, with its answer left', (lines) => lines.splice(1, 1) && 2],
    ['an intent that is missing, with its answer', (lines) => lines.splice(1, 2) && 2],
    ['an intent that is there twice', (lines) => lines.splice(2, 0, lines[1] ?? '') && 3],
    ['a line of NUL bytes', (lines) => lines.splice(2, 1, '\0'.repeat(40)) && 3],
    ['a line that is no object', (lines) => lines.splice(2, 0, '[1]') && 3],
    ['any rubbish', (lines) => lines.splice(2, 0, 'x') && 3],
    [
      'a text that was cut off and has no mark',
      (lines) => lines.splice(3, 1, lines[3]?.slice(0, -2) ?? '') && 4,
    ],
    ['NUL bytes as a last line that is ended', (lines) => lines.splice(-1, 1, '\0'.repeat(40), '') && 7],
    ['NUL bytes in the middle of the end', (lines) => lines.splice(-1, 1, `{"at\0\0":"2020`) && 7],
    ['NUL bytes after rubbish', (lines) => lines.splice(-1, 1, 'x\0\0') && 7],
    ['rubbish at the end', (lines) => lines.splice(-1, 1, 'x') && 7],
  ])('is refused for %s', async (_what, change) => {
    const lines = (await textOf()).split('\n');
    const line = change(lines) ?? 0;
    expect(() => replay(lines.join('\n'), 'J')).toThrow(damaged(line));
  });

  it.each<[string, (lines: string[], line: number) => unknown]>([
    ['is missing', (lines, line) => lines.splice(line, 1)],
    ['is there twice', (lines, line) => lines.splice(line, 0, lines[line] ?? '')],
  ])('is refused when a line that nobody else knows %s, and only a backup helps', async (_what, change) => {
    const path = at();
    await written(path);
    const journal = await open(path);
    await journal.append({ type: 'abandoned', jobId: 'AUG_2020_CUS', id: '3', reason: 'replaced' });
    await journal.intent({ call: 'finalize', jobId: 'AUG_2020_CUS_2', id: '4' });
    await journal.close();
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(replay(lines.join('\n'), 'J')?.batches.get('AUG_2020_CUS')?.abandoned).toBe(true);
    const line = lines.findIndex((text) => text.includes('"abandoned"'));
    change(lines, line);
    const at8 = lines.findIndex((text) => text.includes('"finalize"')) + 1;
    expect(() => replay(lines.join('\n'), 'J')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`Line ${at8} of`),
        hint: expect.stringContaining('from a backup'),
      }),
    );
  });

  it('has a torn end where zeros were not written over before a power loss', async () => {
    const path = at();
    await written(path);
    const whole = readFileSync(path, 'utf8');
    const state = plain(await readJournal(path));
    const last = whole.slice(whole.lastIndexOf('\n', whole.length - 2) + 1, -1);
    for (const cut of [0, 1, 40, last.length - 1, last.length]) {
      writeFileSync(path, `${whole}${last.slice(0, cut)}${'\0'.repeat(100)}`);
      expect(plain(await readJournal(path))).toEqual(state);
      const journal = await open(path);
      await journal.append({ type: 'left-out', jobId: 'J' });
      await journal.close();
      expect((await readJournal(path))?.batches.get('J')?.leftOut).toBe(true);
    }
    writeFileSync(path, '\0'.repeat(100));
    expect(await readJournal(path)).toBeNull();
  });

  it('is no journal when its first line is damaged', async () => {
    const text = await textOf();
    for (const damage of [
      text.replace('{"ebill', '{ebill'),
      text.slice(text.indexOf('\n') + 1),
      'rubbish\n',
      '\0'.repeat(5000),
    ])
      expect(() => replay(damage, 'J')).toThrow('J is no journal of ebill, or its first line is damaged.');
  });

  it('can be read past the damage', async () => {
    const lines = (await textOf()).split('\n');
    lines[2] = `\0${lines[2]?.slice(1)}`;
    const { header, lines: read } = salvage(Buffer.from(lines.join('\n')), 'J');
    expect(header).toMatchObject({ job: 'AUG_2020' });
    expect(read.map((one) => ('line' in one ? one : one.type))).toEqual([
      'intent',
      { line: 3, reason: 'it has a NUL byte', text: expect.anything() },
      'intent',
      'answer',
      'intent',
    ]);
    expect(timelineOf(read).map(({ event }) => event)).toEqual([
      'init',
      'damaged',
      'create',
      'create',
      'put',
    ]);
  });
});

describe('a line that an earlier program left torn and ended', () => {
  /** The journal of an earlier program whose line `torn` was cut off after `cut` bytes when it was the last. */
  async function tornAt(torn: number, cut: (line: string) => number, after: (lines: string[]) => string[]) {
    const lines = earlier(await textOf()).split('\n');
    const text = lines[torn] ?? '';
    return [...lines.slice(0, torn), text.slice(0, cut(text)), ...after(lines)].join('\n');
  }

  it('is skipped, wherever it was cut off', async () => {
    const length = (earlier(await textOf()).split('\n')[3] ?? '').length;
    const whole = plain(replay(earlier(await textOf()), 'J'));
    for (let cut = 1; cut < length; cut += 7) {
      // The next run asked for the same request under the same number.
      const text = await tornAt(
        3,
        () => cut,
        (lines) => lines.slice(3),
      );
      expect(plain(replay(text, 'J'))).toEqual(whole);
    }
  }, 30_000);

  it('may be the last line, and is marked by the next run', async () => {
    const path = at();
    await written(path);
    writeFileSync(
      path,
      await tornAt(
        5,
        () => 90,
        () => [''],
      ),
    );
    expect((await readJournal(path))?.open.size).toBe(0);
    await (await open(path)).close();
    const journal = await open(path);
    expect(await journal.intent({ call: 'finalize', jobId: 'J', id: null })).toBe(3);
    await journal.close();
    expect((await readJournal(path))?.open.size).toBe(1);
    expect(readFileSync(path, 'utf8')).toContain('"type":"torn","bytes":90');
  });

  it('is damage when a number is missing after it', async () => {
    const text = await tornAt(
      3,
      () => 90,
      (lines) => lines.slice(5),
    );
    expect(() => replay(text, 'J')).toThrow(damaged(4, 'it is not JSON'));
  });

  it('is damage when it is as long as it was written', async () => {
    const lines = earlier(await textOf()).split('\n');
    lines[4] = lines[4]?.replace('"outcome":"', '"outcome":') ?? '';
    expect(() => replay(lines.join('\n'), 'J')).toThrow(damaged(5));
  });
});

test('a JSON object that was cut off is recognised, and nothing else is taken for one', () => {
  const value = fc
    .jsonValue({ depthSize: 'small' })
    .map((one) => JSON.stringify({ a: one, é: 'ü\n"\\\u0001' }));
  fc.assert(
    fc.property(value, (text) => {
      for (let cut = 1; cut < text.length; cut += 1)
        expect([text.slice(0, cut), cutOff(text.slice(0, cut))]).not.toContain(null);
      expect(cutOff(text)).toBeNull();
      expect(cutOff(`x${text}`)).toBeNull();
    }),
  );
  for (const text of ['', '[', '"', '{]', '{a', '{"a":x', '{"a" 1', '{"a":1}x', '{"a":"\0', '{"a":{}}'])
    expect([text, cutOff(text)]).toEqual([text, null]);
});
