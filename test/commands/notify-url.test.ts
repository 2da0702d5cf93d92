import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { HttpRequest, HttpResponse } from '../../src/api/net/transport.ts';
import { postNotice } from '../../src/commands/shared/notify-url.ts';
import { addCallSecrets } from '../../src/redact/known-secrets.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { closedPort, listening, type RawServer, rawServer } from '../api/rig.ts';
import { fastClock, type Machine, machine, month, type Ran, sandbox } from '../e2e/harness.ts';
import { testContext } from '../helpers/context.ts';
import { readMetrics } from '../helpers/metrics.ts';

const WATCH = ['watch', '--job', 'AUG_2020'];
const PATH = '/services/T0CANARY/B0CANARY/tok3n-canary-4711?sig=s1g-canary-4711&v=1';
const CANARY = /canary/i;

/** A receiver of notifications. */
const receiver = (
  answer: (response: ServerResponse, n: number) => void = (response) => void response.end('ok'),
): Promise<RawServer> => rawServer((_request, response, n) => answer(response, n));
const url = ({ origin }: RawServer): string => origin + PATH;
const posted = ({ requests }: RawServer) => requests.map(({ body }) => JSON.parse(body.toString('utf8')));
type Reply = (response: ServerResponse) => void;
const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(code, headers).end('canary said');
  };

async function uploaded(bad = 0, env: Record<string, string> = {}): Promise<Machine> {
  const at = machine(await sandbox(), env);
  const { customers } = await month(at, { bad, records: 12 });
  const ran = await at.call(['upload', 'customer', ...customers, '--job', 'AUG_2020', '--finalize']);
  expect(ran.code).toBe(0);
  return at;
}

/** Nothing of the URL is in any output or any file. */
function expectNoTrace(at: Machine, ...runs: readonly Ran[]): void {
  for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toMatch(CANARY);
  for (const folder of [at.home, at.cwd])
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      if (statSync(path).isFile()) expect(readFileSync(path, 'latin1'), name).not.toMatch(CANARY);
    }
}

describe('--notify-url', () => {
  it('posts the document of --json with one sentence at the end, and shows the URL nowhere', async () => {
    const at = await uploaded(1);
    const to = await receiver();
    const env = join(at.cwd, 'env.txt');
    const child = [
      '--notify',
      `${JSON.stringify(process.execPath)} -e "require('fs').writeFileSync('env.txt', JSON.stringify(process.env))"`,
    ];
    const ran = await at.run([
      ...WATCH,
      '--notify-url',
      url(to),
      ...child,
      '--verbose',
      '--show-urls',
      '--json',
    ]);
    expect([ran.code, ran.stderr]).toEqual([3, expect.not.stringContaining('warning')]);
    const [document, ...others] = posted(to);
    expect(others).toEqual([]);
    expect(to.requests[0]).toMatchObject({
      method: 'POST',
      url: PATH,
      headers: { 'content-type': 'application/json', 'user-agent': expect.stringContaining('ebill/') },
    });
    const { event, text, ...rest } = document;
    const masked = ran.stdout.replace(/(X-Amz-(?:Signature|Credential|Security-Token))=[^&\s"]+/g, '$1=***');
    expect([event, rest]).toEqual(['end', JSON.parse(masked)]);
    expect(text).toMatch(
      /^ebill watch AUG_2020: partial \(PARTIAL, exit code 3\); 11 customers sent, 10 loaded, 1 rej.*next: /,
    );
    expect(JSON.parse(readFileSync(env, 'utf8'))).not.toHaveProperty('EBILL_NOTIFY_URL');
    expectNoTrace(at, ran);
  });

  it('comes from the environment too, which no child gets', { tags: 'slow' }, async () => {
    const at = await uploaded();
    const to = await receiver();
    const child = [
      '--notify',
      `${JSON.stringify(process.execPath)} -e "require('fs').writeFileSync('env.txt', JSON.stringify(process.env))"`,
    ];
    const ran = await at.run([...WATCH, ...child, '--verbose'], { env: { EBILL_NOTIFY_URL: url(to) } });
    expect([ran.code, posted(to)]).toEqual([0, [expect.objectContaining({ event: 'end', exitCode: 0 })]]);
    expect(JSON.parse(readFileSync(join(at.cwd, 'env.txt'), 'utf8'))).toHaveProperty('EBILL_BASE_URL');
    expectNoTrace(at, ran);
  });

  it('goes through the proxy of the environment', { tags: 'slow' }, async () => {
    const at = await uploaded();
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => response.end('ok'));
    });
    const port = await listening(proxy);
    const env = {
      HTTP_PROXY: `http://127.0.0.1:${port}`,
      NO_PROXY: new URL(at.env['EBILL_BASE_URL'] ?? '').host,
    };
    const to = `http://127.0.0.1:${await closedPort()}${PATH}`;
    const ran = await at.run([...WATCH, '--notify-url', to], { env });
    expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(asked).toEqual([`POST ${to}`]);
    expectNoTrace(at, ran);
  });

  it.each([
    ['answers 500', status(500), 'the receiver answered 500', 3],
    ['answers 403', status(403), 'the receiver answered 403', 1],
    ['answers 303', status(303, { location: PATH }), 'the receiver answered 303', 1],
    [
      'redirects to another host',
      status(307, { location: 'http://127.0.0.1:9/canary' }),
      'the receiver redirects to another host (307), which is not followed',
      1,
    ],
    [
      'breaks off',
      (response: ServerResponse): void => {
        response.destroy();
      },
      'was not delivered',
      3,
    ],
  ] as const)(
    'a receiver that %s is a warning, and the exit code stays',
    { tags: 'slow' },
    async (_name, answer, reason, tries) => {
      const at = await uploaded(1);
      const to = await receiver(answer);
      const ran = await at.run([...WATCH, '--notify-url', url(to), '--json', '--verbose']);
      expect([ran.code, ran.json.exitCode]).toEqual([3, 3]);
      expect(ran.stderr).toContain(reason);
      expect(ran.stderr).toMatch(
        /warning: the notification \(--notify-url\) was not delivered: .*; the exit code does not change/,
      );
      expect(to.requests).toHaveLength(tries);
      expectNoTrace(at, ran);
    },
  );

  it('a receiver that cannot be reached is a warning too', async () => {
    const at = await uploaded();
    const ran = await at.call([...WATCH, '--notify-url', `http://127.0.0.1:${await closedPort()}${PATH}`]);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('connection refused')]);
    expectNoTrace(at, ran);
  });

  it('follows a redirect within the host, tries again, and sends text alone where the rest is refused', async () => {
    const at = await uploaded();
    const moved = await receiver((response, n) =>
      n === 1 ? status(308, { location: '/moved' })(response) : void response.end(),
    );
    expect((await at.call([...WATCH, '--notify-url', url(moved)])).stderr).not.toContain('warning');
    expect(moved.requests.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      `POST ${PATH}`,
      'POST /moved',
    ]);
    const busy = await receiver((response, n) => status(n === 1 ? 503 : 200)(response));
    expect((await at.call([...WATCH, '--notify-url', url(busy)])).stderr).not.toContain('warning');
    expect(busy.requests).toHaveLength(2);
    const picky = await receiver((response, n) => status(n === 1 ? 400 : 200)(response));
    expect((await at.call([...WATCH, '--notify-url', url(picky)])).stderr).not.toContain('warning');
    const [full, alone] = posted(picky);
    expect(alone).toEqual({ text: full.text });
  });

  it('says when a server is silent for half of the patience, once, and at the end', {
    tags: 'slow',
  }, async () => {
    const at = machine(await sandbox(), {}, fastClock(100));
    const { customers } = await month(at, { records: 8 });
    await at.call(['upload', 'customer', ...customers, '--job', 'AUG_2020', '--finalize']);
    const to = await receiver();
    const silent = createServer((_request, response) => void response.writeHead(503).end());
    const port = await listening(silent);
    const ran = await at.call([
      ...WATCH,
      '--json',
      '--base-url',
      `http://127.0.0.1:${port}`,
      '--patience',
      '60s',
      '--interval',
      '10s',
      '--notify-url',
      url(to),
    ]);
    expect(ran.code).not.toBe(0);
    expect(posted(to).map(({ event, exitCode }) => [event, exitCode])).toEqual([
      ['silent', 6],
      ['end', 6],
    ]);
    const [first] = posted(to);
    expect(first).toMatchObject({
      error: { code: 'UNAVAILABLE' },
      silentSince: expect.stringMatching(/^20.*Z$/),
    });
    expect(first.silentSeconds).toBeGreaterThanOrEqual(30);
    expect(first.silentSeconds).toBeLessThan(60);
    expect(first.text).toMatch(
      /still waiting; .*has not answered since .*stops with exit code 6 after 1 m 00 s/,
    );
  });

  it('says when a step stops a run, before the end', { tags: 'slow' }, async () => {
    const at = machine(await sandbox());
    const { customers, invoices } = await month(at, { bad: 1, records: 8 });
    const plan = { job: 'AUG_2020', customers, invoices: invoices.map((file) => ({ file })) };
    writeFileSync(join(at.cwd, 'plan.yaml'), JSON.stringify(plan));
    const to = await receiver();
    const ran = await at.call([
      'run',
      'plan.yaml',
      '--notify-url',
      url(to),
      '--metrics',
      'm/ebill.prom',
      '--json',
    ]);
    expect(ran.code).toBe(3);
    const [stopped, end] = posted(to);
    expect(stopped).toMatchObject({ event: 'stopped', stage: 'customers', exitCode: 3, outcome: 'partial' });
    expect(stopped.error).toEqual(ran.json.error);
    expect(stopped.text).toContain('ebill run AUG_2020: stopped after customers (PARTIAL, exit code 3); ');
    expect(end).toMatchObject({ event: 'end', error: ran.json.error });
    expect(end).not.toHaveProperty('stage');
    expect(posted(to)).toHaveLength(2);
    expectNoTrace(at, ran);
  });

  it('is refused before anything is sent where it cannot be used, without being shown', async () => {
    const at = await uploaded();
    for (const [given, message] of [
      [`http://hooks.example.com${PATH}`, 'is plain http'],
      [`ftp://hooks.example.com${PATH}`, 'is no https URL'],
      ['tok3n-canary-4711', 'is no https URL'],
      [`https://me:pass-canary-1@hooks.example.com${PATH}`, 'has a user name'],
    ] as const) {
      for (const [words, env] of [
        [['--notify-url', given], {}],
        [[`--notify-url=${given}`], {}],
        [[], { EBILL_NOTIFY_URL: given }],
      ] as const) {
        const ran = await at.call([...WATCH, ...words, '--json'], { env });
        expect([ran.code, ran.json.error?.message]).toEqual([2, expect.stringContaining(message)]);
        expectNoTrace(at, ran);
      }
    }
  });

  it('is known to the redactor before anything is parsed', () => {
    for (const [argv, env] of [
      [['watch', '--notify-url', `https://hooks.example.com${PATH}`], {}],
      [['watch', `--notify-url=https://hooks.example.com${PATH}`], {}],
      [['watch'], { EBILL_NOTIFY_URL: `https://hooks.example.com${PATH}` }],
    ] as const) {
      const redactor = new Redactor();
      addCallSecrets(argv, env, redactor);
      for (const said of [
        `https://hooks.example.com${PATH}`,
        PATH,
        PATH.split('?')[0],
        PATH.split('?')[1],
        'tok3n-canary-4711',
      ])
        expect(redactor.sweep(`said ${said} here`)).not.toMatch(CANARY);
    }
  });

  it('takes plain http where the profile allows it', async () => {
    const at = await uploaded();
    const add = [
      'profile',
      'add',
      'lab',
      '--base-url',
      at.env['EBILL_BASE_URL'] ?? '',
      '--auth',
      'bearer',
      '--token-stdin',
    ];
    await at.call([...add, '--allow-insecure', '--yes'], { stdin: 'test-token-1' });
    const ran = await at.call([
      ...WATCH,
      '--profile',
      'lab',
      '--notify-url',
      `http://127.0.0.2.invalid${PATH}`,
    ]);
    expect(ran.stderr).toContain('was not delivered');
    expect(ran.stderr).not.toContain('plain http');
  });

  it('posts nothing in a dry run or after an interruption, whose hint has no URL', {
    tags: 'slow',
  }, async () => {
    const at = await uploaded();
    const to = await receiver();
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: SEP_2020\ninit: {}\n');
    expect((await at.call(['run', 'plan.yaml', '--dry-run', '--notify-url', url(to)])).code).toBe(0);
    const slow = machine(await sandbox({ processingTimeMs: 600_000 }));
    const { customers } = await month(slow, { records: 8 });
    await slow.call(['upload', 'customer', ...customers, '--job', 'AUG_2020', '--finalize']);
    let pid = 0;
    const ran = await slow.run(
      [...WATCH, '--notify-url', url(to), '--metrics', 'm.prom', '--interval', '1s'],
      {
        onStart: (started) => {
          pid = started;
        },
        onStderr: (text) => {
          if (!/AUG_2020_CUS/.test(text) || pid === 0) return;
          // Once: a second signal ends the process without a word.
          process.kill(pid, 'SIGTERM');
          pid = 0;
        },
      },
    );
    expect(ran.code).toBe(143);
    expect(to.requests).toEqual([]);
    expect(ran.stderr).toContain('ebill watch --job AUG_2020 --metrics m.prom');
    const code = readMetrics(readFileSync(join(slow.cwd, 'm.prom'), 'utf8')).find(
      ({ name }) => name === 'ebill_exit_code',
    );
    expect(code?.value).toBe(143);
    expectNoTrace(slow, ran);
  });
});

describe('a receiver that hangs', () => {
  afterEach(() => void vi.useRealTimers());

  it('is given 10 s in all', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hanging = ({ signal }: HttpRequest): Promise<HttpResponse> =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const to = { url: 'https://hooks.example.com/x', userAgent: 'ebill/1', document: '{}', text: '{}' };
    const ended = postNotice(hanging, testContext(), to).then(
      () => 'delivered',
      (error: Error) => error.message,
    );
    await vi.advanceTimersByTimeAsync(9_999);
    expect(await Promise.race([ended, Promise.resolve('waiting')])).toBe('waiting');
    await vi.advanceTimersByTimeAsync(2);
    expect(await ended).toBe('no answer within 10 s');
  });
});

describe('--metrics', () => {
  const metrics = (at: Machine) =>
    Object.fromEntries(
      readMetrics(readFileSync(join(at.cwd, 'ebill.prom'), 'utf8')).map(({ name, labels, value }) => [
        [name, labels['kind'], labels['outcome']].filter((part) => part !== undefined).join(' '),
        value,
      ]),
    );

  it('are written at the end, readable for the collector, whatever the outcome', async () => {
    const at = machine(await sandbox());
    const { customers } = await month(at, { bad: 1, records: 12 });
    const words = ['upload', 'customer', ...customers, '--job', 'AUG_2020'];
    expect((await at.call([...words, '--metrics', 'ebill.prom'])).code).toBe(2);
    const mask = process.umask(0o022);
    onTestFinished(() => void process.umask(mask));
    expect((await at.call([...words, '--wait', '--metrics', 'ebill.prom'])).code).toBe(3);
    const path = join(at.cwd, 'ebill.prom');
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(metrics(at)).toMatchObject({
      ebill_exit_code: 3,
      'ebill_records customer loaded': 10,
      'ebill_records customer rejected': 1,
      'ebill_records customer unaccounted': 0,
    });
    expect(metrics(at)).not.toHaveProperty('ebill_last_success_timestamp_seconds');
    expect(readdirSync(at.cwd).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('keep the last success when the next command fails, with the exit code it ends with', async () => {
    const at = await uploaded();
    expect((await at.call([...WATCH, '--metrics', 'ebill.prom'])).code).toBe(0);
    const { ebill_last_success_timestamp_seconds: success = 0 } = metrics(at);
    expect(Math.abs(success - Date.now() / 1000)).toBeLessThan(60);
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const failed = await at.call([
      ...WATCH,
      '--metrics',
      'ebill.prom',
      '--base-url',
      dead,
      '--retries',
      '0',
      '--patience',
      '0s',
    ]);
    expect(metrics(at)).toMatchObject({
      ebill_exit_code: failed.code,
      ebill_last_success_timestamp_seconds: success,
    });
    expect(failed.code).not.toBe(0);
  });

  it('that cannot be written are a warning, and a dry run writes none', async () => {
    const at = await uploaded();
    writeFileSync(join(at.cwd, 'file'), '');
    const ran = await at.call([...WATCH, '--metrics', 'file/ebill.prom']);
    expect([ran.code, ran.stderr]).toEqual([
      0,
      expect.stringMatching(/warning: the --metrics file could not be written: [^\n]*[^.\n]; the exit code/),
    ]);
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: SEP_2020\ninit: {}\n');
    await at.call(['run', 'plan.yaml', '--dry-run', '--metrics', 'ebill.prom']);
    expect(readdirSync(at.cwd)).not.toContain('ebill.prom');
  });
});
