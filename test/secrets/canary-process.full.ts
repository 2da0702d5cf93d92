import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EBILL } from '../e2e/harness.ts';
import { tempDir } from '../helpers/context.ts';
import { FAST_EBILL } from '../helpers/programs.ts';
import { filesWith, HEADER_VALUE, PASSWORD, PROXY_PASSWORD, seenIn, TOKEN, USERNAME } from './canaries.ts';
import { MANNERS, parrot } from './parrot.ts';

interface Ended {
  readonly code: number | null;
  readonly shown: string;
}

/** The program as a process of its own, in a place of its own; all it showed and left behind is searched. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { entry = FAST_EBILL, stopAt, stop }: { entry?: string; stopAt?: RegExp; stop?: Promise<unknown> } = {},
  at = place(),
): Promise<Ended> {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: at.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: at.home, EBILL_HOME: at.home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  void stop?.then(() => child.kill('SIGINT'));
  let shown = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      if (stopAt?.test(shown)) child.kill('SIGINT');
    });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  search(args, shown, at);
  return { code, shown };
}

function search(args: readonly string[], shown: string, at: { home: string; cwd: string }): void {
  const leaks = [
    ...seenIn(shown),
    ...filesWith(at.home, /^(?:secrets|profiles)\.json$/),
    ...filesWith(at.cwd),
  ];
  expect(leaks, `ebill ${args.join(' ')}`).toEqual([]);
}

function place(): { home: string; cwd: string } {
  const cwd = tempDir('ebill-canary-');
  for (const name of ['cus', 'inv', 'itm_1']) writeFileSync(join(cwd, `${name}.csv`), 'Name\nA\nB\n');
  writeFileSync(
    join(cwd, 'plan.yaml'),
    'job: AUG\ninit: {}\ncustomers: [cus.csv]\ninvoices: [{ file: inv.csv, items: [itm_1.csv] }]\naccept: { failedRecords: 9 }\n',
  );
  return { home: tempDir('ebill-home-'), cwd };
}

const LOUD = [[], ['--verbose'], ['--json', '--verbose'], ['--progress', 'json', '--verbose']] as const;

describe('as a process, secrets are in no output and no file', () => {
  it.each(MANNERS.map((manner, i) => [manner, LOUD[i % 4] ?? [], i % 2 === 0] as const))(
    'with a server that echoes every request: %s %j, basic %j',
    async (manner, loud, basic) => {
      const server = await parrot(manner, basic ? PASSWORD : TOKEN);
      const env = {
        EBILL_BASE_URL: server.url,
        ...(basic ? { EBILL_USERNAME: USERNAME, EBILL_PASSWORD: PASSWORD } : { EBILL_TOKEN: TOKEN }),
      };
      const at = place();
      const patience = ['--retries', '1', '--max-wait', '1s', '--patience', '1s'];
      for (const args of [
        ['run', 'plan.yaml', ...patience],
        ['api', 'GET', '/rest/batchProcess?jobId=AUG_CUS'],
        ['doctor'],
      ])
        await run([...args, ...loud], env, {}, at);
      expect(server.count()).toBeGreaterThan(1);
    },
  );

  it('on a terminal, with a password typed at its prompt', async () => {
    const server = await parrot('success', PASSWORD);
    const at = place();
    const args = [
      'profile',
      'add',
      'lab',
      '--base-url',
      server.url,
      '--auth',
      'basic',
      '--username',
      USERNAME,
    ];
    const terminal = pty.spawn(process.execPath, [EBILL, ...args, '--verbose'], {
      cwd: at.cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: at.home, EBILL_HOME: at.home, TERM: 'xterm' },
      cols: 100,
    });
    let shown = '';
    let typed = false;
    terminal.onData((text) => {
      shown += text;
      if (typed || !shown.includes('The password of clerk for')) return;
      typed = true;
      terminal.write(`${PASSWORD}\r`);
    });
    const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
    expect(typed, shown).toBe(true);
    expect(exitCode, shown).toBe(0);
    search(args, shown, at);
    // It was kept, and is sent.
    const { shown: answer } = await run(
      ['api', 'GET', '/rest/batchProcess?jobId=X', '--verbose'],
      {},
      {},
      at,
    );
    expect(answer).toContain('***');
  });

  it('through a proxy that repeats its credentials', async () => {
    const proxy = createServer().listen(0, '127.0.0.1');
    let told = '';
    proxy.on('connect', (request, socket) => {
      told = String(request.headers['proxy-authorization']);
      socket.end(
        `HTTP/1.1 407 You said ${told}\r\nproxy-authenticate: Basic realm="${told}"\r\n\r\n${told} ${PROXY_PASSWORD}`,
      );
    });
    await new Promise((resolve) => proxy.once('listening', resolve));
    onTestFinished(() => void proxy.close());
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const env = {
      HTTPS_PROXY: `http://${USERNAME}:${encodeURIComponent(PROXY_PASSWORD)}@127.0.0.1:${port}`,
      EBILL_BASE_URL: 'https://ebill.invalid',
      EBILL_TOKEN: TOKEN,
    };
    for (const loud of LOUD) {
      await run(['status', '--job', 'AUG', '--retries', '0', ...loud], env);
      await run(['doctor', ...loud], env);
    }
    expect(told).toContain('Basic ');
  });

  it('with a client key that is none, and no words of it in what is said of it', async () => {
    const at = place();
    const key = join(at.home, '..', `${at.home.split('/').at(-1)}-key.pem`);
    writeFileSync(
      key,
      `-----BEGIN ENCRYPTED PRIVATE KEY-----\nc4n4ryK3Y\n-----END ENCRYPTED PRIVATE KEY-----\n`,
    );
    const set = ['--auth', 'none', '--client-cert', key, '--client-key', key, '--yes'];
    await run(['profile', 'add', 'lab', '--base-url', 'https://127.0.0.1:9', ...set], {}, {}, at);
    for (const loud of LOUD) {
      const { code } = await run(
        ['status', '--job', 'AUG', '--retries', '0', '--profile', 'lab', ...loud],
        {},
        {},
        at,
      );
      expect(code).toBeGreaterThan(1);
    }
  });

  it('put by mistake on the command line, or into an address', async () => {
    for (const args of [
      ['status', `--token=${TOKEN}`],
      ['status', '--token', TOKEN],
      ['profile', 'add', 'lab', '--password', PASSWORD],
      ['status', '--base-url', `https://${USERNAME}:${encodeURIComponent(TOKEN)}@127.0.0.1:9`],
      [
        'profile',
        'add',
        'lab',
        '--base-url',
        'https://127.0.0.1:9',
        '--proxy',
        `http://u:${PROXY_PASSWORD}@p:1`,
      ],
      [
        'profile',
        'add',
        'lab',
        '--base-url',
        'https://127.0.0.1:9',
        '--header',
        `X-Session=${HEADER_VALUE}`,
        '--nonsense',
      ],
    ]) {
      for (const loud of LOUD) expect((await run([...args, ...loud], {})).code).toBe(2);
    }
  });

  it('in what an interrupted run says how to go on with', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const env = { EBILL_BASE_URL: url, EBILL_TOKEN: TOKEN };
    const path = `/rest/batchProcess?id=1&note=${encodeURIComponent(TOKEN)}`;
    for (const loud of LOUD) {
      const stop = new Promise((resolve) => server.once('request', resolve));
      const { code, shown } = await run(['api', 'GET', path, ...loud], env, { stop });
      expect(code).toBe(130);
      expect(shown).toContain('note=***');
    }
  });

  it('from the demo and the sandbox, which are given the environment of the real thing', async () => {
    const env = { EBILL_TOKEN: TOKEN, EBILL_USERNAME: USERNAME, EBILL_PASSWORD: PASSWORD };
    expect((await run(['demo', '--records', '10'], env)).code).toBe(0);
    const at = place();
    mkdirSync(join(at.cwd, 'data'));
    const sandbox = ['sandbox', '--port', '0', '--s3-port', '0', '--data', 'data', '--verbose'];
    const { code, shown } = await run(sandbox, env, { stopAt: /Ctrl-C to stop/ }, at);
    expect(shown).toContain('EBILL_TOKEN');
    expect(code).toBe(0);
  });
});
