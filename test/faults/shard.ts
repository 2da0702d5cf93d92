import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Machine, machine } from '../e2e/harness.ts';
import { type Child, startMonth } from './killed.ts';
import { JOB, need, trial } from './load.ts';
import type { Point } from './tally.ts';

const FILES = 20;
const SHARDS = 8;
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);
const name = (n: number): string => `itm_${n}.csv`;
const content = (n: number): string => `Invoice Number,Amount\nI${n},${n}.00\nI${n},0.50\n`;

function writeFiles(at: Machine): void {
  writeFileSync(
    join(at.cwd, 'inv.csv'),
    `Invoice Number,Amount\n${upTo(FILES)
      .map((n) => `I${n},1.00\n`)
      .join('')}`,
  );
  for (const n of upTo(FILES)) writeFileSync(join(at.cwd, name(n)), content(n));
}

const CHARGE = ['--job', JOB, '--json'];

/** One invoice's items from eight machines at once, each killed and started again by chance; finalized from yet another. */
export function shardPoint(round: number, next: () => number, mostKills: number): Point {
  const kills = upTo(SHARDS).map(() => Array.from({ length: Math.floor(next() * (mostKills + 1)) }, next));
  return {
    name: `shards, round ${round}`,
    run: () =>
      trial(
        { duplicates: 'reissue', latencyMs: 10 },
        async ({ server, at, another }) => {
          writeFiles(at);
          for (const line of [
            ['init', ...CHARGE],
            ['upload', 'invoice', 'inv.csv', ...CHARGE],
          ])
            need((await at.call(line)).code === 0, 'it begins');
          const shard = async (k: number): Promise<void> => {
            const own = another();
            writeFiles(own);
            const line = [
              'upload',
              'items',
              'itm_?.csv',
              'itm_??.csv',
              '--shard',
              `${k}/${SHARDS}`,
              ...CHARGE,
            ];
            for (const when of [...(kills[k - 1] ?? []), null]) {
              const child = startMonth({ server, at: own }, {}, [line]);
              if (when !== null) await killSome(child, 150 + when * 900);
              const { code, signal, stderr } = await child.ended;
              need(code === 0 || signal === 'SIGKILL', `shard ${k} ends with ${code}: ${stderr}`);
              if (when === null) need(code === 0, `shard ${k} does not end well`);
            }
          };
          await Promise.all(upTo(SHARDS).map(shard));
          const last = another();
          const finalized = await last.call(['finalize', ...CHARGE]);
          need(finalized.code === 0, `finalize ends with ${finalized.code}: ${finalized.stderr}`);
          const watched = await last.call(['watch', '--interval', '1s', ...CHARGE]);
          need(watched.code === 0 && watched.json.outcome === 'succeeded', `watch ends with ${watched.code}`);
          const { batches } = server.snapshot();
          const parent = batches.find(({ kind }) => kind === 'invoice');
          const items = batches.filter(({ kind }) => kind === 'items');
          need(items.length === FILES, `${items.length} item batches for ${FILES} files`);
          for (const n of upTo(FILES)) {
            const sha256 = createHash('sha256').update(content(n)).digest('hex');
            const holding = items.filter((batch) => batch.sha256 === sha256 && batch.finalizeCount === 1);
            need(
              holding.length === 1 &&
                holding[0]?.jobId === `${JOB}_ITM_${n}` &&
                holding[0].parentId === parent?.id,
              `${name(n)} is held by ${holding.map(({ jobId }) => jobId).join(', ') || 'none'}`,
            );
          }
          return true;
        },
        machine,
        // Patterns and shards mean nothing to the oracle; what each file became is checked above.
        /content that nobody gave/,
      ),
  };
}

async function killSome(child: Child, ms: number): Promise<void> {
  await Promise.race([delay(ms), child.ended]);
  child.kill('SIGKILL');
}
