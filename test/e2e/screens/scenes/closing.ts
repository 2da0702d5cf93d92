import type { Scene } from '../stage.ts';

const NUMBERS = [1, 2, 3, 4, 5];
const csv = (header: string, lines: readonly string[]): string => `${[header, ...lines].join('\n')}\n`;

/** A month that is closed by corrections and a waiver; the next one, compared with it, approved and run. */
export const closing: Scene = async ({ run, quietly, file }) => {
  const month = (name: string, invoices: number, bad: boolean): void => {
    const own = NUMBERS.slice(0, invoices);
    file(
      `cus_${name}.csv`,
      csv(
        'Account Number,Name',
        NUMBERS.map((n) => `${bad && n === 1 ? '' : `C${n}`},${name} ${n}`),
      ),
    );
    file(
      `inv_${name}.csv`,
      csv(
        'Invoice Number,Account Number,Amount',
        own.map((n) => `${name}-${n},C${n},${n}.50`),
      ),
    );
    file(
      `itm_${name}.csv`,
      csv('Invoice Number,Amount', [
        ...own.map((n) => `${name}-${n},${n}.50`),
        ...(bad ? [`${name}-99,1.00`] : []),
      ]),
    );
  };
  month('AUG', 5, true);
  await quietly('init --job AUG_2020 --yes');
  await run('upload customer cus_AUG.csv --wait');
  await run('upload invoice inv_AUG.csv --items itm_AUG.csv --job AUG_2020 --wait');
  await run('results --job AUG_2020 --rejects');
  await run('correct --job AUG_2020');
  file('AUG_2020/AUG_2020_CUS_rejects.csv', 'Account Number,Name\n,AUG one\n');
  await run('correct --job AUG_2020');
  file('AUG_2020/AUG_2020_CUS_2_rejects.csv', 'Account Number,Name\nC1,AUG one\n');
  await run('correct --job AUG_2020');
  await run('correct --job AUG_2020 --waive AUG_2020_ITM_1 --reason Credited');
  await run('status --job AUG_2020');
  await run('loads');
  await run('');
  month('SEP', 3, false);
  file(
    'sep.yaml',
    'job: SEP_2020\ninit: {}\ncustomers: [cus_SEP.csv]\ninvoices:\n  - { file: inv_SEP.csv, items: [itm_SEP.csv] }\nexpect: { against: last, invoices: { records: 10% } }\n',
  );
  await run('run sep.yaml');
  month('SEP', 5, false);
  await run('run sep.yaml --freeze sep.json');
  file('cus_SEP.csv', 'Account Number,Name\nC1,changed\n');
  await run('run sep.yaml --approved sep.json');
  month('SEP', 5, false);
  await run('run sep.yaml --approved sep.json --approved-by Kim --yes');
  await run('upload customer cus_SEP.csv --job OCT_2020', [[/How\s+do\s+you\s+want/, '1\r']]);
};
