import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { measure } from './frame/measure.js';
import { EBILL, localServer } from './local-server.js';

/** Multiples of `--size`, and item files of one invoice. */
const SIZES = [1, 10, 100];
const ITEM_FILES = [10, 100, 1000];

export const runs = 1;
/** Megabytes of the smallest file. */
export const size = 2;

export async function prepare({ folder, size, closing }) {
  const server = await localServer({});
  closing(() => server.close());
  for (const times of SIZES) await writeRows(join(folder, `cus_${times}.csv`), size * times * 1e6);
  writeFileSync(join(folder, 'inv.csv'), 'Invoice Number,Account Number,Amount\n1,1,10.00\n');
  for (const count of ITEM_FILES) {
    mkdirSync(join(folder, `items_${count}`));
    for (let i = 1; i <= count; i++)
      writeFileSync(
        join(folder, `items_${count}`, `itm_${i}.csv`),
        `Invoice Number,Line,Description,Amount\n1,${i},Row ${i},1.00\n`,
      );
  }
  const env = { ...server.environment, EBILL_HOME: join(folder, 'home') };
  return {
    about: `files of ${SIZES.join(', ')} times ${size} MB; ${ITEM_FILES} item files`,
    folder,
    size,
    server,
    env,
  };
}

export function candidates({ folder, size, server, env }) {
  let loads = 0;
  let sent = 0;
  const ebill = (...args) => [process.execPath, EBILL, ...args];
  const started = async (...args) => {
    const job = `G${++loads}`;
    await measure({ command: ebill('init', '--job', job), env, cwd: folder });
    sent = server.requests.length;
    return { command: ebill('upload', ...args, '--job', job) };
  };
  const all = { command: [], env, cwd: folder };
  return [
    ...SIZES.map((times) => ({
      ...all,
      name: `${size * times} MB`,
      group: 'one file, checked and sent',
      bytes: size * times * 1e6,
      before: () => started('customer', `cus_${times}.csv`),
      after: () => ({ 'input ×': times }),
    })),
    ...ITEM_FILES.map((count) => ({
      ...all,
      name: `${count} item files`,
      group: 'an invoice and its item files',
      before: () => started('invoice', 'inv.csv', '--items', `items_${count}/*.csv`),
      after: () => ({
        'input ×': count / ITEM_FILES[0],
        'requests a file': (server.requests.length - sent) / (count + 1),
      }),
    })),
  ];
}

async function writeRows(path, bytes) {
  const handle = await open(path, 'wx');
  let block = '';
  for (let i = 0; block.length < 1e6; i++)
    block += `${String(i).padStart(10, '0')},"Smith, Jo ${i}",Berlin\n`;
  await handle.write('Account Number,Name,City\n');
  for (let written = 0; written < bytes; written += block.length) await handle.write(block);
  await handle.close();
}
