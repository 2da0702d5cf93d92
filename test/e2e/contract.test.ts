import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Batch, calls, type Machine, machine, month, sandbox } from './harness.ts';

const journalOf = (at: Machine): string => {
  const folder = join(at.home, 'loads', readdirSync(join(at.home, 'loads'))[0] ?? '');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? '');
};

describe('the one JSON document', () => {
  it('has exactly the fields scripts rely on, in success and in failure', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    const done = await at.call([
      'upload',
      'invoice',
      'INV_AUG_2020.csv',
      '--items',
      'ITM*.csv',
      '--wait',
      '--json',
    ]);
    expect(Object.keys(done.json)).toEqual([
      'command',
      'profile',
      'job',
      'outcome',
      'exitCode',
      'batches',
      'error',
      'recognised',
    ]);
    const fields = [
      'id',
      'jobId',
      'kind',
      'file',
      'status',
      'phase',
      'outcome',
      'operation',
      'subOperation',
      'recordsSent',
      'successCount',
      'failCount',
      'successMessage',
      'errorMessage',
      'corrects',
      'open',
      'resultExpiresAt',
      'children',
    ];
    const check = (batch: Batch): void => {
      expect(Object.keys(batch)).toEqual(fields);
      batch.children.forEach(check);
    };
    done.json.batches.forEach(check);
    expect(done.json).toMatchObject({ command: 'upload invoice', exitCode: 0, error: null });

    const failed = await at.call(['status', '--job', 'NO_SUCH_LOAD', '--json']);
    expect(failed.code).toBe(9);
    expect(Object.keys(failed.json)).toEqual([
      'command',
      'profile',
      'job',
      'outcome',
      'exitCode',
      'batches',
      'error',
    ]);
    expect(failed.json).toMatchObject({
      command: 'status',
      job: 'NO_SUCH_LOAD',
      exitCode: 9,
      error: { code: 'REJECTED' },
    });
    expect(Object.keys(failed.json.error ?? {})).toEqual(['code', 'message', 'hint']);
  });

  it('is also printed for an invalid call', async () => {
    const at = machine(null);
    const done = await at.call(['upload', 'invoice', '--jbo', 'X', '--json']);
    expect(done.code).toBe(2);
    expect(done.json).toMatchObject({
      command: 'upload invoice',
      exitCode: 2,
      error: {
        code: 'USAGE',
        message: expect.stringContaining('--jbo'),
        hint: expect.stringContaining('--job'),
      },
    });
  });

  it('has presigned URLs only with --show-urls, which never reach the journal or stderr', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    const upload = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--wait', '--json', '--verbose']);
    const raw = await at.call(['api', 'GET', '/rest/batchProcess?jobId=AUG_2020_CUS', '--verbose']);
    expect(raw.code).toBe(0);
    expect(raw.stdout).toContain('<downloadUrl>http://127.0.0.1');
    const signature = /X-Amz-Signature=([0-9a-f]{64})/;
    for (const text of [
      upload.stdout,
      upload.stderr,
      raw.stdout,
      raw.stderr,
      readFileSync(journalOf(at), 'utf8'),
    ])
      expect(text).not.toMatch(signature);
    expect(upload.stderr + raw.stderr).not.toContain('test-token-1');
    expect(upload.stderr).toMatch(/POST http:\S+mode=S3FileUpload → 200/);
    // The storage's exchanges too, with its own name for the request.
    expect(upload.stderr).toMatch(
      /PUT http:\S+X-Amz-Signature=\*\*\*\S* → 200, x-amz-request-id \S+ \(\d+ ms\)/,
    );
    expect(
      (await at.call(['api', 'GET', '/rest/batchProcess?jobId=AUG_2020_CUS', '--show-urls'])).stdout,
    ).toMatch(signature);
    const shown = await at.call(['status', '--job-id', 'AUG_2020_CUS', '--show-urls', '--json']);
    expect(shown.stdout).toMatch(/"downloadUrl": "[^"]+X-Amz-Signature=[0-9a-f]{64}/);
  });
});

describe('nothing is sent', () => {
  it('for --dry-run, which prints the requests instead', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    const init = await at.call([
      'init',
      '--job',
      'AUG_2020',
      '--zero-out-customer-balance',
      '--dry-run',
      '--json',
    ]);
    expect(init.json.requests).toMatchObject([
      {
        method: 'POST',
        url: `${server.apiUrl}/rest/batchProcess?mode=BatchInit`,
        body: expect.stringContaining('<zeroOutCustomerBalance>true<'),
      },
    ]);
    const upload = await at.call([
      'upload',
      'invoice',
      'INV_AUG_2020.csv',
      '--items',
      'ITM*.csv',
      '--job',
      'AUG_2020',
      '--finalize',
      '--dry-run',
      '--json',
    ]);
    expect(upload.code).toBe(0);
    expect(upload.json.requests?.map(({ method }) => method)).toEqual([
      'POST',
      'PUT',
      'POST',
      'PUT',
      'POST',
      'PUT',
      'POST',
      'PUT',
      'PUT',
    ]);
    expect(upload.json.requests?.[2]?.body).toContain(
      '<parentBatchProcessJobId>AUG_2020_INV</parentBatchProcessJobId>',
    );
    expect(upload.stdout).not.toContain('test-token-1');
    expect(server.requests).toEqual([]);
    expect(readdirSync(at.home)).toEqual([]);
  });

  it('for --zero-out-customer-balance without a terminal and without --yes', async () => {
    const server = await sandbox();
    const at = machine(server);
    const done = await at.call(['init', '--job', 'AUG_2020', '--zero-out-customer-balance', '--json']);
    expect([done.code, done.json.error?.code]).toEqual([2, 'USAGE']);
    expect(done.json.error?.hint).toContain('--yes');
    expect(server.requests).toEqual([]);
    const meant = await at.call(['init', '--job', 'AUG_2020', '--zero-out-customer-balance', '--yes']);
    expect(meant.code).toBe(0);
    expect(server.snapshot().zeroedCustomerBalances).toBe(1);
  });

  it('if any file fails the check, and every such file is named', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    writeFileSync(join(at.cwd, 'bad1.csv'), 'a,b\n1,2,3\n');
    writeFileSync(join(at.cwd, 'bad2.csv'), 'a,b\n');
    const done = await at.call([
      'upload',
      'invoice',
      'INV_AUG_2020.csv',
      '--items',
      'ITM_AUG_2020_1.csv',
      'bad1.csv',
      'bad2.csv',
      'missing.csv',
      '--job',
      'AUG_2020',
      '--json',
    ]);
    expect([done.code, done.json.error?.code]).toEqual([2, 'INVALID_FILE']);
    const found = done.json.files
      ?.filter((file) => file.findings.length > 0)
      .map((file) => [file.file, file.findings[0]?.code]);
    expect(found).toEqual([
      ['bad1.csv', 'ragged'],
      ['bad2.csv', 'no-records'],
      ['missing.csv', 'missing'],
    ]);
    expect(server.requests).toEqual([]);
    const plain = await at.call(['upload', 'customer', 'bad1.csv', '--job', 'AUG_2020']);
    expect([plain.stdout, plain.stderr]).toEqual(['', expect.stringMatching(/bad1\.csv:2/)]);
  });

  it.skipIf(process.platform === 'win32')(
    'for a name with control characters, with --no-validate too',
    async () => {
      const server = await sandbox();
      const at = machine(server);
      const name = 'cus\u001b[2J.csv';
      writeFileSync(join(at.cwd, name), 'Account Number\n1\n');
      for (const more of [[], ['--no-validate']]) {
        const done = await at.call(['upload', 'customer', name, '--job', 'AUG_2020', ...more, '--json']);
        expect([done.code, done.json.error?.code, done.json.files?.[0]?.findings[0]?.code]).toEqual([
          2,
          'INVALID_FILE',
          'file-name',
        ]);
      }
      expect(server.requests).toEqual([]);
    },
  );

  it('for two files with one name, which would replace each other on the server', async () => {
    const server = await sandbox();
    const at = machine(server);
    for (const folder of ['a', 'b']) {
      mkdirSync(join(at.cwd, folder));
      writeFileSync(join(at.cwd, folder, 'cus.csv'), `Account Number\n${folder}\n`);
    }
    const done = await at.call([
      'upload',
      'customer',
      'a/cus.csv',
      'b/cus.csv',
      '--job',
      'AUG_2020',
      '--json',
    ]);
    expect([done.code, done.json.error?.code]).toEqual([2, 'USAGE']);
    expect(done.json.error?.message).toMatch(/a\/cus\.csv.*b\/cus\.csv/);
    expect(server.requests).toEqual([]);
  });

  it('without a base URL, a load, or a command', async () => {
    const at = machine(null);
    for (const line of [
      ['status'],
      ['init'],
      ['frobnicate'],
      ['upload', 'customer', 'x.csv'],
      ['watch', '--interval', 'soon'],
    ]) {
      const done = await at.call([...line, '--json']);
      expect([line[0], done.code, done.json.error?.code]).toEqual([line[0], 2, 'USAGE']);
      expect(done.json.error?.hint).not.toBe('');
    }
  });
});

describe('a conflict (exit code 8)', () => {
  it('is a file name with other content, unless --next is given', async () => {
    const server = await sandbox();
    const at = machine(server);
    await at.call(['init', '--job', 'AUG_2020']);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n1\n');
    expect((await at.call(['upload', 'customer', 'cus.csv', '--wait'])).code).toBe(0);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n2\n');
    const before = server.requests.length;
    const line = ['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--json'];
    const refused = await at.call(line);
    expect([refused.code, refused.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect(server.requests.length).toBe(before);
    const next = await at.call([...line, '--next', '--wait']);
    expect(next.code).toBe(0);
    expect(next.json.batches[0]?.jobId).toBe('AUG_2020_CUS_2');
  });

  it('is a file name whose object another batch still needs', async () => {
    const server = await sandbox({ processingTimeMs: 60_000 });
    const at = machine(server);
    await at.call(['init', '--job', 'AUG_2020']);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n1\n');
    expect((await at.call(['upload', 'customer', 'cus.csv', '--finalize'])).code).toBe(0);
    await at.call(['init', '--job', 'SEP_2020']);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number\n2\n');
    const refused = await at.call(['upload', 'customer', 'cus.csv', '--job', 'SEP_2020', '--json']);
    expect([refused.code, refused.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect(refused.json.error?.message).toContain('AUG_2020_CUS');
    expect(calls(server).filter((call) => call.startsWith('put'))).toEqual(['put AUG_2020_CUS']);
  });

  it('is a job id that the server has and this machine does not know, unless --adopt or --next is given', async () => {
    const server = await sandbox({ duplicates: 'reissue' });
    const first = machine(server);
    const second = machine(server);
    await month(first);
    await month(second);
    await first.call(['init', '--job', 'AUG_2020']);
    await first.call(['upload', 'customer', 'CUS_AUG_2020.csv']);
    const found = await second.call(['init', '--job', 'AUG_2020', '--json']);
    expect(found.code).toBe(0);
    expect(found.stderr).toContain('on another machine');
    const refused = await second.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--json']);
    expect([refused.code, refused.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect(refused.json.error?.hint).toMatch(/--adopt.*--next/);
    const adopted = await second.call([
      'upload',
      'customer',
      'CUS_AUG_2020.csv',
      '--adopt',
      '--wait',
      '--json',
    ]);
    expect(adopted.code).toBe(0);
    expect(adopted.json.batches[0]).toMatchObject({
      jobId: 'AUG_2020_CUS',
      outcome: 'succeeded',
      recordsSent: 16,
    });
    expect(server.snapshot()).toMatchObject({ initCount: 1 });
    // Finalized elsewhere meanwhile: the first machine finds out and sends nothing.
    const late = await first.call(['finalize', '--json']);
    expect([late.code, late.json.outcome]).toEqual([0, 'succeeded']);
    expect(server.snapshot().batches.find((batch) => batch.jobId === 'AUG_2020_CUS')?.finalizeAttempts).toBe(
      1,
    );
  });
});

describe('waiting', () => {
  it('ends with 7 when --max-wait has elapsed, and at once when nothing was submitted', async () => {
    const server = await sandbox({ processingTimeMs: 3_600_000 });
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv']);
    const idle = await at.call(['watch', '--json']);
    expect([idle.code, idle.json.error?.code, idle.json.outcome]).toEqual([7, 'STILL_RUNNING', 'uploaded']);
    expect(idle.json.error?.hint).toContain('ebill finalize --job AUG_2020');
    await at.call(['finalize']);
    const late = await at.call(['watch', '--max-wait', '100ms', '--interval', '1s', '--json']);
    expect([late.code, late.json.error?.code]).toEqual([7, 'STILL_RUNNING']);
    const status = await at.call(['status', '--json']);
    expect([status.code, status.json.error]).toEqual([0, null]);
    expect((await at.call(['status', '--exit-status'])).code).toBe(7);
  });

  it('continues when polls fail, and ends with 6 when --patience has elapsed', async () => {
    const server = await sandbox({ processingTimeMs: 200 });
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--finalize']);
    server.addFault('status@1-3=status:503');
    expect((await at.call(['watch'])).code).toBe(0);
    const other = machine(server);
    await other.call(['init', '--job', 'SEP_2020']);
    writeFileSync(join(other.cwd, 'c.csv'), 'Account Number\n1\n');
    await other.call(['upload', 'customer', 'c.csv', '--finalize']);
    server.addFault('status@*=reset-before');
    const given = await other.call(['watch', '--patience', '300ms', '--interval', '2s', '--json']);
    expect([given.code, given.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
  });

  it('never reports success when the records do not add up', async () => {
    const server = await sandbox({ faults: ['finalize:customer@1=lose-records:1'] });
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--finalize']);
    const done = await at.call(['watch', '--json']);
    expect([done.code, done.json.error?.code, done.json.outcome]).toEqual([4, 'UNACCOUNTED', 'failed']);
  });

  it('ends with 4 when a batch failed', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number,Name\n"",x\n');
    const done = await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--wait', '--json']);
    expect([done.code, done.json.error?.code, done.json.outcome]).toEqual([4, 'BATCH_FAILED', 'failed']);
  });
});

describe('a load without a journal on this machine', () => {
  it('is looked up on the server by its job ids: status, watch, finalize', async () => {
    const server = await sandbox();
    const first = machine(server);
    await month(first);
    await first.call(['init', '--job', 'AUG_2020']);
    await first.call(['upload', 'customer', 'CUS_AUG_2020.csv']);
    await first.call(['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv']);
    const second = machine(server);
    const status = await second.call(['status', '--job', 'AUG_2020', '--json']);
    expect(status.json.batches.map((batch) => [batch.jobId, batch.phase, batch.children.length])).toEqual([
      ['AUG_2020_INIT', 'succeeded', 3],
      ['AUG_2020_CUS', 'draft', 0],
      ['AUG_2020_INV', 'draft', 3],
    ]);
    const finalize = await second.call(['finalize', '--job', 'AUG_2020']);
    expect(finalize.code).toBe(0);
    expect(finalize.stderr).toContain('AUG_2020_CUS, AUG_2020_INV');
    expect((await second.call(['watch', '--job', 'AUG_2020'])).code).toBe(0);
    expect(
      server
        .snapshot()
        .batches.filter((batch) => batch.finalizeCount === 1 && batch.kind !== 'items')
        .map((batch) => batch.jobId),
    ).toEqual(['AUG_2020_CUS', 'AUG_2020_INV']);
  });

  it('is not needed for single batches by id or job id', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--job-id', 'MY OWN é']);
    const byId = await at.call(['status', '--job-id', 'MY OWN é', '--json']);
    expect(byId.json.batches[0]).toMatchObject({
      jobId: 'MY OWN é',
      kind: 'customer',
      recordsSent: 16,
      phase: 'uploaded',
    });
    const id = byId.json.batches[0]?.id ?? '';
    const elsewhere = await machine(server).call(['status', '--id', id, '--json']);
    expect(elsewhere.json.batches[0]).toMatchObject({
      id,
      jobId: 'MY OWN é',
      recordsSent: null,
      phase: 'draft',
    });
  });

  it('belongs to no load where this machine has no record of the batches', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    const sent = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020', '--json']);
    const id = sent.json.batches[0]?.id ?? '';
    const other = machine(server);
    for (const words of [
      ['--id', id],
      ['--job-id', 'AUG_2020_CUS'],
    ]) {
      const done = await other.call(['finalize', ...words, '--json']);
      expect([words, done.code, done.json.job]).toEqual([words, 0, null]);
      expect(done.json.batches[0]?.jobId).toBe('AUG_2020_CUS');
    }
    const unknown = await other.call(['finalize', '--id', '99', '--json']);
    expect([unknown.code, unknown.json.job, unknown.json.error?.code]).toEqual([9, null, 'REJECTED']);
    const known = await at.call(['finalize', '--id', id, '--json']);
    expect([known.code, known.json.job]).toEqual([0, 'AUG_2020']);
  });
});

describe('items added later', () => {
  it('go into the open invoice batch, never into a finalized one', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at, { itemFiles: 3 });
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call([
      'upload',
      'invoice',
      'INV_AUG_2020.csv',
      '--items',
      'ITM_AUG_2020_1.csv',
      'ITM_AUG_2020_2.csv',
    ]);
    const added = await at.call(['upload', 'items', 'ITM_AUG_2020_3.csv', '--finalize', '--json']);
    expect(added.code).toBe(0);
    expect(added.json.batches[0]?.children.map((child) => child.jobId)).toEqual([
      'AUG_2020_ITM_1',
      'AUG_2020_ITM_2',
      'AUG_2020_ITM_3',
    ]);
    writeFileSync(join(at.cwd, 'late.csv'), 'Invoice Number\n1\n');
    const late = await at.call(['upload', 'items', 'late.csv', '--job', 'AUG_2020', '--json']);
    expect([late.code, late.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect((await at.call(['watch'])).code).toBe(0);
  });
});
