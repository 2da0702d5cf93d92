import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { discover } from '../../src/load/discover.ts';
import type { Run } from '../../src/load/run.ts';
import { main } from '../../src/main.ts';
import { rawServer, rejection } from '../api/rig.ts';
import { tempDir, testContext } from '../helpers/context.ts';

/** A server that knows a batch of every name, with the id that `idOf` makes. */
async function knowsAll(idOf: (asked: number) => number | string) {
  let asked = 0;
  const { origin } = await rawServer((request, response) => {
    asked += 1;
    const jobId = new URL(request.url ?? '', 'http://localhost').searchParams.get('jobId') ?? '';
    response.end(
      `<batchProcess><id>${idOf(asked)}</id><jobId>${jobId}</jobId><status>Draft</status></batchProcess>`,
    );
  });
  const cwd = tempDir();
  const home = tempDir();
  writeFileSync(join(cwd, 'cus.csv'), 'a\n1\n');
  return {
    asked: () => asked,
    run: async (...args: string[]) => {
      const context = testContext({ home, cwd, env: { EBILL_BASE_URL: origin } });
      return { code: await main(args, context), error: context.stderr.text };
    },
  };
}

it('a server that gives every name the same batch is not asked for ever', async () => {
  const server = await knowsAll(() => 4);
  const { code, error } = await server.run('status', '--job', 'AUG_2020');
  expect([code, error.includes('one id, 4')]).toEqual([9, true]);
  expect(server.asked()).toBeLessThan(5);
});

it('nor one that makes up batches without end, in looking for a load', async () => {
  let asked = 0;
  const status = async () => {
    asked += 1;
    return { id: String(asked), children: [] };
  };
  const client = { status };
  const journal = { state: { header: { job: 'AUG_2020' }, batches: new Map() } };
  const looked = await rejection(discover({ client, journal, retries: 0 } as unknown as Run));
  expect(looked).toMatchObject({
    code: 'REJECTED',
    message: expect.stringContaining('more than 5000 batches'),
  });
  expect(asked).toBeLessThan(5010);
});

it('nor in looking for a free name', { tags: 'slow' }, async () => {
  const placing = await knowsAll((asked) => asked);
  const placed = await placing.run('upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--next');
  expect([placed.code, placed.error.includes('names for cus.csv is taken')]).toEqual([9, true]);
});
