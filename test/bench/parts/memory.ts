import { basename, join } from 'node:path';
import { writeRows } from '../csv-files.ts';
import { uploadsOf, withEvents } from '../ebill.ts';
import type { Candidate, Part } from '../part.ts';
import { openSink } from '../sink.ts';

/** MB. */
const SIZES = [1, 1000, 4000];
const GOAL = { atMostMb: 90 };

export const part: Part = {
  runs: 2,
  async open({ folder, closing }) {
    const sink = await openSink(folder);
    closing(() => sink.close());
    const env = { EBILL_HOME: join(folder, 'home'), EBILL_BASE_URL: sink.apiUrl, EBILL_AUTH: 'none' };
    let loads = 0;
    const uploads = SIZES.map((megabytes): Candidate => {
      const { path, bytes, md5 } = writeRows(join(folder, `cus_${megabytes}.csv`), megabytes);
      sink.expect(basename(path), md5);
      return {
        name: `ebill upload customer, ${megabytes} MB`,
        group: 'most memory held',
        goal: GOAL,
        command: [],
        bytes,
        env,
        before: () => ({ command: withEvents('upload', 'customer', path, '--job', `B${++loads}`) }),
        after: ({ stdout }) => ({ uploads: uploadsOf(stdout, 1).length }),
      };
    });
    const node: Candidate = {
      name: 'node -e 0',
      group: 'most memory held',
      command: [process.execPath, '-e', '0'],
      after: () => ({ uploads: 0 }),
    };
    return {
      about: 'a whole upload: check, create, PUT',
      candidates: [node, ...uploads],
    };
  },
};
