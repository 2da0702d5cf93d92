import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, machine } from '../e2e/harness.ts';
import type { Scenario, Step } from './hints.ts';

const table = (header: string, rows: readonly string[]): string => [header, ...rows, ''].join('\n');
const customers = (from: number, count: number, bad = 0): string =>
  table('Account Number,Name', [
    ...Array.from({ length: count }, (_, i) => `C${from + i},Customer ${from + i}`),
    ...Array.from({ length: bad }, (_, i) => `"",Nobody ${from + i}`),
  ]);

const INVOICE = table('Invoice Number,Account Number,Amount', ['I1,C1,3.00', 'I2,C2,4.00']);
const ITEMS_1 = table('Invoice Number,Amount,Description', ['I1,1.00,a', 'I1,2.00,b']);
const ITEMS_2 = table('Invoice Number,Amount,Description', ['I2,4.00,c']);

const FILES = {
  'cus.csv': customers(1, 4),
  'inv.csv': INVOICE,
  'itm_1.csv': ITEMS_1,
  'itm_2.csv': ITEMS_2,
  'plan.yaml':
    'job: AUG\ninit: {}\ncustomers: [cus.csv]\ninvoices:\n  - { file: inv.csv, items: [itm_1.csv, itm_2.csv] }\n',
};

/** Every file of a scenario in the machine's folder. */
export function write(at: Machine, files: Scenario['files']): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at.cwd, name), text);
}

const INIT = ['init', '--job', 'AUG'];
const CUSTOMERS = ['upload', 'customer', 'cus.csv', '--job', 'AUG'];
const ITEMS = { 'inv.csv': ['itm_1.csv', 'itm_2.csv'] };
const WHOLE = ['upload', 'invoice', 'inv.csv', '--items', 'itm_1.csv', 'itm_2.csv', '--job', 'AUG'];
const ONE_TRY = ['--retries', '0', '--concurrency', '1'];
const FINALIZE = ['finalize', '--job', 'AUG'];
const WATCH = ['watch', '--job', 'AUG'];

const edit =
  (name: string, change: (text: string) => string): Step =>
  (at) => {
    const path = join(at.cwd, name);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };

const scenario = (
  name: string,
  steps: readonly Step[],
  faults: readonly string[] = [],
  more: Partial<Scenario> = {},
): Scenario => ({
  name,
  files: FILES,
  items: ITEMS,
  steps,
  ...more,
  options: { faults, ...more.options },
});

/** The faults of the issue, one each. */
export const QUICK: readonly Scenario[] = [
  scenario(
    'an invoice call broken off after its first item',
    [INIT, [...WHOLE, ...ONE_TRY], FINALIZE],
    ['create:items@2=reset-before'],
  ),
  scenario(
    'a customer file corrected after some of its records were loaded',
    [
      INIT,
      [...CUSTOMERS, '--wait'],
      edit('cus.csv', (text) => text.replace('""', 'C9')),
      [...CUSTOMERS, '--wait'],
    ],
    [],
    { files: { ...FILES, 'cus.csv': customers(1, 4, 1) } },
  ),
  scenario('an invoice batch that is replaced by a corrected file', [
    INIT,
    WHOLE,
    edit('inv.csv', (text) => text.replace('4.00', '5.00')),
    WHOLE,
  ]),
  scenario('items with two drafts', [INIT, [...WHOLE, ...ONE_TRY], WHOLE], ['create:items@1=reset-after'], {
    options: { duplicates: 'refuse' },
  }),
  scenario(
    'a batch that the server lost after it was seen',
    [INIT, CUSTOMERS, WHOLE, FINALIZE, WATCH],
    ['status[AUG_CUS]@2-=forget'],
    { except: ['--again'] },
  ),
];

/** The same more broadly: every call of a month broken off in several ways, then each way on. */
export const BROAD: readonly Scenario[] = [
  ...['init', 'create:customer', 'put:customer', 'finalize:customer'].flatMap((call) =>
    ['reset-before', 'reset-after', 'status:400', 'html', 'empty'].map((action) =>
      scenario(
        `customers: ${call} ${action}`,
        [[...INIT, '--retries', '0'], [...CUSTOMERS, '--finalize', ...ONE_TRY], FINALIZE],
        [`${call}@1=${action}`],
      ),
    ),
  ),
  ...['create:invoice', 'put:invoice', 'create:items', 'put:items', 'finalize:invoice'].flatMap((call) =>
    ['reset-before', 'reset-after', 'status:403'].map((action) =>
      scenario(
        `invoices: ${call} ${action}`,
        [INIT, [...WHOLE, '--finalize', ...ONE_TRY], FINALIZE, WATCH],
        [`${call}@${call.includes('items') ? 2 : 1}=${action}`],
      ),
    ),
  ),
  ...['init', 'put:customer', 'finalize:customer', 'create:items', 'finalize:invoice'].map((call) =>
    scenario(
      `a run broken off at ${call}`,
      [['run', 'plan.yaml', '--retries', '0']],
      [`${call}@1=status:403`],
    ),
  ),
  scenario('a run with rejected customers', [['run', 'plan.yaml']], [], {
    files: { ...FILES, 'cus.csv': customers(1, 4, 2) },
  }),
  scenario(
    'records that got lost',
    [INIT, [...CUSTOMERS, '--wait'], ['results', '--job', 'AUG', '--rejects']],
    ['finalize:customer@1=lose-records:1'],
  ),
  scenario('other content under a name that is uploaded', [
    INIT,
    CUSTOMERS,
    (at) => appendFileSync(join(at.cwd, 'cus.csv'), 'C9,New\n'),
    CUSTOMERS,
    FINALIZE,
  ]),
  scenario('another item content under one invoice', [
    INIT,
    WHOLE,
    edit('itm_2.csv', (text) => text.replace('c', 'd')),
    WHOLE,
  ]),
  scenario('items for an invoice batch that is finalized', [
    INIT,
    [...WHOLE, '--wait'],
    (at) => writeFileSync(join(at.cwd, 'itm_3.csv'), ITEMS_2.replace('c', 'late')),
    ['upload', 'items', 'itm_3.csv', '--job', 'AUG'],
    FINALIZE,
  ]),
  scenario('the same bytes in another load', [
    INIT,
    [...CUSTOMERS, '--wait'],
    ['upload', 'customer', 'cus.csv', '--job', 'SEP'],
  ]),
  scenario(
    'a job id that somebody else has used',
    [
      async (_at, server) => {
        const other = machine(server);
        writeFileSync(join(other.cwd, 'cus.csv'), customers(50, 3));
        await other.call(CUSTOMERS);
      },
      CUSTOMERS,
      FINALIZE,
    ],
    [],
    { except: ['--adopt'] },
  ),
];
