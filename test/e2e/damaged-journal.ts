import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { flatten } from '../../src/batch/tree.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { type Machine, machine, month, sandbox } from './harness.ts';

/** The path of the machine's journal. */
export function journalOf(at: Machine): string {
  const names = readdirSync(join(at.home, 'loads'), { recursive: true }) as string[];
  return join(at.home, 'loads', names.find((name) => name.endsWith('.jsonl')) ?? '');
}

const INIT = ['init', '--job', 'AUG_2020'];
const CUSTOMERS = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020'];
const INVOICES = ['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv', '--job', 'AUG_2020'];
const FINALIZE = ['finalize', '--job', 'AUG_2020'];

/** Commands of a month before the damage, and those that are left besides the uploads. */
export interface Month {
  readonly when: string;
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
}

export const MONTHS: readonly Month[] = [
  { when: 'after its uploads', before: [INIT, CUSTOMERS, INVOICES], after: [FINALIZE] },
  { when: 'in the middle', before: [INIT, [...CUSTOMERS, '--finalize']], after: [INVOICES, FINALIZE] },
  {
    when: 'at its end',
    before: [INIT, [...CUSTOMERS, '--finalize'], [...INVOICES, '--finalize']],
    after: [],
  },
];

interface Played {
  readonly server: Sandbox;
  readonly at: Machine;
  readonly path: string;
  /** The journal's lines. */
  readonly lines: readonly string[];
}

async function played({ before }: Month): Promise<Played> {
  const server = await sandbox({ duplicates: 'reissue', processingTimeMs: 1 });
  const at = machine(server);
  await month(at, { records: 4, itemFiles: 2 });
  for (const words of before) expect((await at.call(words)).code).toBe(0);
  const path = journalOf(at);
  return { server, at, path, lines: readFileSync(path, 'utf8').trimEnd().split('\n') };
}

const typeOf = (line = ''): string => (JSON.parse(line) as { type: string }).type;

/** Damages a line in the name of a field near its end. */
function damage({ path, lines }: Played, index: number): void {
  const line = lines[index] ?? '';
  const place = line.lastIndexOf('":') - 1;
  const damaged = `${line.slice(0, place)}\0${line.slice(place + 1)}`;
  writeFileSync(path, `${lines.with(index, damaged).join('\n')}\n`);
}

/** Runs an upload, which is refused before anything is sent. @returns whether its hint offers --adopt */
async function refused({ server, at }: Played, index: number): Promise<boolean> {
  const sent = server.requests.length;
  const { code, json } = await at.call([...CUSTOMERS, '--json']);
  expect([index, code, server.requests.length]).toEqual([index, 8, sent]);
  return json.error?.hint.includes('--adopt') === true;
}

/** Damages each line but the header, one at a time. @returns each type of line, and whether the hint then offers --adopt */
export async function refusals(month: Month): Promise<readonly string[]> {
  const one = await played(month);
  const said = new Set<string>();
  for (let index = 1; index < one.lines.length; index += 1) {
    damage(one, index);
    said.add(`${typeOf(one.lines[index])} ${await refused(one, index)}`);
  }
  const known = ['answer true', 'call false', 'intent true', 'seen true'];
  expect([...said].filter((each) => !known.includes(each))).toEqual([]);
  return [...said];
}

/**
 * Damages a line of a month of its own, and takes the hint where it offers --adopt: each record is loaded once.
 * @param chosen says for a line, by the types of those before it and its own, whether it is damaged
 */
export async function recoveries(
  month: Month,
  chosen: (types: readonly string[], type: string) => boolean,
): Promise<void> {
  const types: string[] = [];
  for (let index = 1; ; index += 1) {
    const one = await played(month);
    while (index < one.lines.length && !chosen(types, typeOf(one.lines[index]))) index += 1;
    if (index >= one.lines.length) break;
    types.push(typeOf(one.lines[index]));
    damage(one, index);
    if (await refused(one, index)) await loadsOnce(one, month, index);
  }
  expect(types).toEqual(expect.arrayContaining(['intent', 'answer']));
}

async function loadsOnce({ server, at }: Played, { after }: Month, index: number): Promise<void> {
  const lines = [
    [...CUSTOMERS, '--adopt'],
    [...INVOICES, '--adopt'],
    ...after,
    ['watch', '--job', 'AUG_2020', '--json'],
  ];
  for (const words of lines) {
    const ran = await at.call(words);
    // Whether an item had arrived before its invoice was finalized is in the journal alone.
    const stopped = ran.code === 8 && ran.stderr.includes('do not load their invoices again');
    expect([index, words, stopped ? 0 : ran.code, ran.stderr]).toEqual([index, words, 0, ran.stderr]);
    if (words[0] === 'watch')
      expect([index, flatten(ran.json.batches).map(({ jobId }) => jobId)]).toEqual([
        index,
        expect.arrayContaining(['AUG_2020_CUS', 'AUG_2020_INV', 'AUG_2020_ITM_1', 'AUG_2020_ITM_2']),
      ]);
  }
  const { initCount, batches } = server.snapshot();
  const files = batches.filter(({ inputFilename }) => inputFilename !== null);
  expect([index, initCount]).toEqual([index, 1]);
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
