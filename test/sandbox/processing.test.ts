import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { checkRecords } from '../../src/sandbox/records.ts';
import { batch, field, finalize, sandbox, send, status, temporaryFolder, upload } from './rig.ts';

async function resultOf(box: Sandbox, id: string): Promise<string> {
  const reply = await send({ method: 'GET', url: field(await status(box, id), 'downloadUrl') });
  return reply.body;
}

async function customers(content: string | Buffer) {
  const box = await sandbox({ processingTimeMs: 0 });
  const id = await upload(box, 'customer', 'C', 'c.csv', content);
  await finalize(box, id);
  await box.waitForIdle();
  const reply = await status(box, id);
  const { successCount, failCount } = batch(box, 'C');
  return { reply, state: field(reply, 'status'), successCount, failCount, result: await resultOf(box, id) };
}

describe('customers', () => {
  test('field count, empty key, repeated key; some good is still Success', async () => {
    const done = await customers(
      'Name,Account Number\n"A, B",1\n"say ""hi""\nthere",2\nC\nD,3,x\nE, \nF,1\nG,4\n\nH,5\n\n\n',
    );
    expect(done).toMatchObject({ state: 'Success', successCount: 4, failCount: 5 });
    expect(field(done.reply, 'successMessage')).toBe('Success, 4 records successfully processed, 5 failed');
    expect(field(done.reply, 'errorMessage')).toBe('5 of 9 records failed, see the output file');
    expect(field(done.reply, 'failCount')).toBe('5');
    expect(done.result.split('\r\n')).toEqual([
      'Name,Account Number,Status,Message',
      '"A, B",1,Success,',
      '"say ""hi""\nthere",2,Success,',
      'C,,Failed,"Expected 2 fields, found 1"',
      'D,3,Failed,"Expected 2 fields, found 3"',
      'E, ,Failed,Account Number is empty',
      'F,1,Failed,Account Number 1 occurs more than once',
      'G,4,Success,',
      ',,Failed,"Expected 2 fields, found 1"',
      'H,5,Success,',
      '',
    ]);
  });

  test('all failed is Failed, with a result', async () => {
    const done = await customers('Account Number,B\n,x\n,y\n');
    expect(done).toMatchObject({ state: 'Failed', successCount: 0, failCount: 2 });
    expect(field(done.reply, 'successMessage')).toBe('');
    expect(done.result).toContain('Account Number is empty');
  });

  test.each([
    ['k\n', 'k,Status,Message\r\n'],
    ['', 'Status,Message\r\n'],
  ])('no records (%j) is Failed', async (content, result) => {
    const done = await customers(content);
    expect(done).toMatchObject({ state: 'Failed', successCount: 0, failCount: 0, result });
    expect(field(done.reply, 'errorMessage')).toBe('The file has no records');
  });

  test('BOM, CRLF, Unicode, no key column, no last line end', async () => {
    const done = await customers('\uFEFFKonto,Ä\r\n1,ß🧾\r\n2,x\r\n1,again');
    expect(done).toMatchObject({ state: 'Success', successCount: 2, failCount: 1 });
    expect(done.result.startsWith('Konto,Ä,Status,Message\r\n1,ß🧾,Success,\r\n')).toBe(true);
  });

  test('a quote left open makes the rest one failed record', async () => {
    const done = await customers('Account Number,B\n1,x\n2,"open\n3,y\n');
    expect(done).toMatchObject({ state: 'Success', successCount: 1, failCount: 1 });
    expect(done.result).toContain(',,Failed,Not readable from here on (CSV_QUOTE_NOT_CLOSED)');
  });
});

test('an item fails when its invoice is not among the accepted ones', async () => {
  const box = await sandbox({ processingTimeMs: 0 });
  const invoice = await upload(box, 'invoice', 'I', 'i.csv', 'Invoice Number,Amount\n1,5\n2\n3,7\n3,8\n');
  const items = 'Line,Invoice Number\na,1\nb,1\nc,2\nd,3\ne,4\nf,\n';
  const child = await upload(box, 'items', 'T', 't.csv', items, { parentId: invoice });
  await finalize(box, invoice);
  await box.waitForIdle();
  expect(batch(box, 'I')).toMatchObject({ status: 'Success', successCount: 2, failCount: 2 });
  expect(batch(box, 'T')).toMatchObject({ status: 'Success', successCount: 3, failCount: 3 });
  expect(await resultOf(box, child)).toBe(
    [
      'Line,Invoice Number,Status,Message',
      'a,1,Success,',
      'b,1,Success,',
      'c,2,Failed,Invoice Number 2 is not among the accepted invoices',
      'd,3,Success,',
      'e,4,Failed,Invoice Number 4 is not among the accepted invoices',
      'f,,Failed,Invoice Number is empty',
      '',
    ].join('\r\n'),
  );
});

test('final only when the time is over and the records are decided', async () => {
  let now = Date.UTC(2020, 7, 31);
  const box = await sandbox({ processingTimeMs: 90, now: () => now });
  const id = await upload(box, 'customer', 'C', 'c.csv', 'k\n1\n');
  const seen = [field(await finalize(box, id), 'status')];
  const look = async () => field(await status(box, id), 'status');
  // The records are decided long before the time is over.
  await expect.poll(() => box.snapshot().objects.length, { interval: 5 }).toBe(2);
  for (const ms of [29, 1, 59, 1]) {
    now += ms;
    seen.push(await look());
  }
  expect(seen).toEqual(['Queued', 'Queued', 'InProgress', 'InProgress', 'Success']);
});

test('a record may have megabytes', async () => {
  const path = join(temporaryFolder(), 'long.csv');
  const notes = Array.from({ length: 25 }, () => 'y'.repeat(100_000)).join(',');
  writeFileSync(path, `k${',n'.repeat(25)}\n1,${notes}\n2,${notes}\n`);
  const rules = { keyColumn: 'k', unique: true, known: null };
  const signal = new AbortController().signal;
  const options = { collect: false, words: ['Success', 'Failed'], write: null, signal } as const;
  expect(await checkRecords(path, rules, options)).toMatchObject({ succeeded: 2, failed: 0 });
});

test('memory grows with the keys, not with the file', { tags: 'slow' }, async () => {
  const path = join(temporaryFolder(), 'big.csv');
  const line = `1,${'x'.repeat(1000)}\n`;
  const block = line.repeat(1000);
  await pipeline(
    Readable.from(
      (function* () {
        yield 'Invoice Number,Text\n';
        for (let index = 0; index < 40; index += 1) yield block;
        // An open quote ends the file.
        yield '2,"';
        for (let index = 0; index < 20; index += 1) yield block;
      })(),
    ),
    createWriteStream(path),
  );
  const before = process.memoryUsage().rss;
  let peak = 0;
  let last = '';
  const decision = await checkRecords(
    path,
    { keyColumn: 'Invoice Number', unique: false, known: new Set(['1']) },
    {
      collect: false,
      words: ['Success', 'Failed'],
      signal: new AbortController().signal,
      write: async (text) => {
        last = text;
        peak = Math.max(peak, process.memoryUsage().rss);
      },
    },
  );
  expect(decision).toMatchObject({ succeeded: 40_000, failed: 1 });
  expect(last).toContain('Not readable from here on (CSV_QUOTE_NOT_CLOSED)');
  expect((peak - before) / 1e6).toBeLessThan(200);
});

test('a file that cannot be read ends Failed, not running for ever', async () => {
  const box = await sandbox({ processingTimeMs: 0 });
  const id = await upload(box, 'customer', 'C', 'c.csv', 'k\n1\n');
  const { rmSync, readdirSync } = await import('node:fs');
  for (const blob of readdirSync(join(box.data, 'objects'))) rmSync(join(box.data, 'objects', blob));
  await finalize(box, id);
  await box.waitForIdle();
  const reply = await status(box, id);
  expect(field(reply, 'status')).toBe('Failed');
  expect(field(reply, 'errorMessage')).toContain('ENOENT');
  expect(field(reply, 'downloadUrl')).toBe('');
});

describe('download URLs', () => {
  /** The URLs of three questions, an hour apart, and what the storage says to the last one then. */
  async function askedThrice(downloadUrls: 'fixed' | 'fresh') {
    let now = Date.UTC(2021, 8, 21, 7, 15, 53, 400);
    const clock = () => now;
    const box = await sandbox({
      now: clock,
      downloadUrls,
      downloadExpirySeconds: 5400,
      processingTimeMs: 0,
    });
    const id = await upload(box, 'customer', 'C', 'c.csv', 'k\n1\n');
    await finalize(box, id);
    await box.waitForIdle();
    now += 5000;
    const urls: string[] = [];
    for (let hour = 0; hour < 3; hour += 1) {
      urls.push(field(await status(box, id), 'downloadUrl'));
      now += hour < 2 ? 3_600_000 : 0;
    }
    const { status: code, body } = await send({ method: 'GET', url: urls[2] ?? '' });
    return { urls, dates: urls.map((url) => /X-Amz-Date=(\w+)/.exec(url)?.[1]), code, body };
  }

  test('fixed: signed once, when the batch ended, and over when their life is', async () => {
    const { urls, dates, code, body } = await askedThrice('fixed');
    expect(new Set(urls).size).toBe(1);
    expect(dates[0]).toBe('20210921T071553Z');
    expect([code, body]).toEqual([403, expect.stringContaining('Request has expired')]);
  });

  test('fresh: signed with each answer', async () => {
    const { dates, code } = await askedThrice('fresh');
    expect(dates).toEqual(['20210921T071558Z', '20210921T081558Z', '20210921T091558Z']);
    expect(code).toBe(200);
  });
});
