import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { listening, type ReceivedRequest, recordingHandler } from '../api/rig.ts';
import { type Batch, type Machine, machine, month, sandbox } from './harness.ts';

// A result can be fetched for 6 h 59 min from the end of its own batch, and asking again may give the same URL (api rule 11).

const HOUR = 3_600_000;
const CUS = 'AUG_2020_CUS_result.csv';
const FAST = ['--interval', '200ms', '--retries', '1'];

/** A plan of one customer, one invoice and two item files. */
async function planned(at: Machine): Promise<void> {
  const sample = await month(at, { records: 12, itemFiles: 2, bad: 1 });
  const names = (paths: readonly string[]): string => paths.map((path) => basename(path)).join(', ');
  writeFileSync(
    join(at.cwd, 'plan.yaml'),
    `job: AUG_2020\ninit: {}\ncustomers: [${names(sample.customers)}]\ninvoices:\n  - file: ${names(sample.invoices)}\n    items: [ITM_*.csv]\naccept: { failedRecords: 9 }\n`,
  );
}

const asked = (server: Sandbox, call: string, jobId: string): number =>
  server.requests.filter((one) => one.call === call && one.jobId === jobId).length;

const inFolder = (at: Machine): readonly string[] =>
  existsSync(join(at.cwd, 'AUG_2020')) ? readdirSync(join(at.cwd, 'AUG_2020')).sort() : [];

describe('ebill run', () => {
  it('fetches the results of the customers before the invoices begin, hours before its end', async () => {
    let server: Sandbox | null = null;
    // A working day passes between the customers and the invoices.
    const late = (): boolean => server !== null && asked(server, 'create', 'AUG_2020_INV') > 0;
    server = await sandbox({ now: () => Date.now() + (late() ? 8 * HOUR : 0) });
    const at = machine(server);
    await planned(at);
    const ran = await at.call(['run', 'plan.yaml', '--json', ...FAST]);
    expect(ran.stderr).not.toContain('can no longer be fetched');
    expect([ran.code, ran.json.outcome]).toEqual([3, 'partial']);
    expect(inFolder(at)).toEqual(expect.arrayContaining([CUS, 'AUG_2020_CUS_rejects.csv']));
  });

  it('fetches them too where it was killed before it could, and goes on', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server);
    await planned(at);
    const isFinal = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (asked(server, 'finalize', 'AUG_2020_CUS') === 0) return;
        clearInterval(look);
        resolve();
      }, 5);
    });
    await at.run(['run', 'plan.yaml', ...FAST], { killWhen: isFinal });
    await server.waitForIdle();
    // Final on record, without a result.
    await at.call(['status', '--job', 'AUG_2020']);
    expect(inFolder(at)).not.toContain(CUS);
    server.addFault('create:invoice@1=status:400');
    expect((await at.call(['run', 'plan.yaml', ...FAST])).code).toBe(9);
    expect(inFolder(at)).toContain(CUS);
  });

  it('takes the verdict from the counts where a result is gone, and writes the rest, report and manifest', async () => {
    const server = await sandbox({ faults: ['download:customer@*=expired'] });
    const at = machine(server);
    await planned(at);
    const ran = await at.call(['run', 'plan.yaml', '--json', ...FAST]);
    expect([ran.code, ran.json.outcome, ran.json.error?.code]).toEqual([3, 'partial', 'PARTIAL']);
    expect(ran.stderr).toMatch(/The result of AUG_2020_CUS can no longer be fetched: .*Request has expired/);
    expect(inFolder(at)).toEqual(
      expect.arrayContaining([
        'AUG_2020_INV_rejects.csv',
        'AUG_2020_INV_result.csv',
        'AUG_2020_ITM_1_result.csv',
        'manifest.json',
        'report.html',
      ]),
    );
    expect(inFolder(at)).not.toContain(CUS);
    expect(readFileSync(join(at.cwd, 'AUG_2020', 'report.html'), 'utf8')).toContain(
      'can no longer be fetched',
    );
    // The file that the server's owner gave.
    const sent = readFileSync(
      join(at.cwd, readdirSync(at.cwd).find((name) => /^CUS/.test(name)) ?? ''),
      'utf8',
    );
    const [header = '', ...rows] = sent
      .trimEnd()
      .split('\n')
      .map((line) => line.trim());
    const failed = ran.json.batches.find(({ jobId }) => jobId === 'AUG_2020_CUS')?.failCount ?? 0;
    const result = rows.map((row, i) => `${row},${i < failed ? 'Failed,x' : 'Success,'}`);
    writeFileSync(join(at.cwd, 'AUG_2020', CUS), [`${header},Status,Message`, ...result, ''].join('\n'));
    const again = await at.call(['run', 'plan.yaml', '--json', ...FAST]);
    expect([again.code, again.json.error?.code]).toEqual([3, 'PARTIAL']);
    expect(again.stderr).toMatch(/AUG_2020_CUS_result\.csv was not downloaded .* so this file is used/);
    expect(inFolder(at)).toContain('AUG_2020_CUS_rejects.csv');
  });

  it('fetches the others where one result is damaged, and ends with the code of that', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox({ faults: ['download:customer@*=html'] });
    const at = machine(server);
    await planned(at);
    const ran = await at.call(['run', 'plan.yaml', '--json', ...FAST]);
    expect([ran.code, ran.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
    expect(inFolder(at)).toEqual(
      expect.arrayContaining(['AUG_2020_INV_result.csv', 'manifest.json', 'report.html']),
    );
    const results = await at.call(['results', '--json', '--out', 'r', '--retries', '0']);
    expect([results.code, (results.json['results'] as unknown[]).length]).toEqual([6, 3]);
  });
});

describe('watch', () => {
  it('does not say of a result whose time is over that it can be fetched', async () => {
    let late = 8 * HOUR;
    const server = await sandbox({ now: () => Date.now() - late });
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number,Name\n1,A\n');
    const up = await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--wait', ...FAST]);
    expect(up.stderr).toContain('The result of AUG_2020_CUS could be fetched until ');
    expect(up.stderr).toContain('fetch the results if they are still there');
    late = 0;
    const results = await at.call(['results', ...FAST.slice(2)]);
    expect([results.code, results.stdout]).toEqual([
      0,
      expect.stringContaining('No result file could be fetched.'),
    ]);
  });

  it('says until when each result can be fetched, and shows it in every list of batches', async () => {
    const server = await sandbox({ downloadExpirySeconds: 7200 });
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number,Name\n1,A\n');
    const up = await at.call([
      'upload',
      'customer',
      'cus.csv',
      '--job',
      'AUG_2020',
      '--wait',
      '--json',
      ...FAST,
    ]);
    const until = up.json.batches[0]?.resultExpiresAt ?? '';
    const ms = Date.parse(until) - Date.now();
    expect([up.code, ms > 7_100_000 && ms <= 7_200_000]).toEqual([0, true]);
    const said = `The result of AUG_2020_CUS can be fetched until ${until.replace('.000', '')}`;
    expect(up.stderr).toContain(said);
    const watch = await at.call(['watch', ...FAST]);
    expect(watch.stderr).toContain(said);
    expect(watch.stderr).toMatch(/--download DIR .*\n.*ebill results --job AUG_2020/);
    const lists = [
      ['watch', ...FAST],
      ['status'],
      ['finalize'],
      [],
      ['loads', 'show', 'AUG_2020'],
      ['results'],
    ];
    for (const line of lists) {
      const { batches } = (await at.call([...line, '--json'])).json;
      const cus = batches.find(({ jobId }) => jobId === 'AUG_2020_CUS');
      expect([line, cus?.resultExpiresAt]).toEqual([line, until]);
    }
    const fields = await at.call(['status', '--format', 'tsv', '--fields', 'jobId,resultExpiresAt']);
    expect(fields.stdout).toContain(`AUG_2020_CUS\t${until}`);
    // Fetched: there is nothing to say.
    expect((await at.call(['watch', ...FAST])).stderr).not.toContain('can be fetched');
  });

  it('--download fetches each result as soon as its batch is final', { tags: 'slow' }, async () => {
    const began = Date.now();
    let server: Sandbox | null = null;
    let at = 0;
    let firstAsked = Number.POSITIVE_INFINITY;
    // The second batch ends when the URL of the first has expired. A busy machine gets a while to fetch that.
    let hasFirst = (): boolean => false;
    const now = (): number => {
      const asks = server === null ? 0 : asked(server, 'status', 'AUG_2020_CUS_2') - asksBefore;
      if (asks > 0) firstAsked = Math.min(firstAsked, Date.now());
      const isLate = asks > 1 && (hasFirst() || Date.now() - firstAsked > 8000);
      return began + (isLate ? 10 * HOUR : at);
    };
    let asksBefore = Number.POSITIVE_INFINITY;
    server = await sandbox({ now, processingTimeMs: HOUR });
    const on = machine(server);
    hasFirst = () => inFolder(on).includes(CUS);
    for (const [name, hours] of [
      ['cus_1.csv', 0],
      ['cus_2.csv', 6.5],
    ] as const) {
      at = hours * HOUR;
      writeFileSync(join(on.cwd, name), `Account Number,Name\n${name},A\n`);
      const line = ['upload', 'customer', name, '--job', 'AUG_2020', '--finalize'];
      expect((await on.run(line)).code).toBe(0);
    }
    asksBefore = asked(server, 'status', 'AUG_2020_CUS_2');
    const ran = await on.call(['watch', '--download', 'AUG_2020', '--json', '--interval', '1s']);
    expect(ran.stderr).not.toContain('can no longer be fetched');
    expect(ran.stderr).not.toContain('exists already');
    expect([ran.code, inFolder(on)]).toEqual([0, ['AUG_2020_CUS_2_result.csv', CUS]]);
  });
});

/** What a storage answers to a URL, by its number. */
type Storage = (n: number, url: string) => { readonly status: number; readonly body: string };

const EXPIRED =
  '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';
const RESULT = 'Account Number,Name,Status,Message\n1,A,Success,\n2,B,Success,\n';

/** A server with two customer batches, that gives download URLs as `urlOf` does: by the number of the answer. */
async function serverWith(urlOf: (n: number) => string, storage: Storage) {
  const requests: ReceivedRequest[] = [];
  const states = new Map<string, string>();
  let origin = '';
  let answers = 0;
  const gets: string[] = [];
  const server = createServer(
    recordingHandler(requests, ({ method, url, body }, response) => {
      if (url.startsWith('/in/'))
        return response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end();
      if (url.startsWith('/out/')) {
        gets.push(url);
        // The second batch has no trouble.
        const { status, body: text } = url.includes('CUS_2')
          ? { status: 200, body: RESULT }
          : storage(gets.filter((one) => !one.includes('CUS_2')).length, url);
        return response.writeHead(status).end(text);
      }
      const text = String(body);
      const jobId = /jobId[>=]([\w-]+)/.exec(method === 'GET' ? url : text)?.[1] ?? '';
      const id = /\bid[>=](\d+)/.exec(method === 'GET' ? url : text)?.[1];
      const name = jobId !== '' ? jobId : id === '2' ? 'AUG_2020_CUS_2' : 'AUG_2020_CUS';
      if (method === 'GET' && !states.has(name))
        return response.writeHead(404).end('<error><message>none</message></error>');
      if (method !== 'GET') states.set(name, states.has(name) ? 'Success' : 'Draft');
      const isFinal = states.get(name) === 'Success';
      if (isFinal && method === 'GET' && name === 'AUG_2020_CUS') answers += 1;
      const out = name === 'AUG_2020_CUS' ? urlOf(answers) : '?plain';
      return response.end(
        `<batchProcess><id>${name.endsWith('2') ? 2 : 1}</id><jobId>${name}</jobId><status>${states.get(name)}</status><successCount>${isFinal ? 2 : 0}</successCount><failCount>0</failCount><uploadUrl>${origin}/in/${name}</uploadUrl><downloadUrl>${isFinal ? `${origin}/out/${name}${out}` : ''}</downloadUrl></batchProcess>`,
      );
    }),
  );
  origin = `http://127.0.0.1:${await listening(server)}`;
  const at = machine(null, { EBILL_BASE_URL: origin });
  writeFileSync(join(at.cwd, 'cus_1.csv'), 'Account Number,Name\n1,A\n2,B\n');
  writeFileSync(join(at.cwd, 'cus_2.csv'), 'Account Number,Name\n2,B\n1,A\n');
  const line = [
    'upload',
    'customer',
    'cus_1.csv',
    'cus_2.csv',
    '--job',
    'AUG_2020',
    '--finalize',
    '--concurrency',
    '1',
  ];
  expect((await at.run(line)).code).toBe(0);
  answers = 0;
  return { at, gets: () => gets.filter((url) => !url.includes('CUS_2')), answers: () => answers };
}

const v4 = (date: string): string => `?X-Amz-Date=${date}&X-Amz-Expires=25140&X-Amz-SignedHeaders=host`;
const expiryOf = (batches: readonly Batch[]): unknown =>
  batches.find(({ jobId }) => jobId === 'AUG_2020_CUS')?.resultExpiresAt;

describe('a server', () => {
  it('whose URL expires between the question and the download is asked for a new one, once', async () => {
    const { at, gets, answers } = await serverWith(
      (n) => v4(n < 2 ? '20200831T220000Z' : '20300831T220000Z'),
      (_n, url) => (url.includes('=2020') ? { status: 403, body: EXPIRED } : { status: 200, body: RESULT }),
    );
    const ran = await at.call(['results', '--json']);
    expect([ran.code, gets().length, answers()]).toEqual([0, 2, 2]);
    expect(readFileSync(join(at.cwd, 'AUG_2020', CUS), 'utf8')).toBe(RESULT);
    // What the last answer says.
    expect(expiryOf(ran.json.batches)).toBe('2030-09-01T04:59:00.000Z');
    expect(expiryOf((await at.call(['status', '--json'])).json.batches)).toBe('2030-09-01T04:59:00.000Z');
  });

  it('that gives the same expired URL again costs this result alone', { tags: 'slow' }, async () => {
    const { at, gets, answers } = await serverWith(
      () => v4('20200831T220000Z'),
      () => ({ status: 403, body: EXPIRED }),
    );
    const ran = await at.call(['results', '--json']);
    expect([ran.code, ran.json.outcome, gets().length, answers()]).toEqual([0, 'succeeded', 2, 2]);
    expect(ran.stderr).toContain('Request has expired; asked again, the server gave the same URL');
    expect(inFolder(at)).toEqual(['AUG_2020_CUS_2_result.csv']);
    expect(ran.json['results']).toMatchObject([{ jobId: 'AUG_2020_CUS_2', rows: 2 }]);
    const watch = await at.call(['watch', '--download', 'w', '--json']);
    expect([watch.code, readdirSync(join(at.cwd, 'w'))]).toEqual([0, ['AUG_2020_CUS_2_result.csv']]);
    const report = await at.call(['report', '--json']);
    expect([report.code, existsSync(String(report.json['path']))]).toEqual([0, true]);
    // A file put there by hand has the columns sent, or it is not taken.
    writeFileSync(join(at.cwd, 'AUG_2020', CUS), 'Title\nx\n');
    expect((await at.call(['results', '--json'])).json.error).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('it lacks Account Number, Name'),
    });
    writeFileSync(join(at.cwd, 'AUG_2020', CUS), RESULT);
    const taken = await at.call(['results', '--json']);
    expect([taken.code, taken.json['results']]).toEqual([
      0,
      expect.arrayContaining([expect.objectContaining({ jobId: 'AUG_2020_CUS', rows: 2 })]),
    ]);
    expect(taken.stderr).toContain('was not downloaded for AUG_2020_CUS from this server');
  });

  it('whose URL carries no date has an unknown end, and its storage says what has expired', {
    tags: 'slow',
  }, async () => {
    const { at, gets } = await serverWith(
      (n) => `?token=${n}`,
      (n) => (n === 1 ? { status: 403, body: EXPIRED } : { status: 200, body: RESULT }),
    );
    const watch = await at.call(['watch', '--json']);
    expect([watch.code, expiryOf(watch.json.batches)]).toEqual([0, null]);
    expect(watch.stderr).not.toContain('can be fetched until');
    const ran = await at.call(['results', '--json']);
    expect([ran.code, gets().length, inFolder(at).length]).toEqual([0, 2, 2]);
  });

  it('whose storage refuses without a word of expiry keeps its exit code, and the others their results', {
    tags: 'slow',
  }, async () => {
    const { at } = await serverWith(
      () => '?token=1',
      () => ({ status: 403, body: EXPIRED.replace('Request has expired', 'Access Denied') }),
    );
    const ran = await at.call(['results', '--json']);
    expect([ran.code, ran.json.error?.code, inFolder(at)]).toEqual([
      9,
      'REJECTED',
      ['AUG_2020_CUS_2_result.csv'],
    ]);
  });

  it('that signs with version 2 says when in Expires', { tags: 'slow' }, async () => {
    const { at } = await serverWith(
      () => '?AWSAccessKeyId=A&Expires=1598936340&Signature=x%2Fy%3D',
      () => ({ status: 200, body: RESULT }),
    );
    const { json } = await at.call(['status', '--json']);
    expect(expiryOf(json.batches)).toBe('2020-09-01T04:59:00.000Z');
  });
});

it('a folder that cannot be written stops everything, as before', async () => {
  const server = await sandbox();
  const at = machine(server);
  writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number,Name\n1,A\n');
  await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--wait', ...FAST]);
  mkdirSync(join(at.cwd, 'AUG_2020', CUS), { recursive: true });
  const ran = await at.call(['results', '--json']);
  expect([ran.code, ran.json.error?.code]).toEqual([2, 'USAGE']);
});
