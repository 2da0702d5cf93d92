import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { EXIT_CODES } from '../../src/errors.ts';
import { journalPath } from '../../src/load/journal-places.ts';
import { main } from '../../src/main.ts';
import { listen, startSandbox } from '../../src/sandbox/index.ts';
import { lockLoad } from '../../src/system/lock.ts';
import { COMMAND_NAME, failureDocument, VALUED } from '../../src/system/startup-failure.ts';
import { type TestContext, tempDir, testContext } from '../helpers/context.ts';
import { OWN, WAYS } from './failures.ts';
import type { Document } from './harness.ts';

// Every command × every way to fail: exit code, error code, outcome, name and streams (commands rules 22 to 26).

/** `test/errors.test.ts` holds these to the contract (commands rule 26). */
const EXIT: Readonly<Record<string, number>> = { ok: 0, ...EXIT_CODES };

const CHANGING = ['init', 'upload customer', 'upload invoice', 'upload items', 'finalize', 'correct', 'run'];
/** Print their result although it is not good. */
const PRINTING = ['validate', 'doctor', 'api', 'status', 'watch', 'results', 'upload items'];

const FILES: Readonly<Record<string, string>> = {
  'cus.csv': 'Account Number,Name\nC1,A\n',
  'rejected.csv': 'Account Number,Name\nC1,A\n,B\n',
  'more.csv': 'Account Number,Name\nC2,A\n',
  'inv.csv': 'Invoice Number,Account Number\nI1,C1\n',
  'itm_1.csv': 'Invoice Number,Amount\nI1,1.00\n',
  'itm_2.csv': 'Invoice Number,Amount\nI1,2.00\n',
  'ragged.csv': 'Account Number,Name\nC1\n',
  'sub/cus.csv': 'Account Number,Name\nC3,A\n',
  'sub/inv.csv': 'Invoice Number,Account Number\nI2,C1\n',
  'sub/itm_1.csv': 'Invoice Number,Amount\nI1,3.00\n',
  'corrected/DONE_CUS_rejects.csv': 'Account Number,Name\nC9,B\n',
  'plan.yaml':
    'job: PLANNED\ninit: {}\ncustomers: [cus.csv]\ninvoices:\n  - { file: inv.csv, items: [itm_1.csv] }\n',
  'ragged.yaml': 'job: PLANNED\ncustomers: [ragged.csv]\n',
  'lacking.yaml': 'job: PLANNED\ncustomers: [none.csv]\n',
  'wrong.yaml': 'job: PLANNED\ncostumers: [cus.csv]\n',
  'expecting.yaml':
    'job: PLANNED\ncustomers: [more.csv]\nexpect: { against: DONE, customers: { records: 10% } }\n',
  'zero.yaml': 'job: PLANNED\ninit: { zeroOutCustomerBalance: true }\n',
  'ebill-demo': 'a file\n',
};

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface More {
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  readonly stdin?: string;
  /** Typed at the first question, on a terminal. */
  readonly keys?: string;
  readonly started?: (context: TestContext) => void;
}

const NO_ENVIRONMENT = { EBILL_BASE_URL: '', EBILL_TOKEN: '', EBILL_AUTH: '' };

let server: Awaited<ReturnType<typeof startSandbox>>;
let written = 0;
const cwd = tempDir('ebill-cwd-');
/** With the loads DONE (customers, one of them rejected) and OPEN (uploaded), and the profiles known and live. */
const prepared = tempDir('ebill-home-');

async function call(
  line: string,
  { env = {}, home = prepared, stdin = '', keys, started }: More = {},
): Promise<Ran> {
  const all = { ...server.environment, EBILL_SETTLE: '0s', EBILL_HOME: home, ...env };
  const tty = keys !== undefined;
  const context = testContext({ home, cwd, env: all, now: Date.now(), stdin, tty, columns: 400 });
  if (tty) {
    const keyboard = Object.assign(new PassThrough(), { isTTY: true });
    Object.assign(context, { stdin: keyboard });
    const answer = (): void => {
      if (context.stderr.text.includes('?')) setImmediate(() => keyboard.write(keys));
      else context.stderr.once('data', answer);
    };
    context.stderr.once('data', answer);
  }
  started?.(context);
  if (line.includes('NEW.jsonl')) written += 1;
  const words = line.replace('NEW.jsonl', `${written}.jsonl`).split(' ');
  const code = await main(line === '' ? [] : words, context);
  return { code, stdout: context.stdout.text, stderr: context.stderr.text };
}

function copied(): string {
  const home = tempDir('ebill-home-');
  cpSync(prepared, home, { recursive: true });
  return home;
}

const callAlone = (line: string, more: More = {}): Promise<Ran> => call(line, { home: copied(), ...more });

beforeAll(async () => {
  server = await startSandbox({ processingTimeMs: 1, auth: { type: 'bearer', token: 'test-token-1' } });
  for (const folder of ['sub', 'corrected']) mkdirSync(join(cwd, folder));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(cwd, name), text);
  for (const [line, code, stdin = ''] of [
    ['init --job DONE', 0],
    ['upload customer rejected.csv --job DONE --finalize --wait', 3],
    ['results --job DONE --rejects --out rejects', 0],
    ['loads export DONE --out done.jsonl', 0],
    ['init --job OPEN', 0],
    ['upload customer cus.csv --job OPEN', 0],
    ['upload invoice inv.csv --items itm_1.csv --job OPEN', 0],
    ['profile add known --base-url https://ebill.example.com --auth none', 0],
    [
      `profile add live --base-url ${server.apiUrl} --auth bearer --token-stdin --production`,
      0,
      'test-token-1',
    ],
  ] as const)
    expect([line, (await call(line, { stdin })).code]).toEqual([line, code]);
});
afterAll(() => server.close());

/** Error code and outcome as in the tables; what breaks a rule of documents and streams is added. */
function cellOf(command: string, json: Ran, plain: Ran | null = null): string {
  const wrong: string[] = [];
  const need = (ok: boolean, what: string): void => {
    if (!ok) wrong.push(what);
  };
  const document = JSON.parse(json.stdout) as Document;
  const { error, outcome, batches, files = [] } = document;
  const spoken = stripVTControlCharacters(json.stderr).replace(/\s+/g, ' ');
  const isSaid = (text: string): boolean => spoken.includes(text.replace(/\s+/g, ' '));
  const isChange = CHANGING.includes(command) && error !== null;
  need(document.command === command, `command is ${document.command}`);
  need(document.exitCode === json.code, `exitCode is ${document.exitCode}`);
  need(json.code === EXIT[error?.code ?? 'ok'], `exit code is ${json.code}`);
  need(batches.length > 0 || outcome === null, `outcome is ${outcome} without batches`);
  need(batches.length === 0 || outcome !== null || isChange, 'outcome is null');
  need(!isChange || outcome !== 'succeeded', 'a failed change succeeded');
  if (error !== null) {
    need(isSaid(`error: ${error.message}`), 'stderr lacks the reason');
    need(error.hint !== '' && spoken.includes('→'), 'no hint');
  }
  for (const { findings } of command === 'validate' ? [] : files)
    for (const { message } of findings as readonly { message: string }[])
      need(isSaid(message), `stderr lacks the finding ${message}`);
  if (plain !== null) {
    need(plain.code === json.code, `exit code without --json is ${plain.code}`);
    need(plain.code === 0 || plain.stdout === '' || PRINTING.includes(command), `stdout: ${plain.stdout}`);
  }
  return [error?.code ?? 'ok', error === null ? null : outcome, ...wrong].filter((part) => part).join(' ');
}

const inJson = (line: string): string => `${line} --json`.trim();

const NAMES = WAYS.map(([name]) => name);
/** Those that ask the server in a line of the table. */
const ASKING = WAYS.filter((row) => row.length > 6);

/** The whole name of the command in a line. */
const nameOf = (line: string): string =>
  NAMES.toSorted((a, b) => b.length - a.length).find((name) => `${line} `.startsWith(`${name} `)) ??
  (line.startsWith('help') ? 'help' : 'ebill');

describe('a way to fail of some commands', () => {
  it.each(OWN)('%s: %s', async (row, cell) => {
    const [line = '', typed] = row.split(' < ');
    const more = typed === undefined ? {} : { keys: `${typed}\r`, env: NO_ENVIRONMENT };
    expect(cellOf(nameOf(line), await callAlone(inJson(line), more), await callAlone(line, more))).toBe(cell);
  });
});

it.each(['upload', 'profile', 'upload --format json'])(
  '%s without its second word prints help, and an error where a document is asked for',
  async (line) => {
    const [group = ''] = line.split(' ');
    const json = await callAlone(line === group ? inJson(line) : line);
    expect(cellOf(group, json)).toBe('USAGE');
    const plain = await callAlone(group);
    expect([plain.code, plain.stdout]).toEqual([0, expect.stringContaining('Usage:')]);
  },
);

describe('every command', () => {
  it('is in the table', () => {
    expect(NAMES.toSorted()).toEqual(['ebill', ...COMMANDS.map(({ path }) => path.join(' '))].toSorted());
  });

  it('has its name in the document of a program that cannot start', () => {
    const bin = readFileSync(new URL('../../bin/ebill.js', import.meta.url), 'utf8');
    expect([bin.includes(`${COMMAND_NAME}`), bin.includes(`${VALUED}`)]).toEqual([true, true]);
    for (const [name, line] of WAYS)
      for (const words of [`--json --profile init ${line}`, `${line} upload --json`.trim()]) {
        const document = failureDocument(words.split(' '), { message: '', hint: '' });
        expect([words, JSON.parse(document).command]).toEqual([
          words,
          name === 'ebill' && !words.includes('profile') ? 'upload' : name,
        ]);
      }
  });

  it.each(WAYS)('%s with a wrong option, wherever it stands, keeps its name', async (name, line) => {
    const [, rest = ''] = line.split(name);
    for (const wrong of [
      `--json ${line} --bogus`,
      `--bogus ${line} --json`,
      `${name === 'ebill' ? '' : name} --bogus${rest} --json`,
    ]) {
      const ran = await call(wrong.trim());
      expect([wrong, cellOf(name, ran)]).toEqual([wrong, 'USAGE']);
      expect(JSON.parse(ran.stdout).error.hint).toBe(
        `See: ${name === 'ebill' ? '' : 'ebill '}${name} --help`,
      );
    }
  });

  it.each(WAYS)(
    '%s without a server, with an unknown profile or a bad home',
    async (name, line, ...cells) => {
      const empty = { home: tempDir('ebill-home-'), env: NO_ENVIRONMENT };
      const bad = { home: join(cwd, 'cus.csv') };
      const unknown = `${line} --profile nope`.trim();
      const found = [
        cellOf(name, await call(inJson(line), empty), await call(line, empty)),
        cellOf(name, await callAlone(inJson(unknown)), await callAlone(unknown)),
        cellOf(name, await call(inJson(line), bad), await call(line, bad)),
      ];
      expect(found).toEqual(cells.slice(0, 3));
    },
  );

  it.each(CHANGING)('%s while another process holds the load', async (name) => {
    const line = WAYS.find(([one]) => one === name)?.[1] ?? '';
    const home = copied();
    const job = /--job (\S+)/.exec(line)?.[1] ?? 'PLANNED';
    const path = journalPath(home, { baseUrl: server.apiUrl, organisation: null }, job);
    const lock = await lockLoad(testContext(), path, { job, command: 'ebill upload items' });
    const ran = await call(inJson(line), { home });
    await lock.release();
    expect(cellOf(name, ran)).toBe('CONFLICT');
    expect(ran.stderr).toContain('is held by ebill upload items');
  });
});

describe('where the server', () => {
  let answer: RequestListener = (_request, response) => response.end();
  let stop: () => Promise<void> = async () => undefined;

  beforeAll(async () => {
    await server.close();
    const listening = await listen({
      host: '127.0.0.1',
      port: Number(new URL(server.apiUrl).port),
      option: '--port',
      listener: (request, response) => answer(request, response),
      onConnection: () => undefined,
    });
    stop = () => listening.close();
  });
  afterAll(() => stop());

  const XML = '<error><message>No</message></error>';
  const PAGE = '<html><title>Login</title><body>Login</body></html>';

  it.each(
    (
      [
        ['does not accept the credentials', 401, XML],
        ['knows nothing', 404, XML],
        ['has a fault', 500, XML],
        ['shows a login page', 200, PAGE],
      ] as const
    ).flatMap(([what, status, body], i) =>
      ASKING.map(([name, line, ...cells]) => ({ what, status, body, name, line, cell: cells[4 + i] ?? '' })),
    ),
  )('$what: $name', async ({ status, body, name, line, cell }) => {
    answer = (_request, response) => {
      response.writeHead(status, { 'content-type': body === XML ? 'text/xml' : 'text/html' });
      response.end(body);
    };
    expect(cellOf(name, await callAlone(`${inJson(line)} --retries 0`))).toBe(cell);
  });

  it('may have received a raw call: nothing suggests sending it again unasked', async () => {
    const line = 'api POST /rest/batchProcess?mode=BatchInit --json';
    answer = (_request, response) => response.writeHead(500).end();
    const failed = await callAlone(line);
    const started = (context: TestContext): void => {
      answer = () => context.interrupt();
    };
    const interrupted = await callAlone(line, { started });
    for (const { stdout } of [failed, interrupted])
      expect(JSON.parse(stdout).error.hint).toBe(
        'The server may have received it: check the batch before sending it again.',
      );
  });

  it.each(ASKING)('is at work when %s is interrupted', async (name, line, ...cells) => {
    const started = (context: TestContext): void => {
      answer = () => context.interrupt();
    };
    expect(cellOf(name, await callAlone(inJson(line), { started }))).toBe(cells[8]);
  });

  it.each(WAYS)('is not there for %s', async (name, line, ...cells) => {
    await stop();
    const away = `${line} --retries 0`.trim();
    expect(cellOf(name, await callAlone(inJson(away)), await callAlone(away))).toBe(cells[3]);
  });

  it.each([
    ['status', 3],
    ['watch --download dl', 6],
    ['results', 6],
    ['report', 6],
    ['status --job ELSEWHERE', 3],
    ['results --id 3', 1],
  ])('is not there, %s --dry-run lists its requests', async (line, count) => {
    const ran = await callAlone(`${line} --dry-run --json`);
    expect([ran.code, JSON.parse(ran.stdout).requests.length]).toEqual([0, count]);
    expect((await callAlone(`${line} --dry-run`)).stdout).toContain('GET http://127.0.0.1:');
  });

  it.each([
    'finalize',
    'status',
    'watch --patience 0s',
    'results',
    'correct',
    'report',
    'upload customer more.csv',
    'upload items itm_2.csv',
  ])('is not there, %s names the load that it chose, with the reason', async (line) => {
    const named = await callAlone(`${line} --retries 0`, { env: { EBILL_JOB: 'DONE' } });
    expect(named.stderr).toContain('Using load DONE, from EBILL_JOB\n');
    const last = await callAlone(`${line} --retries 0 --json`);
    expect(last.stderr).toContain('Using load OPEN, the last one started here (--job selects another)\n');
  });
});
