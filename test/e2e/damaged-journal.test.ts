import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flatten } from '../../src/batch/tree.ts';
import { type Machine, machine, month, sandbox } from './harness.ts';

const journalOf = (at: Machine): string => {
  const names = readdirSync(join(at.home, 'loads'), { recursive: true }) as string[];
  return join(at.home, 'loads', names.find((name) => name.endsWith('.jsonl')) ?? '');
};

const UPLOAD = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020', '--json'];

/** A load of one customer file, one byte of whose create is NUL. @returns the line */
async function damagedLoad() {
  const server = await sandbox({ duplicates: 'reissue' });
  const at = machine(server);
  await month(at, { records: 4, itemFiles: 1 });
  expect((await at.call(UPLOAD)).code).toBe(0);
  const path = journalOf(at);
  const bytes = readFileSync(path);
  const place = bytes.indexOf('"call":"create"');
  bytes[place + 8] = 0;
  writeFileSync(path, bytes);
  const line = bytes.subarray(0, place).toString().split('\n').length;
  const sent = server.requests.length;
  return { server, at, path, line, sent };
}

describe('a journal with a damaged line', () => {
  it('stops every command that would act on it, before anything is sent', async () => {
    const { server, at, path, line, sent } = await damagedLoad();
    for (const command of [UPLOAD, ['finalize', '--job', 'AUG_2020', '--json'], ['status', '--json']]) {
      const ran = await at.call(command);
      expect([ran.code, ran.json.error?.code]).toEqual([8, 'CONFLICT']);
      expect(ran.json.error?.message).toBe(
        `Line ${line} of the journal ${path} is damaged: it has a NUL byte.`,
      );
      expect(ran.json.error?.hint).toContain('ebill loads show');
    }
    expect(server.requests).toHaveLength(sent);
  });

  it('is shown as far as it can be read', async () => {
    const { at, line } = await damagedLoad();
    const shown = await at.call(['loads', 'show', 'AUG_2020', '--json']);
    expect([shown.code, shown.json.error?.code]).toEqual([8, 'CONFLICT']);
    const timeline = shown.json['timeline'] as { event: string; message: string | null }[];
    expect(timeline).toContainEqual(
      expect.objectContaining({
        event: 'damaged',
        message: `line ${line} cannot be relied on: it has a NUL byte`,
      }),
    );
    expect(timeline.filter(({ event }) => event === 'put')).toHaveLength(2);
    const text = await at.call(['loads', 'show', 'AUG_2020']);
    expect(text.stdout).toMatch(new RegExp(`damaged .*line ${line} cannot be relied on`));
  });

  it('is found by doctor', async () => {
    const { at, line } = await damagedLoad();
    const ran = await at.call(['doctor']);
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toContain(`Line ${line} of the journal`);
  });
});

const CUSTOMERS = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020'];
const INVOICES = ['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv', '--job', 'AUG_2020'];

/** Commands of a month, some of them before the damage. */
const MONTHS: readonly (readonly [string, readonly (readonly string[])[], readonly (readonly string[])[]])[] =
  [
    [
      'after its uploads',
      [['init', '--job', 'AUG_2020'], CUSTOMERS, INVOICES],
      [['finalize', '--job', 'AUG_2020']],
    ],
    [
      'in the middle',
      [
        ['init', '--job', 'AUG_2020'],
        [...CUSTOMERS, '--finalize'],
      ],
      [INVOICES, ['finalize', '--job', 'AUG_2020']],
    ],
    [
      'at its end',
      [
        ['init', '--job', 'AUG_2020'],
        [...CUSTOMERS, '--finalize'],
        [...INVOICES, '--finalize'],
      ],
      [],
    ],
  ];

describe.each(MONTHS)('a month whose journal is damaged %s', (_when, before, after) => {
  it('in any line: what the hint says loads each record once, or there is no such hint', async () => {
    const said = new Map<string, number>();
    for (let line = 2; ; line += 1) {
      const server = await sandbox({ duplicates: 'reissue', processingTimeMs: 1 });
      const at = machine(server);
      await month(at, { records: 4, itemFiles: 2 });
      for (const words of before) expect((await at.call(words)).code).toBe(0);
      const path = journalOf(at);
      const lines = readFileSync(path, 'utf8').split('\n');
      const damaged = lines[line - 1] ?? '';
      if (damaged === '') break;
      // In the name of a field near the end.
      const place = damaged.lastIndexOf('":') - 1;
      lines[line - 1] = `${damaged.slice(0, place)}\0${damaged.slice(place + 1)}`;
      writeFileSync(path, lines.join('\n'));
      const sent = server.requests.length;
      const refused = await at.call([...CUSTOMERS, '--json']);
      expect([line, refused.code, server.requests.length]).toEqual([line, 8, sent]);
      const type = String((JSON.parse(damaged) as { type: string }).type);
      const adopt = refused.json.error?.hint.includes('--adopt') === true;
      said.set(`${type} ${adopt}`, line);
      if (!adopt) continue;
      for (const words of [
        [...CUSTOMERS, '--adopt'],
        [...INVOICES, '--adopt'],
        ...after,
        ['watch', '--job', 'AUG_2020', '--json'],
      ]) {
        const ran = await at.call(words);
        // Whether an item had arrived before its invoice was finalized is in the journal alone.
        const stopped = ran.code === 8 && ran.stderr.includes('do not load their invoices a second time');
        expect([line, words, stopped ? 0 : ran.code, ran.stderr]).toEqual([line, words, 0, ran.stderr]);
        if (words[0] === 'watch')
          expect([line, flatten(ran.json.batches).map(({ jobId }) => jobId)]).toEqual([
            line,
            expect.arrayContaining(['AUG_2020_CUS', 'AUG_2020_INV', 'AUG_2020_ITM_1', 'AUG_2020_ITM_2']),
          ]);
      }
      const { initCount, batches } = server.snapshot();
      const files = batches.filter(({ inputFilename }) => inputFilename !== null);
      expect([line, initCount]).toEqual([line, 1]);
      expect(files.map(({ jobId }) => jobId).sort()).toEqual([
        'AUG_2020_CUS',
        'AUG_2020_INV',
        'AUG_2020_ITM_1',
        'AUG_2020_ITM_2',
      ]);
      expect(files.filter(({ kind }) => kind !== 'items').map(({ finalizeCount }) => finalizeCount)).toEqual([
        1, 1,
      ]);
    }
    // What belongs together is known to nobody else.
    expect([...said.keys()].sort()).toEqual(
      ['answer true', 'call false', 'intent true', ...(said.has('seen true') ? ['seen true'] : [])].sort(),
    );
  }, 120_000);
});

describe('two processes on one load', () => {
  it('are one after the other, even when the lock file is deleted between them', async () => {
    const server = await sandbox({ faults: ['create@1=slow:1500ms'] });
    const at = machine(server);
    await month(at, { records: 4, itemFiles: 1 });
    const first = at.run(UPLOAD);
    while (!server.requests.some(({ call }) => call === 'create'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    rmSync(`${journalOf(at)}.lock`);
    const second = await at.run(UPLOAD);
    expect([second.code, second.json.error?.message]).toEqual([
      8,
      'The load AUG_2020 is held by another process, whose lock file was deleted.',
    ]);
    expect((await first).code).toBe(0);
    expect(server.requests.filter(({ call }) => call === 'create')).toHaveLength(1);
  });
});
