import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { typed } from '../helpers/command-line.ts';
import { type Batch, type Machine, machine, month, sandbox } from './harness.ts';

interface Result {
  readonly jobId: string;
  readonly path: string;
  readonly rows: number | null;
  readonly rejects: number | string | null;
}
const resultsOf = (document: Record<string, unknown>): readonly Result[] => document['results'] as Result[];
const read = (at: Machine, ...parts: string[]): string => readFileSync(join(at.cwd, ...parts), 'utf8');

const CUSTOMERS = '\ufeffAccount Number,Name\r\n1,"A, a"\r\n,"no\r\nkey"\r\n3,"q""q"\r\n3,again\r\n5,last';

/** Customers uploaded and final. */
async function customers(server: Sandbox, text = CUSTOMERS, job = 'AUG_2020'): Promise<Machine> {
  const at = machine(server);
  writeFileSync(join(at.cwd, 'cus.csv'), text);
  expect((await at.call(['upload', 'customer', 'cus.csv', '--job', job, '--finalize'])).code).toBe(0);
  await server.waitForIdle();
  return at;
}

describe('ebill results', () => {
  it('downloads every result of a month, shows why records failed, and ends with 0', async () => {
    const server = await sandbox();
    const at = machine(server);
    const files = await month(at, { bad: 2 });
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020', '--finalize']);
    await at.call(['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv', '--finalize']);
    await server.waitForIdle();
    const got = await at.call(['results', '--json']);
    expect([got.code, got.json.error, got.json.outcome]).toEqual([0, null, 'partial']);
    expect(readdirSync(join(at.cwd, 'AUG_2020')).sort()).toEqual(
      ['CUS', 'INV', 'ITM_1', 'ITM_2', 'ITM_3'].map((part) => `AUG_2020_${part}_result.csv`),
    );
    const batches = got.json.batches.flatMap((batch): readonly Batch[] => [batch, ...batch.children]);
    for (const { jobId, rows, rejects, path } of resultsOf(got.json)) {
      const batch = batches.find((one) => one.jobId === jobId);
      const failed = files.failures[batch?.file ?? ''];
      expect([jobId, rows, rejects]).toEqual([jobId, batch?.recordsSent, failed]);
      expect(path).toBe(join(at.cwd, 'AUG_2020', `${jobId}_result.csv`));
    }
    const people = await at.call(['results', '--out', 'elsewhere']);
    expect(people.stdout).toContain('is empty');
    expect(people.stdout).toMatch(/customers sent, .* loaded, 2 rejected, 0 unaccounted/);
    const next = 'ebill results --rejects --job AUG_2020';
    expect(people.stderr).toContain(next);
    const written = await at.call(typed(next));
    expect([written.code, written.stderr.includes('ebill correct --job AUG_2020')]).toEqual([0, true]);
    expect(written.stderr).not.toContain(next);
  });

  it('is what the conflict of a corrected source file names, and works although the file changed', async () => {
    const server = await sandbox();
    const at = await customers(server);
    await at.call(['watch']);
    writeFileSync(join(at.cwd, 'cus.csv'), CUSTOMERS.replace('\r\n,', '\r\n2,'));
    const again = await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--json']);
    expect([again.code, again.json.error?.code]).toEqual([8, 'CONFLICT']);
    const hint = again.json.error?.hint ?? '';
    const [, line = ''] = /: (ebill results .*?)\. /.exec(hint) ?? [];
    const [, last = ''] = /: (ebill correct [^:]*)$/.exec(hint) ?? [];
    expect([line, last]).toEqual([
      'ebill results --rejects --job-id AUG_2020_CUS',
      'ebill correct --job-id AUG_2020_CUS',
    ]);
    // There is nothing to correct yet, and the rejects need the file as it was sent.
    expect((await at.call([...typed(last)])).code).toBe(2);
    expect((await at.call(typed(line))).code).toBe(8);
    writeFileSync(join(at.cwd, 'cus.csv'), CUSTOMERS);
    expect((await at.call(typed(line))).code).toBe(0);
  });

  it.each<[string, string[]]>([
    ['results of a load', ['results', '--job', 'AUG_2020']],
    ['results of a batch', ['results', '--job-id', 'AUG_2020_CUS', '--out', 'AUG_2020']],
    ['a report of a batch', ['report', '--job-id', 'AUG_2020_CUS', '--out', 'AUG_2020']],
  ])('ends with 2 only when nothing was sent: %s where a file is in the way', async (_what, line) => {
    const server = await sandbox();
    await customers(server);
    // Another machine has no record of them: it has to ask.
    const other = machine(server);
    writeFileSync(join(other.cwd, 'AUG_2020'), 'mine');
    const before = server.requests.length;
    const ran = await other.call([...line, '--json']);
    expect([ran.code, ran.json.error?.code]).toEqual([2, 'USAGE']);
    expect(server.requests).toHaveLength(before);
    expect(read(other, 'AUG_2020')).toBe('mine');
  });

  it('downloads a file once unless --force is given, and gets a new URL for an expired one', async () => {
    const server = await sandbox({ faults: ['download@1=expired'] });
    const at = await customers(server);
    expect((await at.call(['results'])).code).toBe(0);
    expect(server.requests.filter(({ call }) => call === 'download')).toHaveLength(2);
    const path = join(at.cwd, 'AUG_2020', 'AUG_2020_CUS_result.csv');
    const whole = readFileSync(path, 'utf8');
    const kept = await at.call(['results']);
    expect([kept.code, kept.stdout]).toEqual([0, expect.stringContaining('(kept)')]);
    expect(server.requests.filter(({ call }) => call === 'download')).toHaveLength(2);
    expect((await at.call(['results', '--force'])).code).toBe(0);
    expect(server.requests.filter(({ call }) => call === 'download')).toHaveLength(3);
    expect(readFileSync(path, 'utf8')).toBe(whole);
    expect(readdirSync(join(at.cwd, 'AUG_2020'))).toEqual(['AUG_2020_CUS_result.csv']);
  });

  it('downloads the results of final batches, and ends with 7 if there are others', async () => {
    const server = await sandbox();
    const at = await customers(server);
    writeFileSync(join(at.cwd, 'more.csv'), 'Account Number\n9\n');
    await at.call(['upload', 'customer', 'more.csv']);
    const got = await at.call(['results', '--json']);
    expect([got.code, got.json.error?.code]).toEqual([7, 'STILL_RUNNING']);
    expect(got.json.error?.message).toContain('AUG_2020_CUS_2');
    expect(got.json.error?.message).not.toContain('AUG_2020_CUS is');
    expect(resultsOf(got.json)).toHaveLength(1);
  });

  it('works without the journal, and by job id', async () => {
    const server = await sandbox();
    await customers(server);
    const other = machine(server);
    const load = await other.call(['results', '--job', 'AUG_2020', '--json']);
    expect([load.code, resultsOf(load.json)]).toMatchObject([0, [{ rows: 5, rejects: 2 }]]);
    const one = await other.call(['results', '--job-id', 'AUG_2020_CUS', '--json']);
    expect([one.code, resultsOf(one.json)[0]?.path]).toEqual([
      0,
      join(other.cwd, 'results', 'AUG_2020_CUS_result.csv'),
    ]);
    const rejects = await other.call(['results', '--job', 'AUG_2020', '--rejects', '--json']);
    expect([rejects.code, rejects.json.error?.message]).toEqual([8, expect.stringContaining('AUG_2020_CUS')]);
  });

  it('gives each job id its own file in the folder, even one that is a path or differs only in case', async () => {
    const server = await sandbox();
    const at = machine(server);
    for (const [i, jobId] of ['../../evil', 'a', 'A', 'nul.x'].entries()) {
      writeFileSync(join(at.cwd, `${i}.csv`), `Account Number\n${i}\n`);
      const line = ['upload', 'customer', `${i}.csv`, '--job', 'J', '--job-id', jobId, '--finalize'];
      expect((await at.call(line)).code).toBe(0);
    }
    await server.waitForIdle();
    const got = await at.call(['results', '--job', 'J', '--out', 'o/p/q', '--json']);
    expect(got.code).toBe(0);
    expect(new Set(readdirSync(join(at.cwd, 'o', 'p', 'q')).map((name) => name.toLowerCase())).size).toBe(4);
    expect(readdirSync(join(at.cwd, 'o'), { recursive: true })).toHaveLength(6);
    expect(existsSync(join(at.cwd, 'evil_result.csv'))).toBe(false);
  });

  it('lists the columns when they are ambiguous; options name them', async () => {
    const server = await sandbox();
    // Without the file that was sent, which of two columns called Status is the server's cannot be told.
    const at = await customers(server, 'Account Number,Status\n1,x\n,y\n');
    expect((await at.call(['results'])).code).toBe(0);
    rmSync(join(at.cwd, 'cus.csv'));
    const unclear = await at.call(['results', '--json']);
    expect([unclear.code, unclear.json.error?.code]).toEqual([2, 'USAGE']);
    expect(unclear.json.error?.message).toContain('#2 Status, #3 Status');
    const named = await at.call(['results', '--status-column', '#3', '--json']);
    expect([named.code, resultsOf(named.json)]).toMatchObject([0, [{ rows: 2, rejects: 1 }]]);
    const wrong = await at.call(['results', '--status-column', '#3', '--message-column', 'Remark', '--json']);
    expect(wrong.json.error?.message).toContain('no column "Remark"');
  });
});

describe('ebill results --rejects', () => {
  it('writes them as they were sent; corrected and loaded again, everything is loaded', async () => {
    const server = await sandbox();
    const at = await customers(server);
    const got = await at.call(['results', '--rejects', '--json']);
    expect(got.code).toBe(0);
    const rejects = join(at.cwd, 'AUG_2020', 'AUG_2020_CUS_rejects.csv');
    expect(resultsOf(got.json)).toMatchObject([{ rows: 5, rejects }]);
    expect(readFileSync(rejects, 'utf8')).toBe('\ufeffAccount Number,Name\r\n,"no\r\nkey"\r\n3,again\r\n');
    const messages: string[][] = parse(read(at, 'AUG_2020', 'AUG_2020_CUS_rejects.messages.csv'));
    expect(messages).toEqual([
      ['Line', 'Message', 'Line in rejects file'],
      ['3', 'Account Number is empty', '2'],
      ['6', 'Account Number 3 occurs more than once', '4'],
    ]);

    const text = readFileSync(rejects, 'utf8').replace(',"no', '2,"no').replace('3,again', '4,again');
    writeFileSync(rejects, text);
    const kept = await at.call(['results', '--rejects']);
    expect([kept.code, kept.stderr]).toEqual([0, expect.stringContaining('was not replaced')]);
    expect(readFileSync(rejects, 'utf8')).toBe(text);

    // The very line that was printed.
    const line = /^(ebill correct .*)$/m.exec(kept.stderr)?.[1] ?? '';
    expect(line).toBe('ebill correct --job AUG_2020');
    const again = await at.call([...typed(line), '--json']);
    expect([again.code, again.json.outcome]).toEqual([0, 'succeeded']);
    expect(again.json.batches).toMatchObject([
      { jobId: 'AUG_2020_CUS', open: 0, outcome: 'succeeded' },
      { jobId: 'AUG_2020_CUS_2', successCount: 2, failCount: 0, corrects: 'AUG_2020_CUS' },
    ]);
  });

  it('writes rejected invoices together with their items', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice Number,N\n1,a\n,b\n');
    writeFileSync(join(at.cwd, 'itm.csv'), 'Invoice Number,N\n1,a\n2,b\n2,"b,"\n');
    await at.call(['upload', 'invoice', 'inv.csv', '--items', 'itm.csv', '--job', 'J', '--finalize']);
    await server.waitForIdle();
    const got = await at.call(['results', '--rejects']);
    expect(got.code).toBe(0);
    expect(read(at, 'J', 'J_ITM_1_rejects.csv')).toBe('Invoice Number,N\n2,b\n2,"b,"\n');
    writeFileSync(join(at.cwd, 'J', 'J_INV_rejects.csv'), 'Invoice Number,N\n2,b\n');
    const line = /^(ebill correct .*)$/m.exec(got.stderr)?.[1] ?? '';
    const again = await at.call([...typed(line), '--json']);
    expect([again.code, again.json.outcome]).toEqual([0, 'succeeded']);
    expect(again.json.batches[1]).toMatchObject({ jobId: 'J_INV_2', children: [{ jobId: 'J_ITM_2' }] });
  });

  it('says that items alone cannot be added after finalize', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice Number\n1\n');
    writeFileSync(join(at.cwd, 'itm.csv'), 'Invoice Number,N\n1,a\n2,b\n');
    await at.call(['upload', 'invoice', 'inv.csv', '--items', 'itm.csv', '--job', 'J', '--finalize']);
    await server.waitForIdle();
    const got = await at.call(['results', '--rejects']);
    expect(got.stderr).toContain('nothing can be added');
    expect(got.stderr).toMatch(/^ebill correct --job J --waive J_ITM_1 --reason TEXT$/m);
    const unchanged = await at.call(['correct', '--json']);
    expect([unchanged.code, unchanged.json.error?.hint]).toEqual([
      2,
      expect.stringMatching(/ebill correct --job J --waive J_ITM_1 --reason TEXT$/),
    ]);
  });

  it.each([
    ['changed', (path: string) => appendFileSync(path, '\r\n6,new')],
    ['gone', (path: string) => rmSync(path)],
  ])('reports a sent file that is %s as a conflict, and downloads the results', async (_name, spoil) => {
    const server = await sandbox();
    const at = await customers(server);
    spoil(join(at.cwd, 'cus.csv'));
    const got = await at.call(['results', '--rejects', '--json']);
    expect([got.code, got.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect(got.json.error?.message).toContain(join(at.cwd, 'cus.csv'));
    expect(readdirSync(join(at.cwd, 'AUG_2020'))).toEqual(['AUG_2020_CUS_result.csv']);
  });
});

/** The same server, saying no counts. */
async function withoutCounts(server: Sandbox): Promise<string> {
  const proxy = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await fetch(`${server.apiUrl}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { authorization: request.headers.authorization ?? '', 'content-type': 'application/xml' },
        ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
      });
      const body = (await answer.text()).replace(/<(successCount|failCount)>\d+</g, '<$1><');
      response.writeHead(answer.status, { 'content-type': 'application/xml' }).end(body);
    })();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

describe('counts the server leaves empty', () => {
  it('are taken from the result file: partial, not failed, without a warning', async () => {
    const server = await sandbox();
    const at = machine(server, { EBILL_BASE_URL: await withoutCounts(server) });
    writeFileSync(join(at.cwd, 'cus.csv'), CUSTOMERS);
    await at.call(['upload', 'customer', 'cus.csv', '--job', 'J', '--finalize']);
    await server.waitForIdle();
    const blind = await at.call(['watch']);
    expect(blind.stderr).toContain('gives no full counts');
    expect(blind.stdout).toContain('unknown');
    const got = await at.call(['results']);
    expect(got.stdout).toContain('5 customers sent, 3 loaded, 2 rejected, 0 unaccounted');
    expect(got.stderr).not.toContain('gives no full counts');
    const watch = await at.call(['watch', '--download', 'w', '--json']);
    expect([watch.code, watch.json.outcome]).toEqual([3, 'partial']);
    expect(watch.json.batches).toMatchObject([{ successCount: 3, failCount: 2, recordsSent: 5 }]);
  });

  it('are settled for every command, and a load that is corrected is closed', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server, { EBILL_BASE_URL: await withoutCounts(server) });
    const job = ['--job', 'AUG_2020'];
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number,Name\n1,Ann\n,Bob\n3,Cy\n');
    await at.call(['upload', 'customer', 'cus.csv', ...job, '--wait']);
    expect((await at.call(['results', '--rejects', ...job])).code).toBe(0);
    const status = await at.call(['status', '--exit-status', '--json', ...job]);
    expect([status.code, status.json.batches]).toMatchObject([
      3,
      [{ successCount: 2, failCount: 1, open: 1 }],
    ]);
    writeFileSync(join(at.cwd, 'AUG_2020', 'AUG_2020_CUS_rejects.csv'), 'Account Number,Name\n2,Bob\n');
    const done = await at.call(['correct', ...job]);
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringContaining('3 customers: 2 loaded at once, 1 after correction, 0 open'),
    ]);
    for (const line of [['status', '--exit-status'], ['watch'], ['results'], ['report']]) {
      const said = await at.call([...line, '--json', ...job]);
      expect([line, said.code, said.json.outcome]).toEqual([line, 0, 'succeeded']);
    }
  });
});

describe('text in a result file', () => {
  it('never reaches the terminal raw', async () => {
    const server = await sandbox();
    const key = 'x\u001b]0;owned\u0007\u202e';
    const at = await customers(server, `Account Number\n${key}\n${key}\n`);
    const got = await at.call(['results', '--rejects']);
    expect(got.code).toBe(0);
    expect(got.stdout).toContain('\\u001b]0;owned');
    expect(got.stdout + got.stderr).not.toMatch(/[\u001b\u0007\u202e]/);
    expect(read(at, 'AUG_2020', 'AUG_2020_CUS_rejects.csv')).toBe(`Account Number\n${key}\n`);
  });
});

describe('a mismatch of the records', () => {
  it.each([
    [
      'the server counts fewer',
      ['finalize=lose-records:2'],
      '5 records sent, 3 accounted for (3 loaded, 0 rejected), 3 rows',
    ],
    [
      'the result file lacks a row',
      ['download@*=drop-row'],
      '5 records sent, 5 accounted for (3 loaded, 2 rejected), 4 rows',
    ],
  ])('ends results and watch with 4 and the numbers: %s', async (_name, faults, numbers) => {
    const server = await sandbox({ faults });
    const text = faults[0]?.startsWith('finalize') ? CUSTOMERS.replace('3,again', '4,again') : CUSTOMERS;
    const at = await customers(server, text);
    const watch = await at.call(['watch', '--download', 'w', '--json']);
    const results = await at.call(['results', '--json']);
    for (const got of [watch, results]) {
      expect([got.code, got.json.error?.code, got.json.outcome]).toEqual([4, 'UNACCOUNTED', 'failed']);
      expect(got.json.error?.message).toContain(`AUG_2020_CUS: ${numbers}`);
    }
    expect((await at.call(['results'])).stdout).toMatch(/, [12] unaccounted/);
  });

  it('is found by watch --download in the files it downloaded', async () => {
    const server = await sandbox();
    const at = await customers(server);
    const got = await at.call(['watch', '--download', 'w', '--json']);
    expect([got.code, resultsOf(got.json)]).toMatchObject([3, [{ rows: 5, rejects: 2 }]]);
    expect(existsSync(join(at.cwd, 'w', 'AUG_2020_CUS_result.csv'))).toBe(true);
  });
});

describe('a status that the program does not know', () => {
  it('is no reject: nothing is written or offered to be loaded again until it is declared', async () => {
    const server = await sandbox({ recordWords: ['S', 'E'] });
    const at = await customers(server);
    await at.call(['watch']);
    const got = await at.call(['results', '--rejects', '--json']);
    expect([got.code, got.json.error?.code, got.json.outcome]).toEqual([4, 'UNACCOUNTED', 'failed']);
    expect(got.json.error?.message).toContain('5 with an unknown status: "S" 3, "E" 2');
    expect(got.json.error?.hint).toContain('--record-status S=loaded or --record-status S=rejected');
    expect(got.json['unknown']).toMatchObject([
      { jobId: 'AUG_2020_CUS', value: 'S', count: 3 },
      { jobId: 'AUG_2020_CUS', value: 'E', count: 2 },
    ]);
    expect(readdirSync(join(at.cwd, 'AUG_2020'))).toEqual(['AUG_2020_CUS_result.csv']);
    const people = await at.call(['results', '--rejects']);
    expect(people.stdout).toMatch(/Unknown[\s\S]*5 unaccounted/);
    expect(people.stdout + people.stderr).not.toMatch(/ebill upload/);
    // One of two declared: the other is still unknown.
    const half = await at.call(['results', '--rejects', '--record-status', 's=loaded', '--json']);
    expect([half.code, half.json.error?.message]).toEqual([
      4,
      expect.stringContaining('2 with an unknown status: "E" 2'),
    ]);
    const declared = ['--record-status', 'S=loaded', '--record-status', 'E=rejected'];
    const settled = await at.call(['results', '--rejects', ...declared]);
    expect([settled.code, settled.stdout]).toEqual([0, expect.stringContaining('2 rejected, 0 unaccounted')]);
    expect(read(at, 'AUG_2020', 'AUG_2020_CUS_rejects.csv')).toBe(
      '\ufeffAccount Number,Name\r\n,"no\r\nkey"\r\n3,again\r\n',
    );
  });

  it('contradicts the counts when it is declared wrongly, and no rejects are written', async () => {
    const server = await sandbox({ recordWords: ['S', 'E'] });
    const at = await customers(server);
    await at.call(['watch']);
    const wrong = ['--record-status', 'S=rejected', '--record-status', 'E=rejected'];
    const got = await at.call(['results', '--rejects', ...wrong]);
    expect([got.code, got.stderr]).toEqual([4, expect.stringContaining('5 of them failures')]);
    expect(existsSync(join(at.cwd, 'AUG_2020', 'AUG_2020_CUS_rejects.csv'))).toBe(false);
  });

  it('stops a month with 4 at the end, and is settled by the plan or the profile', async () => {
    const server = await sandbox({ recordWords: ['S', 'E'] });
    const at = machine(server);
    await month(at);
    const plan = ['job: AUG_2020', 'customers: [CUS*.csv]'];
    writeFileSync(join(at.cwd, 'plan.yaml'), plan.join('\n'));
    const got = await at.call(['run', 'plan.yaml', '--json']);
    expect([got.code, got.json.error?.code]).toEqual([4, 'UNACCOUNTED']);
    writeFileSync(join(at.cwd, 'plan.yaml'), [...plan, 'recordStatus: { S: loaded }'].join('\n'));
    expect((await at.call(['run', 'plan.yaml'])).code).toBe(0);
    const profile = `profile add p --base-url ${server.apiUrl} --auth bearer --record-status S=loaded --use`;
    expect((await at.call(profile.split(' '))).code).toBe(0);
    expect((await at.call(['results', '--profile', 'p'])).code).toBe(0);
  });
});
