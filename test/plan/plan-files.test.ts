import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { resolvePlanFiles } from '../../src/plan/plan-files.ts';
import { parsePlan } from '../../src/plan/read-plan.ts';
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
  const files = await resolvePlanFiles(parsePlan(`job: J\n${plan}`, 'p.yaml'), root, 'p.yaml', {
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

describe('resolvePlanFiles', () => {
  it('finds files relative to the plan, in natural order, each once', async () => {
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

  it('reports missing files and patterns without a match with line and column', async () => {
    const root = folder('a.csv');
    expect(
      await mistakes(root, 'customers: [a.csv, b.csv, c*.csv]\ninvoices:\n  - file: nope/inv.csv\n'),
    ).toBe(
      [
        `p.yaml:2:20: the file b.csv does not exist in ${root} (paths in a plan are relative to the plan)`,
        `p.yaml:2:27: no file matches c*.csv in ${root} (paths in a plan are relative to the plan)`,
        `p.yaml:4:11: the file nope/inv.csv does not exist in ${root} (paths in a plan are relative to the plan)`,
      ].join('\n'),
    );
  });

  it('allows one file for each invoice entry', async () => {
    expect(await mistakes(folder('inv_1.csv', 'inv_2.csv'), 'invoices: [{ file: inv_*.csv }]\n')).toContain(
      'p.yaml:2:20: inv_*.csv matches 2 files, but an invoice entry has one: write an entry for each, with its items',
    );
  });

  it('rejects a file that is used twice, as two kinds, under two invoices or through a link', async () => {
    const root = folder('x.csv', 'inv_1.csv', 'inv_2.csv', 'itm.csv');
    symlinkSync(join(root, 'itm.csv'), join(root, 'other.csv'));
    expect(
      await mistakes(root, 'customers: [x.csv]\ninvoices:\n  - { file: inv_1.csv, items: [x.csv] }\n'),
    ).toBe('p.yaml:4:32: x.csv is in invoices[1].items and also in customers (line 2): name it once');
    expect(
      await mistakes(
        root,
        'invoices:\n  - { file: inv_1.csv, items: [itm.csv] }\n  - { file: inv_2.csv, items: [other.csv] }\n',
      ),
    ).toBe(
      'p.yaml:4:32: other.csv is in invoices[2].items and also in invoices[1].items (line 3): name it once',
    );
    expect(await mistakes(root, 'invoices: [{ file: inv_1.csv }, { file: inv_1.csv }]\n')).toBe(
      'p.yaml:2:41: inv_1.csv is in invoices[2].file and also in invoices[1].file (line 2): name it once',
    );
  });

  it('rejects folders, and does not expand ~ and $NAME', async () => {
    const root = folder('sub/x.csv', 'a.csv');
    expect(await mistakes(root, 'customers: [sub, ~/x.csv, $HOME/x.csv, a.csv/b.csv]\n')).toBe(
      [
        'p.yaml:2:13: sub is a folder: name the files in it',
        `p.yaml:2:18: the file ~/x.csv does not exist in ${root} (paths in a plan are relative to the plan; ~ and $NAME are not expanded)`,
        `p.yaml:2:27: the file $HOME/x.csv does not exist in ${root} (paths in a plan are relative to the plan; ~ and $NAME are not expanded)`,
        `p.yaml:2:40: the file a.csv/b.csv does not exist in ${root} (paths in a plan are relative to the plan)`,
      ].join('\n'),
    );
  });

  it('rejects two files with the same name', async () => {
    const root = folder('a/cus.csv', 'b/cus.csv');
    expect(await mistakes(root, 'customers: [a/cus.csv, b/cus.csv]\n')).toContain(
      'b/cus.csv has the same name as a/cus.csv (line 2), which it would replace on the server: rename one',
    );
  });
});
