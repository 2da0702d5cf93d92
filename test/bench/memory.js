import { basename, join } from 'node:path';
import { uploadsOf, withEvents } from './ebill-events.js';
import { writeRows } from './rows-file.js';
import { openSink } from './sink.js';

const SIZES = [1, 1000, 4000];
const GOAL_MB = 100;

export const runs = 2;

export async function prepare({ folder, closing }) {
  const sink = await openSink(folder);
  closing(() => sink.close());
  const files = SIZES.map((megabytes) => ({
    megabytes,
    ...writeRows(join(folder, `cus_${megabytes}.csv`), megabytes),
  }));
  for (const { path, md5 } of files) sink.know(basename(path), md5);
  const env = { EBILL_HOME: join(folder, 'home'), EBILL_BASE_URL: sink.apiUrl, EBILL_AUTH: 'none' };
  return { about: 'a whole upload: check, create, PUT', files, env };
}

export const candidates = ({ files, env }) => [
  {
    name: 'node -e 0',
    group: 'most memory held',
    command: [process.execPath, '-e', '0'],
    after: () => ({ uploads: 0 }),
  },
  ...files.map(({ megabytes, path, bytes }) => ({
    name: `ebill upload customer, ${megabytes} MB`,
    group: 'most memory held',
    bytes,
    env,
    before: () => {
      loads += 1;
      return { command: withEvents('upload', 'customer', path, '--job', `B${loads}`) };
    },
    after: ({ stdout }) => ({ uploads: uploadsOf(stdout, 1).length }),
  })),
];

let loads = 0;

export const facts = (_given, rows) =>
  rows
    .filter(({ name }) => name.startsWith('ebill'))
    .map(({ name, rssMb }) => ({
      name,
      value: rssMb,
      unit: `MB, at most ${GOAL_MB}: ${rssMb <= GOAL_MB ? 'met' : 'missed'}`,
    }));
