import { describe, expect, it } from 'vitest';
import type { BatchSnapshot, SandboxSnapshot } from '../../src/sandbox/index.ts';
import { judge, sha256Of, type Typed, typed } from './oracle.ts';

const FILES: Readonly<Record<string, string>> = {
  'cus.csv': 'Account Number\n1\n2\n',
  'inv.csv': 'Invoice Number\n1\n',
  'itm_1.csv': 'Invoice Number\n1\n1\n',
  'itm_2.csv': 'Invoice Number,Note\n1,x\n',
  'plan.yaml':
    'job: J\ninit: {}\ncustomers: [cus.csv]\ninvoices:\n  - { file: inv.csv, items: [itm_1.csv, itm_2.csv] }\n',
};

function at(startedAt: number, line: string, exit: number | null = 0, home = 'h'): Typed {
  return typed([...line.split(' '), '--job', 'J'], (name) => FILES[name] ?? null, { home, startedAt, exit });
}

function batch(name: string, over: Partial<BatchSnapshot> = {}): BatchSnapshot {
  const text = FILES[name] ?? '';
  return {
    id: name,
    jobId: name,
    kind: name.startsWith('cus') ? 'customer' : name.startsWith('inv') ? 'invoice' : 'items',
    status: 'Success',
    parentId: name.startsWith('itm') ? 'inv.csv' : null,
    inputFilename: name,
    objectKey: name,
    sha256: sha256Of(text),
    bytes: text.length,
    createCount: 1,
    finalizeCount: 1,
    finalizedAt: 50,
    finalizeAttempts: 1,
    successCount: text.split('\n').length - 2,
    failCount: 0,
    resultKey: null,
    ...over,
  };
}

const MONTH = [
  at(1, 'init'),
  at(2, 'upload customer cus.csv'),
  at(3, 'upload invoice inv.csv --items itm_1.csv itm_2.csv'),
  at(49, 'finalize'),
  at(60, 'watch'),
];
const DONE = ['cus.csv', 'inv.csv', 'itm_1.csv', 'itm_2.csv'].map((name) => batch(name));

function server(batches: readonly BatchSnapshot[], over: Partial<SandboxSnapshot> = {}): SandboxSnapshot {
  const open = { invoices: 0, creditMemos: 0, debitMemos: 0 };
  return { batches, objects: [], initCount: 1, zeroedCustomerBalances: 0, open, ...over };
}

const changed = (name: string, over: Partial<BatchSnapshot>): readonly BatchSnapshot[] =>
  DONE.map((one) => (one.jobId === name ? { ...one, ...over } : one));

const CLEAN = { lost: [], doubled: [], wrong: [] };

describe('the oracle', () => {
  it('has nothing to say about a month that went well', () => {
    expect(judge(MONTH, server(DONE))).toEqual(CLEAN);
    expect(judge([at(1, 'run plan.yaml')], server(DONE))).toEqual(CLEAN);
  });

  it.each<[string, SandboxSnapshot, 'lost' | 'doubled' | 'wrong', RegExp]>([
    ['an init twice', server(DONE, { initCount: 2 }), 'doubled', /2 inits for 1 loads/],
    ['no init', server(DONE, { initCount: 0 }), 'lost', /the init of J/],
    ['a finalize twice', server(changed('cus.csv', { finalizeCount: 2 })), 'doubled', /finalized 2 times/],
    [
      'a file in two batches',
      server([...DONE, batch('cus.csv', { id: 'x', jobId: 'x' })]),
      'doubled',
      /cus.csv was processed as cus.csv and x/,
    ],
    [
      'a draft left behind that nobody processed, and a file lost',
      server(changed('cus.csv', { finalizeCount: 0, finalizedAt: null })),
      'lost',
      /cus.csv, given by upload customer/,
    ],
    [
      'an invoice without one of its items',
      server(DONE.filter(({ jobId }) => jobId !== 'itm_2.csv')),
      'wrong',
      /inv.csv \(inv.csv\) was finalized without its items itm_2.csv/,
    ],
    [
      'items under another invoice',
      server(changed('itm_1.csv', { parentId: 'other' })),
      'wrong',
      /without its items itm_1.csv/,
    ],
    [
      'content that nobody gave',
      server(changed('cus.csv', { sha256: sha256Of('<html>') })),
      'wrong',
      /content that nobody gave/,
    ],
    [
      'nothing stored',
      server(changed('cus.csv', { sha256: null, successCount: 0 })),
      'wrong',
      /content that nobody gave/,
    ],
    [
      'another kind',
      server(changed('cus.csv', { kind: 'invoice' })),
      'wrong',
      /cus.csv was processed as invoice, not customer/,
    ],
    [
      'records missing, and exit 0',
      server(changed('cus.csv', { successCount: 1 })),
      'wrong',
      /watch --job J exited 0, and 1 of 2 records of cus.csv are loaded/,
    ],
    [
      'a batch that is not final, and exit 0',
      server(changed('cus.csv', { successCount: null })),
      'wrong',
      /null of 2 records/,
    ],
  ])('sees %s', (_what, state, list, expected) => {
    expect(judge(MONTH, state)[list].join('\n')).toMatch(expected);
  });

  it('forgives what was not accepted: refused at once, or a wait that did not end well', () => {
    const none = server([], { initCount: 1 });
    expect(judge([at(1, 'init'), at(2, 'upload customer cus.csv', 6), at(3, 'watch')], none)).toEqual(CLEAN);
    expect(judge([at(1, 'run plan.yaml', 6)], none)).toEqual(CLEAN);
    const alone = server([batch('inv.csv')]);
    const refused = at(2, 'upload invoice inv.csv --items itm_1.csv', 2);
    const after = [at(3, 'upload invoice inv.csv'), at(4, 'finalize')];
    expect(judge([at(1, 'init'), refused, ...after], alone)).toEqual(CLEAN);
    expect(judge([at(1, 'init'), { ...refused, exit: null }, ...after], alone).wrong).toHaveLength(1);
    // Another machine cannot know of it.
    expect(judge([at(1, 'init'), { ...refused, exit: null, home: 'x' }, ...after], alone)).toEqual(CLEAN);
  });

  it('lets the operator load a file again who says so', () => {
    const twice = server([...DONE, batch('cus.csv', { id: 'x', jobId: 'x' })]);
    expect(judge([...MONTH, at(70, 'upload customer cus.csv --again')], twice)).toEqual(CLEAN);
  });
});
