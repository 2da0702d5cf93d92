import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { someRows } from '../helpers/some-rows.ts';
import { journalOf, MONTHS, type Month, recoveries, refusals } from './damaged-journal.ts';
import { machine, month, sandbox } from './harness.ts';

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

  it('does not keep the other loads from being listed', async () => {
    const { at, line } = await damagedLoad();
    expect((await at.call(['init', '--job', 'SEP_2020'])).code).toBe(0);
    const listed = await at.call(['loads', '--json']);
    expect([listed.code, listed.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect(listed.json.error?.message).toContain(`Line ${line} of the journal`);
    expect(listed.json['loads']).toMatchObject([
      { job: 'SEP_2020', outcome: 'succeeded' },
      { job: 'AUG_2020', outcome: null, damaged: true },
    ]);
    const text = await at.call(['loads']);
    expect([text.code, text.stdout]).toEqual([8, expect.stringMatching(/AUG_2020 .* damaged/)]);
    expect(text.stdout).toContain('SEP_2020');
  });

  it('is found by doctor', async () => {
    const { at, line } = await damagedLoad();
    const ran = await at.call(['doctor']);
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toContain(`Line ${line} of the journal`);
  });
});

const { some, others } = someRows(MONTHS, 3);
describe.each(some)('a month whose journal is damaged $when', isRefused);
describe.each(others)('a month whose journal is damaged $when', { tags: 'slow' }, isRefused);

function isRefused(month: Month): void {
  it('in any line: is refused before anything is sent', async () => {
    expect(await refusals(month)).toEqual(
      // What belongs together is known to nobody else.
      expect.arrayContaining(['answer true', 'call false', 'intent true']),
    );
  });

  // In every line: damaged-journal.full.ts.
  it('in one line of each type: what the hint says loads each record once', async () => {
    await recoveries(month, (types, type) => !types.includes(type));
  });
}

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
