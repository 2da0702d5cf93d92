import { parsePlan } from '../../../src/plan/read-plan.ts';
import { expectError, expectIntactPrototype, hold, type Target } from '../target.ts';

/** Plan files. */
export const target: Target = {
  seeds: [
    'job: AUG_2020\ninit: {}\ncustomers: [cus_*.csv]\ninvoices:\n  - file: inv.csv\n    items: ["itm_*.csv"]\naccept: { failedRecords: 0 }\n',
    'job: 0123\ncolumns:\n  customer: { key: Account }\n  invoice: { key: N, customer: C, amount: A }\n  items: { invoice: N, amount: A }\n',
    'a: &a [x, x]\nb: *a\n<<: *a\n',
    '%YAML 1.2\n--- !!map\njob: !!str 1\n...\n---\nx: |\n  y\n',
  ],
  dictionary: [
    'job: ',
    'init:',
    'customers:',
    'invoices:',
    '- file: ',
    'items:',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!!str ',
    '!<x> ',
    '? ',
    ': ',
    '- ',
    '|\n',
    '>\n',
    '---\n',
    '...\n',
    '#',
    '\t',
    '\ufeff',
    '../',
    '\0',
    '\u202e',
    '__proto__: ',
    '%TAG',
  ],
  run(bytes) {
    const plan = expectError(() => parsePlan(bytes.toString('utf8'), 'plan.yaml'), ['INVALID_PLAN']);
    hold(plan === undefined || (typeof plan.job === 'string' && plan.job !== ''), 'a plan has a job');
    expectIntactPrototype();
  },
};
