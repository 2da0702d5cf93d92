import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { listening, type ReceivedRequest, recordingHandler } from '../api/rig.ts';
import { type Machine, machine, sandbox } from './harness.ts';

// A file is the result of a batch only if it has the columns sent, and is used again only if the journal shows that it was
// downloaded for that batch of that server (api rule 21).

const SENT = 'Account Number,Name\n1,A\n2,B\n';
const NAME = 'AUG_2020_CUS_result.csv';
const OTHER = 'AUG_2020_CUS_result.other-1.csv';

async function loaded(server: Sandbox, at = machine(server)): Promise<Machine> {
  writeFileSync(join(at.cwd, 'cus.csv'), SENT);
  const line = ['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--finalize'];
  expect((await at.call(line)).code).toBe(0);
  await server.waitForIdle();
  return at;
}

/** Puts a file where the result will be. */
function put(at: Machine, text: string): void {
  mkdirSync(join(at.cwd, 'AUG_2020'), { recursive: true });
  writeFileSync(join(at.cwd, 'AUG_2020', NAME), text);
}

const inFolder = (at: Machine): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(at.cwd, 'AUG_2020')).map((name) => [
      name,
      readFileSync(join(at.cwd, 'AUG_2020', name), 'utf8'),
    ]),
  );

const downloads = (server: Sandbox): number =>
  server.requests.filter(({ call }) => call === 'download').length;

const REHEARSED = 'Account Number,Name,Status,Message\n1,A,Success,\n2,B,Failed,rehearsal\n';

describe('a file under the name of a result', () => {
  it('from a rehearsal against another server is moved aside, and not passed off as this month’s', async () => {
    const server = await sandbox();
    const at = await loaded(server);
    put(at, REHEARSED);
    const ran = await at.call(['results', '--json']);
    expect([ran.code, ran.json.outcome]).toEqual([0, 'succeeded']);
    expect(ran.stderr).toContain(`it is now ${OTHER}, and the result is downloaded again`);
    const files = inFolder(at);
    expect(Object.keys(files).sort()).toEqual([NAME, OTHER]);
    expect(files[OTHER]).toBe(REHEARSED);
    expect(files[NAME]).not.toContain('rehearsal');
    // On record now.
    expect((await at.call(['results', '--json'])).code).toBe(0);
    expect(downloads(server)).toBe(1);
  });

  it('that was edited is kept aside, each time under a new name', async () => {
    const server = await sandbox();
    const at = await loaded(server);
    await at.call(['results']);
    for (const text of ['mine 1', 'mine 2']) {
      put(at, text);
      expect((await at.call(['results'])).code).toBe(0);
    }
    const { [NAME]: result, ...others } = inFolder(at);
    expect(result).toContain('Success');
    expect(Object.values(others)).toEqual(['mine 1', 'mine 2']);
  });

  it('with the same bytes, downloaded by a program that recorded nothing, is neither moved nor mentioned', async () => {
    const server = await sandbox();
    const at = await loaded(server);
    const other = machine(server);
    expect((await other.call(['results', '--job', 'AUG_2020'])).code).toBe(0);
    put(at, inFolder(other)[NAME] ?? '');
    const ran = await at.call(['results']);
    expect([ran.code, Object.keys(inFolder(at))]).toEqual([0, [NAME]]);
    expect(ran.stderr).not.toContain('warning');
  });

  it('is used, which is said, where the server no longer has the result and it has the columns sent', async () => {
    const server = await sandbox({ faults: ['download@*=expired'] });
    const at = await loaded(server);
    const gone = await at.call(['results', '--json']);
    expect([gone.code, gone.json['results']]).toEqual([0, []]);
    expect(gone.stderr).toMatch(/warning: The result of AUG_2020_CUS can no longer be fetched.* put it at /);
    put(at, 'Title\nx\n');
    const wrong = await at.call(['results', '--json']);
    expect([wrong.code, wrong.json.error?.message]).toEqual([
      9,
      expect.stringContaining('of the columns sent it lacks Account Number, Name; it has Title'),
    ]);
    put(at, 'status,message,NAME,account number\nSuccess,,A,1\nSuccess,,B,2\n');
    const ran = await at.call(['results', '--json']);
    expect([ran.code, ran.json.outcome]).toEqual([0, 'succeeded']);
    expect(ran.stderr).toContain('was not downloaded for AUG_2020_CUS from this server');
  });

  it('is not used while the storage cannot be reached', async () => {
    const server = await sandbox({ faults: ['download@*=status:503'] });
    const at = await loaded(server);
    put(at, REHEARSED);
    const ran = await at.call(['results', '--json']);
    expect([ran.code, ran.json.error?.code, inFolder(at)]).toEqual([6, 'UNAVAILABLE', { [NAME]: REHEARSED }]);
  });
});

/** Loads any file, and gives these results in order; the last one repeats. */
async function storing(
  results: readonly string[],
  counts = '<successCount>2</successCount><failCount>0</failCount>',
) {
  const requests: ReceivedRequest[] = [];
  let status = '';
  let gets = 0;
  let origin = '';
  const server = createServer(
    recordingHandler(requests, ({ method, url, body }, response) => {
      const batch = () =>
        `<batchProcess><id>3</id><jobId>AUG_2020_CUS</jobId><status>${status}</status>${counts}<uploadUrl>${origin}/in</uploadUrl><downloadUrl>${status === 'Success' ? `${origin}/out` : ''}</downloadUrl></batchProcess>`;
      if (url === '/in')
        return response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end();
      if (url === '/out') {
        gets += 1;
        return response.end(results[Math.min(gets, results.length) - 1]);
      }
      if (method === 'GET' && status === '')
        return response.writeHead(404).end('<error><message>none</message></error>');
      if (method !== 'GET') status = status === '' ? 'Draft' : 'Success';
      return response.end(batch());
    }),
  );
  origin = `http://127.0.0.1:${await listening(server)}`;
  const at = machine(null, { EBILL_BASE_URL: origin });
  writeFileSync(join(at.cwd, 'cus.csv'), SENT);
  await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--finalize']);
  return { at, gets: () => gets };
}

describe('a result without the columns sent', () => {
  const RIGHT = '\ufeffNAME, account number ,Status,Message\nA,1,Success,\nB,2,Success,\n';
  const WRONG = 'Invoice Number,Status,Message\n1,Success,\n2,Success,\n';

  it('is tried again: names are compared without case, in any order', async () => {
    const { at, gets } = await storing([WRONG, RIGHT]);
    const ran = await at.call(['results', '--json']);
    expect([ran.code, gets(), inFolder(at)]).toEqual([0, 2, { [NAME]: RIGHT }]);
  });

  it('is never kept', async () => {
    const { at } = await storing([WRONG]);
    const ran = await at.call(['results', '--json', '--retries', '2']);
    expect([ran.code, ran.json.error?.code, inFolder(at)]).toEqual([6, 'UNAVAILABLE', {}]);
    expect(ran.json.error?.message).toContain(
      'the file is not a result: of the columns sent it lacks Account Number, Name; it has Invoice Number, Status, Message',
    );
    expect(ran.json.error?.hint).toContain("ask the server's owner for one that has the columns sent");
  });
});

describe('a result that does not give the result of the records, without counts of the server', () => {
  const NO_COUNTS = '<successCount></successCount><failCount></failCount>';
  const PLAN = 'job: AUG_2020\ncustomers: [cus.csv]\n';

  it.each([
    [
      'in a column of an unknown name',
      'Account Number,Name,Failed\n1,A,N\n2,B,Y\n',
      'no column is known to have their status',
    ],
    [
      'as 0 and 1, of which 0 often is a success',
      'Account Number,Name,Status,Message\n1,A,0,\n2,B,1,\n',
      '"0" 1, "1" 1',
    ],
  ])('%s, is unaccounted for in every command', async (_name, result, unknown) => {
    const { at } = await storing([result], NO_COUNTS);
    writeFileSync(join(at.cwd, 'plan.yaml'), PLAN);
    for (const line of [
      ['results', '--rejects'],
      ['run', 'plan.yaml', '--yes'],
    ]) {
      const ran = await at.call([...line, '--json']);
      expect([line[0], ran.code, ran.json.error?.code, ran.json.outcome]).toEqual([
        line[0],
        4,
        'UNACCOUNTED',
        'failed',
      ]);
      expect(ran.json.error?.message).toContain(unknown);
      expect(Object.keys(inFolder(at)).filter((name) => name.includes('rejects'))).toEqual([]);
    }
  });

  it('is settled by naming the column, for later commands too', async () => {
    const { at } = await storing(['Account Number,Name,State\n1,A,OK\n2,B,OK\n'], NO_COUNTS);
    writeFileSync(join(at.cwd, 'plan.yaml'), PLAN);
    const unread = await at.call(['results', '--json']);
    expect(unread.json.error?.hint).toContain('ebill results --job AUG_2020 --status-column COLUMN.');
    expect((await at.call(['results', '--job', 'AUG_2020', '--status-column', 'State'])).code).toBe(0);
    expect((await at.call(['run', 'plan.yaml', '--yes'])).code).toBe(0);
  });

  it('names every unknown status in the hint', async () => {
    const { at } = await storing(['Account Number,Name,Status,Message\n1,A,S,\n2,B,E,x\n'], NO_COUNTS);
    const ran = await at.call(['results', '--json']);
    expect(ran.json.error?.hint).toContain(
      '--record-status S=loaded or --record-status S=rejected; --record-status E=loaded or --record-status E=rejected',
    );
  });
});
