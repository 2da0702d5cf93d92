import { describe, expect, test } from 'vitest';
import {
  batch,
  create,
  field,
  finalize,
  init,
  lastRequest,
  post,
  put,
  sandbox,
  send,
  status,
  upload,
  xml,
} from './rig.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const EMPTY_PART = `<id></id>
<jobId></jobId>
<status></status>
<operation></operation>
<subOperation></subOperation>
<successCount></successCount>
<successMessage></successMessage>
<errorMessage></errorMessage>
<failCount></failCount>`;

describe('init', () => {
  test('answers exactly what the vendor shows', async () => {
    const box = await sandbox();
    const reply = await init(box, 'AUGUST_2020_INIT');
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/xml');
    const document = `${DECLARATION}<batchProcess>
<id>1</id>
<jobId>AUGUST_2020_INIT</jobId>
<child>
<carryForwardInvoice>
<id>2</id>
<jobId></jobId>
<status>Success</status>
<operation>CarryForward</operation>
<subOperation>Invoice</subOperation>
<successCount>20375</successCount>
<successMessage>Success, 20375 records successfully processed,0failed</successMessage>
<errorMessage></errorMessage>
<failCount>0</failCount>
</carryForwardInvoice>
<carryForwardCreditMemo>
${EMPTY_PART}
</carryForwardCreditMemo>
<carryForwardDebitMemo>
${EMPTY_PART}
</carryForwardDebitMemo>
</child>
</batchProcess>
`;
    expect(reply.body).toBe(document);
    const asked = await send({
      method: 'GET',
      url: `${box.apiUrl}/rest/batchProcess?jobId=AUGUST_2020_INIT`,
    });
    expect(asked.body).toBe(document);
  });

  test('a kind not asked for stays open and comes back empty', async () => {
    const box = await sandbox({ openCreditMemos: 7 });
    const first = await init(box, 'A', { carryForwardInvoices: 'false', zeroOutCustomerBalance: 'true' });
    expect(first.body).toContain(`<carryForwardInvoice>\n${EMPTY_PART}`);
    expect(first.body).toContain('<subOperation>CreditMemo</subOperation>\n<successCount>7</successCount>');
    expect(box.snapshot()).toMatchObject({
      initCount: 1,
      zeroedCustomerBalances: 1,
      open: { invoices: 20375, creditMemos: 0, debitMemos: 0 },
    });
  });

  test.each(['refuse', 'reissue'] as const)('is never redone (duplicates: %s)', async (duplicates) => {
    const box = await sandbox({ duplicates });
    await init(box, 'A');
    const again = await init(box, 'A');
    expect(again.status).toBe(400);
    expect(again.body).toContain('jobId already exists');
    expect(box.snapshot().initCount).toBe(1);
    expect(box.requests.map((record) => record.effect)).toEqual([true, false]);
  });

  test('carries forward the invoices loaded here, once', async () => {
    const box = await sandbox({ openInvoices: 0, processingTimeMs: 0 });
    const id = await upload(box, 'invoice', 'INV', 'inv.csv', 'Invoice Number\n1\n2\n2\n');
    await finalize(box, id);
    await box.waitForIdle();
    expect(box.snapshot().open.invoices).toBe(2);
    expect((await init(box, 'ONE')).body).toContain('<successCount>2</successCount>');
    expect((await init(box, 'TWO')).body).toContain(`<carryForwardInvoice>\n${EMPTY_PART}`);
  });
});

describe('create', () => {
  test('answers what the vendor shows', async () => {
    const box = await sandbox();
    const reply = await create(box, 'customer', 'AUGUST_2020_CUS', 'CUS_AUG_2020_100RECORDS.csv');
    expect(reply.status).toBe(200);
    const url = field(reply, 'uploadUrl');
    expect(reply.body).toBe(`${DECLARATION}<batchProcess>
<id>1</id>
<jobId>AUGUST_2020_CUS</jobId>
<status>Draft</status>
<operation>eBill-Import</operation>
<subOperation>Customer</subOperation>
<successCount>0</successCount>
<successMessage>BatchProcess is created</successMessage>
<errorMessage></errorMessage>
<failCount>0</failCount>
<uploadUrl>${url}</uploadUrl>
</batchProcess>
`);
    expect(url.startsWith(`${box.s3Url}/batch-upload-sandbox/acme/in/CUS_AUG_2020_100RECORDS.csv?`)).toBe(
      true,
    );
    expect(lastRequest(box)).toMatchObject({
      call: 'create',
      jobId: 'AUGUST_2020_CUS',
      batchId: '1',
      effect: true,
    });
  });

  test.each([
    ['bare', '&X-Amz-'],
    ['escaped', '&amp;X-Amz-'],
  ] as const)('writes & in URLs %s', async (style, expected) => {
    const box = await sandbox({ style });
    const reply = await create(box, 'customer', 'A&B', 'a.csv');
    expect(reply.body).toContain(expected);
    expect(reply.body.includes('&amp;X-Amz-')).toBe(style === 'escaped');
    expect(reply.body).toContain('<jobId>A&amp;B</jobId>');
    expect((await put(field(reply, 'uploadUrl'), 'x')).status).toBe(200);
  });

  test('can lie in its echo as the vendor does', async () => {
    const box = await sandbox({ echo: 'vendor' });
    expect(field(await create(box, 'invoice', 'I', 'i.csv'), 'subOperation')).toBe('Customer');
    const honest = await sandbox();
    expect(field(await create(honest, 'invoice', 'I', 'i.csv'), 'subOperation')).toBe('Invoice');
  });

  test('keeps job ids as they are', async () => {
    const box = await sandbox();
    for (const jobId of ['007', '1e5', '0x10', ' A ', '&lt;', '月<&>"\'é🧾', ']]>']) {
      const reply = await create(box, 'customer', jobId, `${jobId.length}.csv`);
      expect(field(reply, 'jobId')).toBe(jobId);
      const query = encodeURIComponent(jobId);
      const asked = await send({ method: 'GET', url: `${box.apiUrl}/rest/batchProcess?jobId=${query}` });
      expect(field(asked, 'jobId')).toBe(jobId);
      expect(field(asked, 'id')).toBe(field(reply, 'id'));
    }
    expect((await send({ method: 'GET', url: `${box.apiUrl}/rest/batchProcess?jobId=7` })).status).toBe(404);
    expect((await send({ method: 'GET', url: `${box.apiUrl}/rest/batchProcess?jobId=A` })).status).toBe(404);
  });

  test('refuses a job id it knows, whatever the kind', async () => {
    const box = await sandbox();
    await create(box, 'customer', 'A', 'a.csv');
    for (const reply of [
      await create(box, 'customer', 'A', 'a.csv'),
      await create(box, 'invoice', 'A', 'b.csv'),
      await init(box, 'A'),
    ]) {
      expect(reply.status).toBe(400);
      expect(reply.body).toContain('<message>jobId already exists: A</message>');
    }
    expect(box.snapshot().batches).toHaveLength(1);
  });

  test('reissues a Draft of the same kind, and nothing further', async () => {
    const box = await sandbox({ duplicates: 'reissue' });
    const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
    const again = await create(box, 'customer', 'A', 'a.csv');
    expect(field(again, 'id')).toBe(id);
    expect((await put(field(again, 'uploadUrl'), 'k\n2\n')).status).toBe(200);
    expect((await create(box, 'invoice', 'A', 'a.csv')).status).toBe(400);
    expect(batch(box, 'A').createCount).toBe(2);
    await finalize(box, id);
    expect((await create(box, 'customer', 'A', 'a.csv')).status).toBe(400);
  });

  test('items need an invoice batch that is open, by id, job id or both', async () => {
    const box = await sandbox();
    const customer = field(await create(box, 'customer', 'C', 'c.csv'), 'id');
    const invoice = await upload(box, 'invoice', 'I', 'i.csv', 'k\n1\n');
    const other = field(await create(box, 'invoice', 'J', 'j.csv'), 'id');
    const attempt = async (jobId: string, parent: { parentId?: string; parentJobId?: string }) =>
      (await create(box, 'items', jobId, `${jobId}.csv`, parent)).status;
    expect(await attempt('1', { parentId: invoice })).toBe(200);
    expect(await attempt('2', { parentJobId: 'I' })).toBe(200);
    expect(await attempt('3', { parentId: invoice, parentJobId: 'I' })).toBe(200);
    expect(await attempt('4', { parentId: other, parentJobId: 'I' })).toBe(400);
    expect(await attempt('5', {})).toBe(400);
    expect(await attempt('6', { parentId: customer })).toBe(400);
    expect(await attempt('7', { parentId: '99' })).toBe(404);
    expect(await attempt('8', { parentId: invoice, parentJobId: 'nobody' })).toBe(404);
    expect((await create(box, 'customer', '9', '9.csv', { parentId: invoice })).status).toBe(400);
    expect(
      box
        .snapshot()
        .batches.filter((each) => each.parentId === invoice)
        .map((each) => each.jobId),
    ).toEqual(['1', '2', '3']);
    for (const each of ['1', '2', '3'])
      await put(field(await create(box, 'customer', `c${each}`, `${each}.csv`), 'uploadUrl'), 'k\n1\n');
    expect((await finalize(box, invoice)).status).toBe(200);
    expect(await attempt('10', { parentId: invoice })).toBe(400);
  });

  test.each(['../../x', 'a/b', '..', '.', '', ' ', 'a\u0001b', 'x'.repeat(1000)])(
    'refuses the file name %j',
    async (name) => {
      const box = await sandbox();
      expect((await create(box, 'customer', 'A', name)).status).toBe(400);
      expect(box.snapshot().batches).toHaveLength(0);
    },
  );
});

describe('finalize and status', () => {
  test('answers what the vendor shows, Draft to Success', async () => {
    let now = Date.UTC(2021, 8, 21);
    const box = await sandbox({ now: () => now, processingTimeMs: 3000 });
    const id = await upload(box, 'customer', 'AUGUST_2020_CUS', 'CUS.csv', 'Account Number\n1\n2\n');
    const document = (
      state: string,
      count: number,
      message: string,
      url = '',
    ) => `${DECLARATION}<batchProcess>
<id>1</id>
<jobId>AUGUST_2020_CUS</jobId>
<status>${state}</status>
<operation>eBill-Import</operation>
<subOperation>Customer</subOperation>
<successCount>${count}</successCount>
<successMessage>${message}</successMessage>
<errorMessage></errorMessage>
<failCount>0</failCount>
<downloadUrl>${url}</downloadUrl>
</batchProcess>
`;
    expect((await status(box, id)).body).toBe(document('Draft', 0, 'BatchProcess is created'));
    const finalized = await finalize(box, id);
    expect(finalized.status).toBe(200);
    expect(finalized.body).toBe(document('Queued', 0, 'BatchProcess is in Queue'));
    now += 999;
    expect((await status(box, id)).body).toBe(document('Queued', 0, 'BatchProcess is in Queue'));
    now += 1;
    expect((await status(box, id)).body).toBe(document('InProgress', 0, 'BatchProcess is in Progress'));
    now += 2000;
    await box.waitForIdle();
    const done = await status(box, id);
    const url = field(done, 'downloadUrl');
    expect(done.body).toBe(
      document('Success', 2, 'Success, 2 records successfully processed, 0 failed', url),
    );
    expect(url).toMatch(/\/acme\/archive\/out\/CUS_Batch_1_\d+_output\.csv\?.*X-Amz-Expires=25140/);
    const result = await send({ method: 'GET', url });
    expect(result.body).toBe('Account Number,Status,Message\r\n1,Success,\r\n2,Success,\r\n');
  });

  test('happens once; further attempts are refused and counted', async () => {
    const box = await sandbox();
    const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
    expect((await post(box, 'BatchFinalize', xml({ id, jobId: 'A' }))).status).toBe(200);
    const again = await post(box, 'BatchFinalize', xml({ jobId: 'A' }));
    expect(again.status).toBe(400);
    expect(again.body).toContain('already finalized');
    expect(batch(box, 'A')).toMatchObject({ finalizeCount: 1, finalizeAttempts: 2 });
  });

  test('refuses what cannot be finalized', async () => {
    const box = await sandbox();
    await init(box, 'INIT');
    const invoice = await upload(box, 'invoice', 'I', 'i.csv', 'k\n1\n');
    const items = field(await create(box, 'items', 'T', 't.csv', { parentId: invoice }), 'id');
    expect((await finalize(box, items)).body).toContain('finalized with its invoice batch');
    const missing = await finalize(box, invoice);
    expect(missing.status).toBe(400);
    expect(missing.body).toContain(`No file is uploaded for batch ${items}`);
    expect((await post(box, 'BatchFinalize', xml({ jobId: 'INIT' }))).status).toBe(400);
    expect((await post(box, 'BatchFinalize', xml({ id: '99' }))).status).toBe(404);
    expect((await post(box, 'BatchFinalize', xml({ id: invoice, jobId: 'T' }))).status).toBe(400);
    expect((await post(box, 'BatchFinalize', xml({}))).status).toBe(400);
    expect(box.snapshot().batches.every((each) => each.finalizeCount === 0 && each.status !== 'Queued')).toBe(
      true,
    );
  });

  test('takes the items along and shows them under the invoice', async () => {
    const box = await sandbox();
    const invoice = await upload(box, 'invoice', 'I', 'i.csv', 'Invoice Number\n1\n');
    expect((await status(box, invoice)).body).toContain(
      '<downloadUrl></downloadUrl>\n<child></child>\n</batchProcess>',
    );
    await upload(box, 'items', 'T1', 't1.csv', 'Invoice Number\n1\n1\n', { parentId: invoice });
    await upload(box, 'items', 'T2', 't2.csv', 'Invoice Number\n2\n', { parentJobId: 'I' });
    const draft = await status(box, invoice);
    expect(draft.body.match(/<status>Draft<\/status>/g)).toHaveLength(3);
    expect((await finalize(box, invoice)).body.match(/<status>Queued<\/status>/g)).toHaveLength(3);
    await box.waitForIdle();
    const done = await status(box, invoice);
    expect(done.body).toMatch(
      /<child>\n<batchProcess>\n<id>2<\/id>\n<jobId>T1<\/jobId>\n<status>Success<\/status>\n<operation>eBill-Import<\/operation>\n<subOperation>Invoice Line Item<\/subOperation>\n<successCount>2<\/successCount>/,
    );
    expect(done.body).toMatch(/<jobId>T2<\/jobId>\n<status>Failed<\/status>[\s\S]*<failCount>1<\/failCount>/);
    expect(done.body.match(/<downloadUrl>http/g)).toHaveLength(3);
    expect(field(await status(box, '3'), 'status')).toBe('Failed');
  });

  test('processes the object as it was at finalize, and shares one object among equal names', async () => {
    const box = await sandbox();
    const first = await create(box, 'customer', 'A', 'same.csv');
    const second = await create(box, 'customer', 'B', 'same.csv');
    await put(field(first, 'uploadUrl'), 'k\n1\n');
    await put(field(second, 'uploadUrl'), 'k\n1\n2\n');
    await finalize(box, field(first, 'id'));
    await put(field(second, 'uploadUrl'), 'k\n1\n2\n3\n');
    await box.waitForIdle();
    expect(batch(box, 'A')).toMatchObject({ successCount: 2, bytes: 6, objectKey: 'acme/in/same.csv' });
    expect(batch(box, 'B')).toMatchObject({ bytes: 8 });
    expect(box.snapshot().objects.find((object) => object.key === 'acme/in/same.csv')?.puts).toBe(3);
  });

  test('names the running state as configured', async () => {
    const box = await sandbox({ runningName: 'Verarbeitung', processingTimeMs: 60_000, now: () => 0 });
    const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
    await finalize(box, id);
    expect(field(await status(box, id), 'status')).toBe('Queued');
    let now = 0;
    const moving = await sandbox({ runningName: 'Verarbeitung', processingTimeMs: 60_000, now: () => now });
    await finalize(moving, await upload(moving, 'customer', 'A', 'a.csv', 'k\n1\n'));
    now = 30_000;
    expect(field(await status(moving, '1'), 'status')).toBe('Verarbeitung');
  });
});

describe('requests must have the vendor’s shape', () => {
  const good = {
    jobId: 'A',
    inputType: 'API',
    operation: 'eBill-Import',
    subOperation: 'Customer',
    inputFilename: 'a.csv',
  };
  test.each([
    ['empty body', ''],
    ['no XML', 'hello'],
    ['truncated', '<batchProcess><jobId>A</jobId>'],
    ['wrong root', '<batch></batch>'],
    ['two roots', `${xml(good)}<batchProcess></batchProcess>`],
    ['a DTD', `<!DOCTYPE batchProcess [<!ENTITY x "y">]>${xml(good)}`],
    ['a bare ampersand', '<batchProcess><jobId>A & B</jobId></batchProcess>'],
    ['an unknown entity', '<batchProcess><jobId>&nbsp;</jobId></batchProcess>'],
    ['an attribute', xml(good).replace('<jobId>', '<jobId x="1">')],
    ['nesting', xml(good).replace('<jobId>A', '<jobId><b>A</b>')],
    ['text between', xml(good).replace('<inputType>', 'x<inputType>')],
    ['an element twice', xml(good).replace('<inputType>', '<jobId>B</jobId><inputType>')],
    ['an unknown element', xml({ ...good, colour: 'red' })],
    [
      'another order',
      xml(good).replace('<jobId>A</jobId>', '').replace('</inputType>', '</inputType><jobId>A</jobId>'),
    ],
    ['no job id', xml({ ...good, jobId: undefined })],
    ['a blank job id', xml({ ...good, jobId: '  ' })],
    ['a control character', xml({ ...good, jobId: 'A\tB' })],
    ['another input type', xml({ ...good, inputType: 'UI' })],
    ['another operation', xml({ ...good, operation: 'Import' })],
    ['another sub-operation', xml({ ...good, subOperation: 'customer' })],
    ['a prototype’s name', xml({ ...good, subOperation: 'constructor' })],
    ['a reserved element', '<batchProcess><__proto__>x</__proto__></batchProcess>'],
  ])('%s is a 400', async (_what, body) => {
    const box = await sandbox();
    const reply = await post(box, 'S3FileUpload', body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatch(
      /^<\?xml [\s\S]*<error>\n<code>400<\/code>\n<message>.+<\/message>\n<\/error>\n$/,
    );
    expect(box.snapshot().batches).toHaveLength(0);
    expect(lastRequest(box)).toMatchObject({ call: 'create', effect: false, status: 400, requestBody: body });
  });

  test('invalid UTF-8 is a 400', async () => {
    const box = await sandbox();
    const body = Buffer.concat([
      Buffer.from('<batchProcess><jobId>'),
      Buffer.from([0xff]),
      Buffer.from('</jobId></batchProcess>'),
    ]);
    const url = `${box.apiUrl}/rest/batchProcess?mode=S3FileUpload`;
    expect((await send({ method: 'POST', url, body })).status).toBe(400);
  });

  test('CDATA, a declaration, comments and character references are fine', async () => {
    const box = await sandbox();
    const body = `<?xml version="1.0" encoding="UTF-8"?><!-- c -->\r\n${xml(good).replace('>A<', '><![CDATA[A&]]>&#66;&#x43;&amp;amp;<')}`;
    expect(field(await post(box, 'S3FileUpload', body), 'jobId')).toBe('A&BC&amp;');
  });

  test('an init’s flags are true or false', async () => {
    const box = await sandbox();
    expect((await init(box, 'A', { carryForwardInvoices: 'yes' })).status).toBe(400);
    expect((await init(box, 'A', { zeroOutCustomerBalance: '' })).status).toBe(400);
    expect(box.snapshot().initCount).toBe(0);
  });

  test('paths, modes and methods', async () => {
    const box = await sandbox();
    const get = async (path: string, method = 'GET') =>
      (await send({ method, url: `${box.apiUrl}${path}` })).status;
    expect(await get('/')).toBe(404);
    expect(await get('/rest/batchProcess/x?id=1')).toBe(404);
    expect(await get('/rest/batchProcess')).toBe(400);
    expect(await get('/rest/batchProcess?id=1')).toBe(404);
    expect(await get('/rest/batchProcess?mode=BatchInit', 'PUT')).toBe(405);
    expect(await get('/rest/batchProcess?mode=BatchFinalize', 'POST')).toBe(405);
    expect(await get('/rest/batchProcess?mode=Nothing', 'POST')).toBe(400);
    expect(await get('/rest/batchProcess', 'POST')).toBe(400);
    await init(box, 'A');
    expect(await get('/acme/rest/batchProcess?id=1&format=xml')).toBe(200);
    expect(await get('/rest/batchProcess?id=1&jobId=A')).toBe(200);
    expect(await get('/rest/batchProcess?id=2&jobId=A')).toBe(400);
    expect(await get('/rest/batchProcess?id=2')).toBe(200);
    expect(await get('/rest/batchProcess?jobId=')).toBe(400);
  });

  test('a body over 1 MiB is a 413', async () => {
    const box = await sandbox();
    expect((await post(box, 'BatchInit', ' '.repeat(1024 * 1024 + 1))).status).toBe(413);
  });
});

describe('authorisation', () => {
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  test.each([
    [{ type: 'basic', username: 'u', password: 'p:ä' }, basic('u:p:ä'), basic('u:p'), 'basic'],
    [
      { type: 'bearer', token: 'tok' },
      { authorization: 'Bearer tok' },
      { authorization: 'Bearer tik' },
      'bearer',
    ],
    [
      { type: 'header', name: 'X-Api-Key', token: 'tok' },
      { 'x-api-key': 'tok' },
      { 'x-api-key': 'no' },
      'other',
    ],
  ] as const)('%o', async (auth, right, wrong, seen) => {
    const box = await sandbox({ auth });
    expect((await create(box, 'customer', 'A', 'a.csv', { headers: right })).status).toBe(200);
    for (const headers of [wrong, {}, { authorization: 'Digest x' }, { authorization: 'nonsense' }]) {
      const refused = await create(box, 'customer', 'B', 'b.csv', { headers });
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toMatch(/^(Basic|Bearer) realm=/);
      expect(refused.body).toContain('<error>');
    }
    expect(box.snapshot().batches).toHaveLength(1);
    expect(box.requests[0]?.authorization).toBe(seen);
    expect(box.requests[2]?.authorization).toBe('none');
    const log = JSON.stringify(box.requests);
    expect(log).not.toContain('tok"');
    expect(log).not.toContain(Buffer.from('u:p').toString('base64').slice(0, 3));
  });

  test('the environment points ebill at it', async () => {
    const box = await sandbox({ auth: { type: 'basic', username: 'u', password: 'p' } });
    expect(box.environment).toEqual({
      EBILL_BASE_URL: box.apiUrl,
      EBILL_AUTH: 'basic',
      EBILL_USERNAME: 'u',
      EBILL_PASSWORD: 'p',
    });
    expect((await sandbox()).environment).toMatchObject({ EBILL_AUTH: 'none' });
    const header = await sandbox({ auth: { type: 'header', name: 'X-K', token: 't' } });
    expect(header.environment).toMatchObject({ EBILL_AUTH: 'header:X-K', EBILL_TOKEN: 't' });
  });
});
