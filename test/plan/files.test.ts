import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { filesOfPlan } from '../../src/plan/files.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { tempDir } from '../helpers/context.ts';

function folder(...names: readonly string[]): string {
  const root = tempDir('ebill plan é ');
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `Key\n${name}\n`);
  }
  return root;
}

async function found(root: string, plan: string): Promise<unknown> {
  const files = await filesOfPlan(parsePlan(`job: J\n${plan}`, 'p.yaml'), root, 'p.yaml', {
    platform: 'linux',
  });
  const shown = (paths: readonly string[]): string[] => paths.map((path) => relative(root, path));
  return [
    shown(files.customers),
    ...files.invoices.map(({ file, items }) => [relative(root, file), ...shown(items)]),
  ];
}

async function mistakes(root: string, plan: string): Promise<string> {
  try {
    await found(root, plan);
  } catch (error) {
    if (error instanceof EbillError && error.code === 'INVALID_PLAN') return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('the files of a plan', () => {
  it('are found beside it, patterns in natural order, a file given twice once', async () => {
    const root = folder(
      'cus_1.csv',
      'cus_2.csv',
      'cus_10.csv',
      'inv.csv',
      'items/itm_2.csv',
      'items/itm_10.csv',
    );
    expect(
      await found(
        root,
        'customers: [cus_10.csv, cus_*.csv]\ninvoices: [{ file: inv.csv, items: [items/*.csv] }]\n',
      ),
    ).toEqual([
      ['cus_1.csv', 'cus_2.csv', 'cus_10.csv'],
      ['inv.csv', 'items/itm_2.csv', 'items/itm_10.csv'],
    ]);
  });

  it('are named with their place when they are not there', async () => {
    const root = folder('a.csv');
    expect(
      await mistakes(root, 'customers: [a.csv, b.csv, c*.csv]\ninvoices:\n  - file: nope/inv.csv\n'),
    ).toBe(
      [
        `p.yaml:2:20: there is no file b.csv in ${root} (a plan's paths are relative to it)`,
        `p.yaml:2:27: nothing matches c*.csv in ${root} (a plan's paths are relative to it)`,
        `p.yaml:4:11: there is no file nope/inv.csv in ${root} (a plan's paths are relative to it)`,
      ].join('\n'),
    );
  });

  it('are one each for an invoice entry', async () => {
    expect(await mistakes(folder('inv_1.csv', 'inv_2.csv'), 'invoices: [{ file: inv_*.csv }]\n')).toContain(
      'p.yaml:2:20: inv_*.csv matches 2 files; an invoice entry has one: write an entry for each, with its items',
    );
  });

  it('are meant once: not as customers and items, not under two invoices, not by a link', async () => {
    const root = folder('x.csv', 'inv_1.csv', 'inv_2.csv', 'itm.csv');
    symlinkSync(join(root, 'itm.csv'), join(root, 'other.csv'));
    expect(
      await mistakes(root, 'customers: [x.csv]\ninvoices:\n  - { file: inv_1.csv, items: [x.csv] }\n'),
    ).toBe('p.yaml:4:32: x.csv is in invoices[1].items and, on line 2, in customers: name it once');
    expect(
      await mistakes(
        root,
        'invoices:\n  - { file: inv_1.csv, items: [itm.csv] }\n  - { file: inv_2.csv, items: [other.csv] }\n',
      ),
    ).toBe(
      'p.yaml:4:32: other.csv is in invoices[2].items and, on line 3, in invoices[1].items: name it once',
    );
    expect(await mistakes(root, 'invoices: [{ file: inv_1.csv }, { file: inv_1.csv }]\n')).toBe(
      'p.yaml:2:41: inv_1.csv is in invoices[2].file and, on line 2, in invoices[1].file: name it once',
    );
  });

  it('are files, and named as they are: no shell reads a plan', async () => {
    const root = folder('sub/x.csv', 'a.csv');
    expect(await mistakes(root, 'customers: [sub, ~/x.csv, $HOME/x.csv, a.csv/b.csv]\n')).toBe(
      [
        'p.yaml:2:13: sub is a folder: name the files in it',
        `p.yaml:2:18: there is no file ~/x.csv in ${root} (a plan's paths are relative to it; ~ and $NAME mean nothing in a plan)`,
        `p.yaml:2:27: there is no file $HOME/x.csv in ${root} (a plan's paths are relative to it; ~ and $NAME mean nothing in a plan)`,
        `p.yaml:2:40: there is no file a.csv/b.csv in ${root} (a plan's paths are relative to it)`,
      ].join('\n'),
    );
  });

  it('have a name of their own: the server keeps one object for each', async () => {
    const root = folder('a/cus.csv', 'b/cus.csv');
    expect(await mistakes(root, 'customers: [a/cus.csv, b/cus.csv]\n')).toContain(
      'b/cus.csv has the same name as a/cus.csv (line 2); on the server the second would replace the first: rename one',
    );
  });
});
