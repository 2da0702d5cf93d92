import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machine, sandbox } from './harness.ts';

interface Row {
  readonly name: string;
  /** Faults of the server from the beginning. */
  readonly faults: readonly string[];
  /** Commands before it, which must succeed. */
  readonly before?: readonly string[];
  /** The server is gone then. */
  readonly down?: true;
  readonly line: string;
  readonly code: number;
  readonly outcome: string | null;
  /** Job ids listed. */
  readonly batches: readonly string[];
}

const INIT = 'init --job AUG_2020';
const CUS = 'upload customer cus.csv --job AUG_2020';
const INV = 'upload invoice inv.csv --items itm_1.csv itm_2.csv --job AUG_2020';
const REFUSED = 'status:400';

// commands rule 24
const ROWS: readonly Row[] = [
  {
    name: 'nothing is known before the first request',
    faults: [],
    line: 'upload customer none.csv --job AUG_2020',
    code: 2,
    outcome: null,
    batches: [],
  },
  {
    name: 'a refused init is no success',
    faults: [`init@*=${REFUSED}`],
    line: INIT,
    code: 9,
    outcome: 'not-run',
    batches: ['AUG_2020_INIT'],
  },
  {
    name: 'an upload whose create was refused',
    faults: [`create@*=${REFUSED}`],
    line: CUS,
    code: 9,
    outcome: 'draft',
    batches: ['AUG_2020_CUS'],
  },
  {
    name: 'an upload whose file was refused leaves a draft',
    faults: [`put@*=${REFUSED}`],
    line: CUS,
    code: 9,
    outcome: 'draft',
    batches: ['AUG_2020_CUS'],
  },
  {
    name: 'a refused item leaves its invoice batch open',
    faults: [`put@2=${REFUSED}`],
    line: INV,
    code: 9,
    outcome: 'uploaded',
    batches: ['AUG_2020_INV'],
  },
  {
    name: 'a refused finalize leaves the batch uploaded',
    faults: [`finalize@*=${REFUSED}`],
    before: [CUS],
    line: 'finalize --job AUG_2020',
    code: 9,
    outcome: 'uploaded',
    batches: ['AUG_2020_CUS'],
  },
  {
    name: 'a changing command that broke off never says succeeded',
    faults: [],
    before: [`${CUS} --wait`, `${INV} --wait`],
    line: 'upload customer none.csv --job AUG_2020',
    code: 2,
    outcome: null,
    batches: [],
  },
  {
    name: 'a question that is never answered says what is known',
    faults: [],
    before: [`${CUS} --wait`],
    down: true,
    line: 'status --job AUG_2020 --retries 0',
    code: 6,
    outcome: 'succeeded',
    batches: ['AUG_2020_CUS'],
  },
  {
    name: 'run lists the batches of the step under way',
    faults: [`put@1=${REFUSED}`],
    line: 'run plan.yaml',
    code: 9,
    outcome: 'draft',
    batches: ['AUG_2020_INIT', 'AUG_2020_CUS'],
  },
  {
    name: 'run lists the invoice batch whose items are refused',
    faults: [`put@3=${REFUSED}`],
    line: 'run plan.yaml',
    code: 9,
    outcome: 'uploaded',
    batches: ['AUG_2020_INIT', 'AUG_2020_CUS', 'AUG_2020_INV'],
  },
  {
    name: 'run that stops at an init',
    faults: [`init@*=${REFUSED}`],
    line: 'run plan.yaml',
    code: 9,
    outcome: 'not-run',
    batches: ['AUG_2020_INIT'],
  },
  {
    name: 'results of a load that is not final',
    faults: [],
    before: [CUS],
    line: 'results --job AUG_2020',
    code: 7,
    outcome: 'uploaded',
    batches: ['AUG_2020_CUS'],
  },
];

const FILES = {
  'cus.csv': 'Account Number\nC1\n',
  'inv.csv': 'Invoice Number,Account Number\nI1,C1\n',
  'itm_1.csv': 'Invoice Number,Amount\nI1,1.00\n',
  'itm_2.csv': 'Invoice Number,Amount\nI1,2.00\n',
  'plan.yaml':
    'job: AUG_2020\ninit: {}\ncustomers: [cus.csv]\ninvoices:\n  - { file: inv.csv, items: [itm_1.csv, itm_2.csv] }\n',
};

describe('the outcome of a command that failed', () => {
  it.each(ROWS)('$name', async ({ faults, before = [], down, line, code, outcome, batches }) => {
    const server = await sandbox({ faults: [...faults], processingTimeMs: 1 });
    const at = machine(server);
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(at.cwd, name), text);
    for (const words of before) {
      const done = await at.call(words.split(' '));
      expect([words, done.code]).toEqual([words, 0]);
    }
    if (down) await server.close();
    const notify = line.startsWith('run') ? ['--notify', 'printf "$EBILL_OUTCOME" > outcome.txt'] : [];
    const ran = await at.call([...line.split(' '), '--json', ...notify]);
    if (notify.length > 0)
      expect(readFileSync(join(at.cwd, 'outcome.txt'), 'utf8')).toBe(ran.json.outcome ?? '');
    const { json } = ran;
    expect({
      code: ran.code,
      exitCode: json.exitCode,
      command: json.command,
      outcome: json.outcome,
      batches: json.batches.map(({ jobId }) => jobId),
    }).toEqual({
      code,
      exitCode: code,
      command: line.startsWith('upload') ? line.split(' ').slice(0, 2).join(' ') : line.split(' ')[0],
      outcome,
      batches,
    });
    expect(json.error).not.toBeNull();
  });
});
