import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { typed } from '../helpers/command-line.ts';
import { testSome } from '../helpers/some-rows.ts';
import { calls, type Machine, machine, month, sandbox } from './harness.ts';
import { terminal, WIDE } from './terminal.ts';

const FAST = ['--interval', '1s'];
const APPROVED = ['run', 'plan.yaml', '--approved', 'approval.json', ...FAST];

interface Approval {
  readonly [key: string]: unknown;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** A machine with a plan and its approval. */
async function frozen(server: Sandbox): Promise<Machine> {
  const at = machine(server);
  await month(at, { records: 10, itemFiles: 2 });
  expect((await at.call(['run', '--init-plan', '--job', 'AUG_2020'])).code).toBe(0);
  const wrote = await at.call(['run', 'plan.yaml', '--freeze', 'approval.json']);
  expect(wrote.stderr).toContain('ebill run plan.yaml --approved approval.json');
  expect(wrote.code).toBe(0);
  return at;
}

const read = (at: Machine, name = 'approval.json'): string => readFileSync(join(at.cwd, name), 'utf8');
const approval = (at: Machine): Approval => JSON.parse(read(at)) as Approval;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const changing = (server: Sandbox): readonly string[] =>
  calls(server).filter((call) => /^(?:init|create|put|finalize)/.test(call));

/** The file with another letter in its last record. */
function withOtherLetter(text: string): string {
  const end = text.trimEnd().lastIndexOf('\n');
  return text.slice(0, end) + text.slice(end).replace(/[a-wyz](?=[",])/, 'x');
}

/** Changes a file of the machine. */
function edit(at: Machine, name: string, change: (text: string) => string, to = name): undefined {
  const text = read(at, name);
  expect(change(text)).not.toBe(text);
  writeFileSync(join(at.cwd, to), change(text));
}

async function until(met: () => boolean): Promise<void> {
  while (!met()) await delay(10);
}

describe('ebill run --freeze', () => {
  it('writes what would be sent, sends nothing, and replaces no file', async () => {
    const server = await sandbox();
    const at = await frozen(server);
    expect(server.requests).toEqual([]);
    expect(approval(at)).toMatchObject({
      ebillApproval: 1,
      majorVersion: expect.any(Number),
      server: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+/),
      organisation: null,
      job: 'AUG_2020',
      init: { carryForwardInvoices: true, zeroOutCustomerBalance: false },
      options: { accept: { failedRecords: 0 }, adopt: false, next: false, restartInvoice: false },
    });
    expect(approval(at).files).toHaveLength(4);
    for (const { path, ...file } of approval(at).files) {
      const bytes = readFileSync(join(at.cwd, path));
      expect(file).toMatchObject({ bytes: bytes.length, sha256: sha256(bytes.toString()) });
    }
    // The same again is no change; anything else is not written over it.
    const again = await at.call(['run', 'plan.yaml', '--freeze', 'approval.json', '--json']);
    expect(again.json).toMatchObject({
      exitCode: 0,
      job: 'AUG_2020',
      approval: { path: join(at.cwd, 'approval.json'), sha256: sha256(read(at)), by: null },
    });
    const before = read(at);
    const other = await at.call(['run', 'plan.yaml', '--freeze', 'approval.json', '--next']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('already exists with other content');
    expect(read(at)).toBe(before);
    expect(server.requests).toEqual([]);
  });

  it('needs no terminal and no --yes for what it only writes down', async () => {
    const at = machine(await sandbox());
    await month(at, { records: 2, itemFiles: 1 });
    await at.call(['run', '--init-plan', '--job', 'AUG_2020']);
    const plan = parse(read(at, 'plan.yaml')) as Record<string, unknown>;
    writeFileSync(join(at.cwd, 'plan.yaml'), stringify({ ...plan, init: { zeroOutCustomerBalance: true } }));
    expect((await at.call(['run', 'plan.yaml', '--freeze', 'approval.json'])).code).toBe(0);
    expect((await at.call(APPROVED)).stderr).toContain('without a terminal it needs --yes');
  });
});

describe('ebill run --approved', () => {
  it('sends exactly what was approved, and manifest, report and journal name the approval', async () => {
    const server = await sandbox();
    const at = await frozen(server);
    const ran = await at.call([...APPROVED, '--approved-by', 'Jo <b>Doe</b>', '--json']);
    expect(ran.code).toBe(0);
    const named = { sha256: sha256(read(at)), by: 'Jo <b>Doe</b>' };
    expect(ran.json['approval']).toEqual(named);
    expect(JSON.parse(read(at, 'AUG_2020/manifest.json'))).toMatchObject({ approval: named });
    const page = read(at, 'AUG_2020/report.html');
    expect(page).toContain(named.sha256);
    expect(page).toContain('by Jo &lt;b&gt;Doe&lt;/b&gt;');
    expect(page).not.toContain('without an approval');
    const { timeline } = (await at.call(['loads', 'show', 'AUG_2020', '--json'])).json as unknown as {
      timeline: readonly { event: string; message: string | null }[];
    };
    expect(timeline[0]).toMatchObject({
      event: 'approved',
      message: `SHA-256 ${named.sha256}, by ${named.by}`,
    });
    // Again: nothing is left to send, and nothing to record.
    const sent = changing(server).length;
    expect((await at.call([...APPROVED, '--approved-by', named.by])).code).toBe(0);
    expect(changing(server)).toHaveLength(sent);
    const shown = await at.call(['loads', 'show', 'AUG_2020', '--json']);
    expect(shown.stdout.match(/"event": "approved"/g)).toHaveLength(1);
  });

  it.each<[string, (at: Machine) => readonly string[] | undefined, RegExp]>([
    [
      'one byte of a file',
      (at) => edit(at, approval(at).files.at(-1)?.path ?? '', withOtherLetter),
      /ITM_\w+\.csv: sha256: was "[0-9a-f]{64}", now "[0-9a-f]{64}"/,
    ],
    [
      'an option of the plan',
      (at) => edit(at, 'plan.yaml', (text) => `${text}\nrecordStatus: { fine: loaded }\n`),
      /options\.recordStatus\.fine: not approved, now "loaded"/,
    ],
    ['an option of the line', () => ['--next'], /options\.next: was false, now true/],
    [
      'another load to compare with',
      () => ['--against', 'none'],
      /options\.expect\.against: was "last", now "none"/,
    ],
    [
      'the load',
      (at) => edit(at, 'plan.yaml', (text) => text.replace('job: AUG_2020', 'job: SEP_2020')),
      /job: was "AUG_2020", now "SEP_2020"/,
    ],
    [
      'the server',
      () => ['--base-url', 'http://127.0.0.1:1'],
      /server: was "http:\/\/127\.0\.0\.1:\d+", now "http:\/\/127\.0\.0\.1:1"/,
    ],
    [
      'the major version',
      (at) => edit(at, 'approval.json', (text) => text.replace(/"majorVersion": \d+/, '"majorVersion": 99')),
      /majorVersion: was 99, now \d+/,
    ],
    [
      'a file that the plan had not',
      (at) => {
        const customers = approval(at).files[0]?.path ?? '';
        const one = (text: string): string => text.split('\n').slice(0, 2).join('\n').replace(/\d/g, '9');
        edit(at, customers, one, 'more.csv');
        return edit(at, 'plan.yaml', (text) => text.replace(customers, `${customers}, more.csv`));
      },
      /more\.csv: not approved, now SHA-256/,
    ],
    [
      'an approval cut off',
      (at) => edit(at, 'approval.json', (text) => text.slice(0, -9)),
      /approval\.json is not JSON/,
    ],
    [
      'an approval with an unknown field',
      (at) => edit(at, 'approval.json', (text) => text.replace('{', '{ "allow": "all",')),
      /approval\.json has an unknown field "allow"/,
    ],
    [
      'an approval that says a value twice',
      (at) => edit(at, 'approval.json', (text) => text.replace('{', '{ "job": "OTHER",')),
      /has the same content, but its layout was changed after ebill run --freeze wrote it/,
    ],
  ])('sends nothing when it meets %s', async (_what, change, says) => {
    const server = await sandbox();
    const at = await frozen(server);
    const more = change(at) ?? [];
    const ran = await at.call([...APPROVED, ...more, '--json']);
    expect(ran.json.error).toMatchObject({ code: 'DECLINED', message: expect.stringMatching(says) });
    expect(ran.code).toBe(2);
    expect(server.requests).toEqual([]);
    // Nor is anything on record.
    expect((await at.call(['loads', '--json'])).json['loads']).toEqual([]);
  });

  it('names the options that it was written with as those to run with', async () => {
    const server = await sandbox();
    const at = await frozen(server);
    const options = ['--strict', '--allow-warning', 'no-items', '--against', 'none'];
    const wrote = await at.call([
      'run',
      'plan.yaml',
      ...options,
      '--record-status',
      'Fine=loaded',
      '--freeze',
      'b.json',
    ]);
    const line = wrote.stderr.split('\n').find((one) => one.includes('--approved')) ?? '';
    const ran = await at.call([...typed(line.slice(line.indexOf('ebill'))), ...FAST]);
    expect([ran.stderr, ran.code]).toEqual([expect.not.stringContaining('approves'), 0]);
  });

  it('is refused for another organisation of the same server', async () => {
    const server = await sandbox();
    const at = await frozen(server);
    const ran = await at.call([...APPROVED, '--json'], { env: { EBILL_ORGANISATION: 'Acme' } });
    expect(ran.json.error?.message).toContain('organisation: was null, now "acme"');
    expect(ran.json['differences']).toEqual([{ what: 'organisation', was: 'null', now: '"acme"' }]);
  });

  it('processes no items that it does not name, though they are under its invoice', async () => {
    const server = await sandbox();
    const at = await frozen(server);
    const [, invoice, ...items] = approval(at).files.map(({ path }) => path);
    const more = (text: string): string => `${text.split('\n').slice(0, 2).join('\n')}\n`;
    edit(at, items[0] ?? '', more, 'more.csv');
    expect((await at.call(['init', '--job', 'AUG_2020'])).code).toBe(0);
    const upload = ['upload', 'invoice', invoice ?? '', '--items', ...items, 'more.csv'];
    expect((await at.call([...upload, '--job', 'AUG_2020', '--no-validate'])).code).toBe(0);
    const sent = changing(server).length;
    const ran = await at.call([...APPROVED, '--json']);
    expect(ran.json.error).toMatchObject({
      code: 'DECLINED',
      message: expect.stringMatching(/more\.csv \(AUG_2020_ITM_3\): not approved, and processed with INV_/),
    });
    expect(changing(server)).toHaveLength(sent);
  });

  it('asks nothing on a terminal whose answer would not be approved', { tags: 'slow' }, async () => {
    const server = await sandbox({ duplicates: 'reissue', faults: ['put@1=status:400'] });
    const first = await frozen(server);
    expect((await first.call(APPROVED)).code).toBe(9);
    const other = await frozen(server);
    const session = terminal(other, [...APPROVED], WIDE);
    expect(await session.until(/Start the load AUG_2020/)).toContain('Init of AUG_2020');
    session.write('y\r');
    expect(await session.exit).toBe(8);
    const screen = await session.screen();
    expect(screen).toContain('The server already has AUG_2020_CUS');
    expect(screen).not.toContain('want to continue');
  });

  it('resumes after it was killed, with the same approval alone', async () => {
    const server = await sandbox({ faults: ['finalize@1=hang-after'] });
    const at = await frozen(server);
    const killWhen = until(() => server.snapshot().batches.some(({ finalizeCount }) => finalizeCount > 0));
    expect((await at.run(APPROVED, { killWhen })).code).toBeNull();
    // The command that goes on has the approval in it.
    expect((await at.call([])).stdout).toMatch(/ebill run \S*plan\.yaml --approved \S*approval\.json/);
    const other = read(at).replace('"adopt": false', '"adopt": true');
    writeFileSync(join(at.cwd, 'other.json'), other);
    const sent = changing(server).length;
    const refused = await at.run(['run', 'plan.yaml', '--approved', 'other.json', ...FAST]);
    expect(refused.code).toBe(2);
    expect(changing(server)).toHaveLength(sent);

    const ran = await at.run([...APPROVED, '--json']);
    expect(ran.json).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    const { batches, initCount } = server.snapshot();
    expect(initCount).toBe(1);
    for (const { finalizeCount, kind } of batches.filter(({ inputFilename }) => inputFilename !== null))
      expect(finalizeCount, kind).toBe(1);
  });

  testSome(2)([
    ['its MD5', []],
    ['no MD5', ['put=kms-etag']],
  ])('never sends bytes that changed after the check, where the ETag is %s', async (_etag, faults) => {
    const server = await sandbox({ processingTimeMs: 1_000, faults });
    const at = await frozen(server);
    const invoice = approval(at).files[1]?.path ?? '';
    let changed = false;
    const ran = await at.run([...APPROVED, '--json'], {
      onStderr: (text) => {
        if (changed || !text.includes('AUG_2020_CUS submitted')) return;
        changed = true;
        appendFileSync(join(at.cwd, invoice), '\n');
      },
    });
    expect(changed).toBe(true);
    expect(ran.json.error).toMatchObject({ code: 'CONFLICT' });
    expect(ran.json.error?.message).toContain('changed between the check and the end of the upload');
    expect(calls(server)).not.toContain('finalize AUG_2020_INV');
  });

  it.each<[readonly string[], string]>([
    [['--freeze', 'a.json', '--approved', 'b.json'], '--freeze cannot be used with --approved'],
    [['--approved-by', 'jo'], '--approved-by needs --approved'],
    [['--approved', 'approval.json', '--approved-by', ' '], '--approved-by is empty'],
    [['--approved', 'none.json'], 'The approval none.json does not exist'],
    [['--freeze', '-'], '--freeze needs the name of a file'],
  ])('refuses %j', async (options, says) => {
    const server = await sandbox();
    const at = await frozen(server);
    const ran = await at.call(['run', 'plan.yaml', ...options]);
    expect(ran.stderr).toContain(says);
    expect(ran.code).toBe(2);
  });
});
