import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { writeRows } from '../csv-files.ts';
import { ebill } from '../ebill.ts';
import { measure } from '../measure.ts';
import type { Part } from '../part.ts';

/** Multiples of `--size`, and item files of one invoice. */
const SIZES = [1, 10, 100];
const ITEM_FILES = [500, 5000];

export const part: Part = {
  runs: 1,
  /** Of the smallest file. */
  size: 2,
  async open({ folder, size, closing }) {
    const server = await startSandbox({});
    closing(() => server.close());
    for (const times of SIZES) writeRows(join(folder, `cus_${times}.csv`), size * times);
    writeFileSync(join(folder, 'inv.csv'), 'Invoice Number,Account Number,Amount\n1,1,10.00\n');
    for (const count of ITEM_FILES) writeItemFiles(join(folder, `items_${count}`), count);
    const place = { env: { ...server.environment, EBILL_HOME: join(folder, 'home') }, cwd: folder };
    let loads = 0;
    let requestsBefore = 0;
    const upload = async (...args: string[]) => {
      const job = `G${++loads}`;
      await measure({ ...place, command: ebill('init', '--job', job) });
      requestsBefore = server.requests.length;
      return { command: ebill('upload', ...args, '--job', job) };
    };
    return {
      about: `files of ${SIZES.join(', ')} times ${size} MB; ${ITEM_FILES.join(', ')} item files`,
      candidates: [
        ...SIZES.map((times) => ({
          ...place,
          name: `${size * times} MB`,
          group: 'one file, checked and sent',
          command: [],
          bytes: size * times * 1e6,
          before: () => upload('customer', `cus_${times}.csv`),
          after: () => ({ 'input ×': times }),
        })),
        ...ITEM_FILES.map((count) => ({
          ...place,
          name: `${count} item files`,
          group: 'an invoice and its item files',
          // A tenth more than linear growth.
          ...(count === 5000 ? { goal: { atMost: 11 } } : {}),
          command: [],
          before: () => upload('invoice', 'inv.csv', '--items', `items_${count}/*.csv`),
          after: () => ({
            'input ×': count / Math.min(...ITEM_FILES),
            'requests a file': (server.requests.length - requestsBefore) / (count + 1),
          }),
        })),
      ],
    };
  },
};

function writeItemFiles(folder: string, count: number): void {
  mkdirSync(folder);
  for (let i = 1; i <= count; i++)
    writeFileSync(
      join(folder, `itm_${i}.csv`),
      `Invoice Number,Line,Description,Amount\n1,${i},Row ${i},1.00\n`,
    );
}
