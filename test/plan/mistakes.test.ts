import { describe, expect, it } from 'vitest';
import { parseFailure } from './parse-failure.ts';

/** Plans with one mistake each. */
const MISTAKES: readonly (readonly [title: string, plan: string])[] = [
  ['nothing at all', ''],
  ['only comments', '# AUG_2020\n\n'],
  ['no keys', 'AUG_2020\n'],
  ['a list', '- job: AUG_2020\n'],
  ['another file by mistake', 'Invoice Number,Name\n1,"Smith, Jr."\n2,x\n'],
  ['an unknown key', 'job: J\ncustmers: [cus.csv]\n'],
  ['a key like no other', 'job: J\ninit: {}\nserver: prod\n'],
  ['an unknown key below', 'job: J\ninvoices:\n  - file: inv.csv\n    itmes: [itm.csv]\n'],
  ['an unknown switch', 'job: J\ninit:\n  zeroOutCustomerBalances: true\n'],
  ['a role of another kind', 'job: J\ninit: {}\ncolumns: { items: { key: Number } }\n'],
  ['a number for a key', 'job: J\ninit: {}\n2020: x\n'],
  ['a key of the prototype', 'job: J\ninit: {}\n__proto__: { init: {} }\n'],
  ['no job', 'init: {}\n'],
  ['an empty job', 'job:\ninit: {}\n'],
  ['a job of spaces', 'job: "  "\ninit: {}\n'],
  ['a job with a line end', 'job: |\n  AUG_2020\ninit: {}\n'],
  ['a job too long', `job: ${'x'.repeat(201)}\ninit: {}\n`],
  ['true for a job', 'job: true\ninit: {}\n'],
  ['a list for a job', 'job: [AUG_2020]\ninit: {}\n'],
  ['init left empty', 'job: J\ninit:\ncustomers: [cus.csv]\n'],
  ['init: true', 'job: J\ninit: true\n'],
  ['a text for a switch', 'job: J\ninit: { zeroOutCustomerBalance: "true" }\n'],
  ['yes for a switch', 'job: J\ninit: { carryForwardInvoices: yes }\n'],
  ['an empty switch', 'job: J\ninit:\n  carryForwardInvoices:\n'],
  ['a file for a list', 'job: J\ncustomers: cus.csv\n'],
  ['an empty list', 'job: J\ncustomers:\n'],
  ['a number for a file', 'job: J\ncustomers: [12]\n'],
  ['an empty file name', 'job: J\ncustomers: ["", a.csv]\n'],
  ['a blank file name', 'job: J\ncustomers: ["  "]\n'],
  ['a control character in a file name', 'job: J\ncustomers: ["a\\e[2Jb.csv"]\n'],
  ['a file name without end', `job: J\ncustomers: [${'x'.repeat(4001)}]\n`],
  ['a file for an invoice entry', 'job: J\ninvoices: [inv.csv]\n'],
  ['no space after a colon', 'job: J\ninvoices:\n  - file:inv.csv\n'],
  ['no dash before an entry', 'job: J\ninvoices:\n  file: inv.csv\n'],
  ['two files in one entry', 'job: J\ninvoices:\n  - file: [inv_1.csv, inv_2.csv]\n'],
  ['an entry without its invoice', 'job: J\ninvoices:\n  - items: [itm.csv]\n'],
  ['an empty column', 'job: J\ninit: {}\ncolumns: { invoice: { key: " " } }\n'],
  ['a number for a column', 'job: J\ninit: {}\ncolumns: { invoice: { key: 7 } }\n'],
  ['a list of columns', 'job: J\ninit: {}\ncolumns: { invoice: [Invoice Number] }\n'],
  ['fewer than none accepted', 'job: J\ninit: {}\naccept: { failedRecords: -1 }\n'],
  ['half a record accepted', 'job: J\ninit: {}\naccept: { failedRecords: 0.5 }\n'],
  ['a text accepted', 'job: J\ninit: {}\naccept: { failedRecords: "5" }\n'],
  ['any number accepted', 'job: J\ninit: {}\naccept: { failedRecords: .inf }\n'],
  ['a number for a limit', 'job: J\ninit: {}\nexpect: { invoices: { records: 10 } }\n'],
  ['a limit that is no percentage', 'job: J\ninit: {}\nexpect: { items: { amount: much } }\n'],
  ['a limit of an unknown figure', 'job: J\ninit: {}\nexpect: { customers: { amount: 10% } }\n'],
  ['an unknown warning', 'job: J\ninit: {}\nallowWarnings: [leading-zeroes]\n'],
  ['a warning for a list', 'job: J\ninit: {}\nallowWarnings: mojibake\n'],
  ['an unknown result', 'job: J\ninit: {}\nrecordStatus: { S: ok }\n'],
  ['accept: 5', 'job: J\ninit: {}\naccept: 5\n'],
  ['nothing to do', 'job: J\ncustomers: []\naccept: { failedRecords: 3 }\n'],
  ['a key twice', 'job: J\ncustomers: [a.csv]\n"customers": [b.csv]\n'],
  ['two plans in one file', 'job: J\ninit: {}\n---\njob: K\ninit: {}\n'],
  ['a pattern without quotes', 'job: J\ncustomers: [*.csv]\n'],
  ['an alias', 'job: &load AUG_2020\ncustomers: [*load]\n'],
  ['a text that begins with !', 'job: J\ncustomers: [!cus.csv]\n'],
  ['a tag', 'job: J\ninit: !!binary aGk=\n'],
  ['a text that begins with @', 'job: J\ncustomers: [@cus.csv]\n'],
  ['a line that begins with %', '%job: J\ninit: {}\n'],
  ['a bracket that is not closed', 'job: J\ncustomers: [a.csv, b.csv\ninvoices: []\n'],
  ['a bracket too many', 'job: J\ncustomers: [a.csv]]\n'],
  ['a quote that is not closed', 'job: "J\ninit: {}\n'],
  ['a comma too many', 'job: J\ncustomers: [a.csv,, b.csv]\n'],
  ['braces in a name', 'job: J\ncustomers: [{a,b}_*.csv]\n'],
  ['a list for a key', 'job: J\n[init]: {}\n'],
  ['a tab', 'job: J\ninvoices:\n\t- file: inv.csv\n'],
  ['a line out of line', 'job: J\ninvoices:\n  - file: inv.csv\n   items: [itm.csv]\n'],
  ['a line without a colon', 'job: J\ncustomers [cus.csv]\ninit: {}\n'],
  ['two colons in a line', 'job: J\ncustomers: inv: [cus.csv]\n'],
  ['a Windows path in double quotes', 'job: J\ncustomers: ["C:\\data\\cus.csv"]\n'],
  ['nested without end', `job: J\ncustomers: ${'['.repeat(100_000)}\n`],
  ['a NUL', 'job: J\ninit: {}\n  \0\n'],
];

/** The plan, shortened, and the message for it. */
function messageFor([title, plan]: (typeof MISTAKES)[number]): string {
  const { code, message, hint } = parseFailure(plan);
  expect(code).toBe('INVALID_PLAN');
  expect(hint).toContain('Nothing was sent');
  expect(message).not.toMatch(/\[object|undefined|NaN|must NOT|must be equal/);
  const shown = plan
    .split('\n')
    .map((line) =>
      `  | ${line.length > 60 ? `${line.slice(0, 40)}…` : line}`.replaceAll('\0', '␀').trimEnd(),
    );
  return [`${title}:`, ...shown, message, ''].join('\n');
}

describe('the messages for a plan', () => {
  it('name the place and what to do, for each kind of mistake', async () => {
    await expect(MISTAKES.map(messageFor).join('\n')).toMatchFileSnapshot('mistakes.snap.txt');
  });

  it('list ten mistakes in the order of the text, then a count', () => {
    expect(parseFailure('jobs: J\ninit: 1\ncustomers: x\n').message.split('\n').map(place)).toEqual([
      'plan.yaml:1:1',
      'plan.yaml:1:1',
      'plan.yaml:2:7',
      'plan.yaml:3:12',
    ]);
    const many = parseFailure(`job: J\ncustomers: [${Array.from({ length: 14 }, (_, i) => i).join(', ')}]\n`);
    const lines = many.message.split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe('and 4 more');
  });

  it('escape the control characters of the plan', () => {
    expect(parseFailure('job: J\n"\\e]0;x\\a\\u202e": 1\n').message).toBe(
      'plan.yaml:2:1: unknown key "\\u001b]0;x\\u0007\\u202e"; known keys: job, init, customers, invoices, columns, accept, expect, strict, allowWarnings, recordStatus',
    );
  });
});

const place = (line: string): string => line.replace(/: .*/, '');
