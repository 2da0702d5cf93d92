import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listening, recordingHandler } from '../api/rig.ts';
import { type Machine, machine, month } from './harness.ts';

// A gateway that answers with pages of its own: they are no "not found" about a call that may have happened (api rule 16).

const NGINX_404 =
  '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n';
const NGINX_400 =
  '<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>\r\n</body>\r\n</html>\r\n';
const NGINX_504 =
  '<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center><h1>504 Gateway Time-out</h1></center>\r\n</body>\r\n</html>\r\n';

type Reply = readonly [status: number, body: string];
/** By the job id asked about. */
type Replies = (jobId: string) => Reply;

const PAGE_404: Reply = [404, NGINX_404];
const PAGE_400: Reply = [400, NGINX_400];
const TIMEOUT: Reply = [504, NGINX_504];
const NONE: Reply = [404, '<error><message>No such batch</message></error>'];
const draft = (jobId: string, status = 'Draft'): Reply => [
  200,
  `<batchProcess><id>3</id><jobId>${jobId}</jobId><status>${status}</status></batchProcess>`,
];

/** A server whose answers the test changes: to questions, and to calls. */
async function gateway() {
  const answers: { get: Reply | Replies; change: Reply } = { get: NONE, change: TIMEOUT };
  const sent: string[] = [];
  let questions = 0;
  const server = createServer(
    recordingHandler([], ({ method, url }, response) => {
      if (method === 'GET') questions += 1;
      else sent.push(/mode=(\w+)/.exec(url)?.[1] ?? '');
      const { get } = answers;
      const jobId = new URL(url, 'http://x').searchParams.get('jobId') ?? 'AUG_2020_CUS';
      const reply = typeof get === 'function' ? get(jobId) : get;
      const [status, body] = method === 'GET' ? reply : answers.change;
      const contentType = body.startsWith('<html') ? 'text/html' : 'application/xml';
      response.writeHead(status, { 'content-type': contentType }).end(body);
    }),
  );
  const origin = `http://127.0.0.1:${await listening(server)}`;
  const at: Machine = machine(null, { EBILL_BASE_URL: origin });
  await month(at, { records: 2, itemFiles: 1 });
  return { at, answers, sent, questions: () => questions };
}

const INIT = ['init', '--job', 'AUG_2020', '--json'];
const CUSTOMERS = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020', '--json'];

describe.each<[string, Reply]>([
  ['404 Not Found', PAGE_404],
  ['400 No required SSL certificate was sent', PAGE_400],
])('a page "%s" in answer to every question', (title, page) => {
  const isSentOnce = async (line: readonly string[], call: string): Promise<void> => {
    const { at, answers, sent } = await gateway();
    answers.get = page;
    for (let i = 0; i < 3; i += 1) {
      const ran = await at.call(line);
      expect([ran.code, ran.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
      expect(ran.json.error?.message).toContain(title);
      expect(sent).toEqual([call]);
    }
    // The settle time is over, and the API itself says that there is none.
    answers.get = NONE;
    await at.call(line);
    expect(sent.length).toBeGreaterThan(1);
  };
  it('lets an init be sent once, however often the command is run', { tags: 'slow' }, () =>
    isSentOnce(INIT, 'BatchInit'),
  );
  it('lets a create be sent once, however often the command is run', () =>
    isSentOnce(CUSTOMERS, 'S3FileUpload'));

  it('lets a finalize be sent once', async () => {
    const { at, answers, sent } = await gateway();
    // Found as a draft, made elsewhere.
    answers.get = (jobId) => (jobId === 'AUG_2020_CUS' ? draft(jobId) : NONE);
    const line = ['finalize', '--job-id', 'AUG_2020_CUS', '--json', '--retries', '0'];
    const first = await at.call(line);
    expect([first.code, sent]).toEqual([6, ['BatchFinalize']]);
    answers.get = page;
    for (let i = 0; i < 2; i += 1) {
      const ran = await at.call(line);
      expect([ran.code, ran.json.error?.message]).toEqual([6, expect.stringContaining(title)]);
      expect(sent).toEqual(['BatchFinalize']);
    }
  });

  it('makes no batch missing: status and watch say that there was no answer', async () => {
    const { at, answers } = await gateway();
    answers.change = draft('AUG_2020_CUS', 'Queued');
    answers.get = (jobId) => (jobId === 'AUG_2020_CUS' ? draft(jobId) : NONE);
    await at.call(['finalize', '--job-id', 'AUG_2020_CUS', '--json']);
    answers.get = page;
    const status = await at.call(['status', '--job-id', 'AUG_2020_CUS', '--json']);
    expect([status.code, status.json.error?.message]).toEqual([6, expect.stringContaining(title)]);
    expect(status.json.batches.map(({ phase }) => phase)).toEqual(['queued']);
    const watch = await at.call(['watch', '--job-id', 'AUG_2020_CUS', '--patience', '300ms', '--json']);
    expect([watch.code, watch.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
  });

  it('is no proof for doctor that the API is there', async () => {
    const { at, answers } = await gateway();
    answers.get = page;
    const ran = await at.call(['doctor', '--json']);
    expect(ran.code).toBe(6);
    expect(ran.stdout).toContain(title);
  });
});

it('a question about a call in doubt waits as long as Retry-After says', async () => {
  let now = Date.UTC(2020, 7, 31, 22, 0, 0);
  const asked: number[] = [];
  const server = createServer(
    recordingHandler([], ({ method }, response) => {
      if (method !== 'GET') return response.writeHead(504).end();
      asked.push(now);
      if (asked.length === 1) return response.writeHead(404).end('<error><message>none</message></error>');
      return response.writeHead(503, { 'retry-after': '20' }).end();
    }),
  );
  const origin = `http://127.0.0.1:${await listening(server)}`;
  const sleep = async (ms: number): Promise<void> => {
    now += ms;
  };
  const at = machine(null, { EBILL_BASE_URL: origin, EBILL_SETTLE: '100s' }, { now: () => now, sleep });
  await at.call([...INIT, '--retries', '0']);
  const pauses = asked.slice(2).map((time, i) => time - (asked[i + 1] ?? 0));
  expect(pauses.slice(0, 4)).toEqual([20_000, 20_000, 20_000, 20_000]);
});

describe('a page in answer to a call', () => {
  it.each<[string, Reply]>([
    ['404', PAGE_404],
    ['400', PAGE_400],
  ])('%s leaves it in doubt: an init is sent once, and asked about', async (_status, page) => {
    const { at, answers, sent, questions } = await gateway();
    answers.change = page;
    const ran = await at.call(INIT);
    expect([ran.code, sent]).toEqual([9, ['BatchInit']]);
    const before = questions();
    answers.get = page;
    expect((await at.call(INIT)).code).toBe(6);
    expect([sent, questions() > before]).toEqual([['BatchInit'], true]);
  });
});
