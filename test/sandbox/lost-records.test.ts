import { expect, test } from 'vitest';
import { parseFault } from '../../src/sandbox/faults.ts';
import { batch, field, finalize, sandbox, send, status, upload } from './rig.ts';

test('drop-row: a result without its last row, though the counts have it; once', async () => {
  const box = await sandbox({ processingTimeMs: 0, faults: ['download=drop-row'] });
  const id = await upload(box, 'customer', 'C', 'c.csv', 'Account Number,N\n1,a\n2,"b\n""b"\n');
  await finalize(box, id);
  await box.waitForIdle();
  const url = field(await status(box, id), 'downloadUrl');
  const [short, whole] = [await send({ method: 'GET', url }), await send({ method: 'GET', url })];
  expect(short).toMatchObject({ status: 200, body: 'Account Number,N,Status,Message\r\n1,a,Success,\r\n' });
  expect(whole.body).toBe(`${short.body}2,"b\n""b",Success,\r\n`);
  expect(batch(box, 'C').successCount).toBe(2);
});

test('drop-row: a header alone stays', async () => {
  const box = await sandbox({ processingTimeMs: 0, faults: ['download=drop-row'] });
  const id = await upload(box, 'customer', 'C', 'c.csv', 'k\n');
  await finalize(box, id);
  await box.waitForIdle();
  const url = field(await status(box, id), 'downloadUrl');
  expect((await send({ method: 'GET', url })).body).toBe('k,Status,Message\r\n');
});

test('lose-records: neither counted nor in the result', async () => {
  const box = await sandbox({ processingTimeMs: 0, faults: ['finalize[C]=lose-records:2'] });
  const id = await upload(box, 'customer', 'C', 'c.csv', 'Account Number\n1\n2\n3\n\n');
  await finalize(box, id);
  await box.waitForIdle();
  expect(batch(box, 'C')).toMatchObject({ successCount: 1, failCount: 0 });
  const url = field(await status(box, id), 'downloadUrl');
  expect((await send({ method: 'GET', url })).body).toBe('Account Number,Status,Message\r\n3,Success,\r\n');
});

test('the grammar', () => {
  expect(parseFault('finalize=lose-records:3').action).toEqual({ type: 'lose-records', records: 3 });
  for (const text of [
    'put=drop-row',
    'create=lose-records:1',
    'finalize=lose-records:0',
    'finalize=lose-records',
  ])
    expect(() => parseFault(text)).toThrow();
});
