import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../src/build/targets.ts';
import { tempDir } from '../helpers/context.ts';
import { bundleSimulation, play } from './bundle.ts';

/** A program that is broken in one place: which file, what is there, what replaces it. */
const BROKEN: readonly (readonly [what: string, file: string, from: string, to: string])[] = [
  [
    'sends an init again at once',
    'src/load/recover.ts',
    "return asked.at < untilMs ? { do: 'wait', untilMs } : { do: 'send' };",
    "return { do: 'send' };",
  ],
  [
    'sends a finalize again at once',
    'src/load/recover.ts',
    "return asked.at < untilMs ? { do: 'wait', untilMs } : step;",
    'return step;',
  ],
  [
    'takes any answer of the storage for a receipt',
    'src/api/storage.ts',
    "if (etag === '') return again('the answer has no ETag');",
    "if (etag === '') return { done: { outcome: 'stored', etag, verified: true } };",
  ],
  ['does not flush the journal', 'src/load/journal.ts', 'await handle.datasync();', ''],
  [
    'lets two processes write',
    'src/system/lock.ts',
    'tryLock: (fd) => native.tryLock(fd, ...range),',
    'tryLock: () => true,',
  ],
  [
    'finalizes what is not complete',
    'src/load/complete.ts',
    'if (missing.length === 0) return;',
    'if (missing.length >= 0) return;',
  ],
  [
    'does not record an intent',
    'src/load/journal.ts',
    "await this.append({ type: 'intent', n, decisions: this.#decisions, ...intent });",
    '',
  ],
  ['asks a cache', 'src/api/client.ts', "{ 'cache-control': 'no-cache' }", '{}'],
];

const MONTHS = 4000;

function replaced(file: string, from: string, to: string): Plugin {
  return {
    name: 'broken',
    load: {
      filter: { id: new RegExp(`${file.replaceAll('.', '\\.')}$`) },
      handler: (id) => ({ code: readFileSync(id, 'utf8').replace(from, to), moduleType: 'ts' }),
    },
  };
}

describe('the simulation', () => {
  it.each(BROKEN)(
    'sees a program that %s',
    async (what, file, from, to) => {
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(from);
      const program = join(tempDir(), 'broken.mjs');
      await bundleSimulation(program, [replaced(file, from, to)]);
      const { failures, months } = await play(program, {
        seeds: { from: 0, to: MONTHS, step: 1 },
        first: true,
      });
      process.stdout.write(`${what}: seen after ${months} months\n`);
      expect(failures).not.toEqual([]);
      // It is the change that breaks the promise.
      const seeds = failures.map(({ seed }) => seed);
      await bundleSimulation(program);
      expect((await play(program, { seeds })).failures).toEqual([]);
    },
    300_000,
  );
});
