import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { writeRows } from '../csv-files.ts';
import { ebill } from '../ebill.ts';
import { measure, type Sample } from '../measure.ts';
import type { Part } from '../part.ts';

/** Multiples of `--size`, and item files of one invoice. */
const SIZES = [1, 10, 100];
const ITEM_FILES = [500, 5000];
/** From `--size 4` on: it takes minutes. */
const MOST_ITEM_FILES = 20_000;
const LARGE = 4;

export const part: Part = {
  runs: 1,
  /** Of the smallest file. */
  size: 2,
  async open({ folder, size, closing }) {
    const server = await startSandbox({});
    closing(() => server.close());
    for (const times of SIZES) writeRows(join(folder, `cus_${times}.csv`), size * times);
    writeFileSync(join(folder, 'inv.csv'), 'Invoice Number,Account Number,Amount\n1,1,10.00\n');
    const counts = size >= LARGE ? [...ITEM_FILES, MOST_ITEM_FILES] : ITEM_FILES;
    const fewest = Math.min(...counts);
    for (const count of counts) writeItemFiles(join(folder, `items_${count}`), count);
    const place = { env: { ...server.environment, EBILL_HOME: join(folder, 'home') }, cwd: folder };
    let loads = 0;
    let requestsBefore = 0;
    /** The load with so many item files, and the memory that each command took with the fewest. */
    const jobs = new Map<number, string>();
    const least = new Map<string, number>();
    const figures = (what: string, count: number, rssMb: number) => {
      if (count === fewest) least.set(what, rssMb);
      const more = rssMb - (least.get(what) ?? rssMb);
      return {
        'input ×': count / fewest,
        'kB a file': count === fewest ? 0 : (more * 1000) / (count - fewest),
        'requests a file': (server.requests.length - requestsBefore) / (count + 1),
      };
    };
    /** A growth of a tenth more than the input's. */
    const goalOf = (count: number) => (count === fewest ? {} : { goal: { atMost: (1.1 * count) / fewest } });
    const upload = async (...args: string[]) => {
      const job = `G${++loads}`;
      await measure({ ...place, command: ebill('init', '--job', job) });
      requestsBefore = server.requests.length;
      return { command: ebill('upload', ...args, '--job', job) };
    };
    return {
      about: `files of ${SIZES.join(', ')} times ${size} MB; ${counts.join(', ')} item files`,
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
        ...counts.map((count) => ({
          ...place,
          name: `${count} item files`,
          group: 'an invoice and its item files',
          ...goalOf(count),
          command: [],
          before: async () => {
            const { command } = await upload('invoice', 'inv.csv', '--items', `items_${count}/*.csv`);
            jobs.set(count, `G${loads}`);
            return { command: withFewFiles(command) };
          },
          after: ({ rssMb }: Sample) => figures('upload', count, rssMb),
        })),
        ...counts.map((count) => ({
          ...place,
          name: `status of ${count} item files`,
          group: 'status of an invoice and its item files',
          ...goalOf(count),
          command: [],
          before: () => {
            requestsBefore = server.requests.length;
            return { command: withFewFiles(ebill('status', '--job', jobs.get(count) ?? '')) };
          },
          after: ({ rssMb }: Sample) => figures('status', count, rssMb),
        })),
      ],
    };
  },
};

/** Many files need few file descriptors. */
const withFewFiles = (command: readonly string[]): string[] => [
  ...['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'],
  ...command,
];

function writeItemFiles(folder: string, count: number): void {
  mkdirSync(folder);
  for (let i = 1; i <= count; i++)
    writeFileSync(
      join(folder, `itm_${i}.csv`),
      `Invoice Number,Line,Description,Amount\n1,${i},Row ${i},1.00\n`,
    );
}
