import { spawn } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WORLD_NAMES, worldOptions } from '../../src/sandbox/worlds.ts';
import { type Machine, machine, sandbox } from '../e2e/harness.ts';
import { typed } from '../helpers/command-line.ts';
import { MONTH_EBILL } from '../helpers/programs.ts';
import { markOf } from './killed.ts';

/** Runs one command line in a process that kills itself at the Nth journal write. @returns the signal it ended with */
function killedAt(
  at: Machine,
  line: readonly string[],
  crash: { readonly at: number; readonly how: 'half' | 'lost' | 'synced' },
): Promise<string | null> {
  const child = spawn(process.execPath, [MONTH_EBILL], {
    cwd: at.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: at.cwd,
      ...at.env,
      EBILL_TEST_MONTH: JSON.stringify({ lines: [line], mark: markOf(at), ...crash }),
    },
    stdio: 'ignore',
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_code, signal) => resolve(signal));
  });
}

/** The power failed: of the journal only what was flushed is left. */
function losePower(at: Machine): void {
  if (!existsSync(markOf(at))) return;
  const { path, size } = JSON.parse(readFileSync(markOf(at), 'utf8')) as { path: string; size: number };
  truncateSync(path, size);
}

describe('ebill correct, killed at its journal writes', () => {
  /** @param step 1 for each of them, 3 for every third one */
  const resumes = async (step: number, world?: string): Promise<void> => {
    const server = await sandbox({
      processingTimeMs: 5,
      ...(world === undefined ? {} : worldOptions([world])),
    });
    const at = machine(server);
    let killed = 0;
    /** In some worlds a line has to be typed again. */
    const ended = async (line: readonly string[], code: number) => {
      let done = await at.call(line);
      for (let tries = 0; world !== undefined && tries < 6 && done.code !== code; tries += 1)
        done = await at.call(line);
      return done;
    };
    for (let n = 1; ; n += step) {
      const job = `M${n}_2020`;
      const name = `cus_${n}.csv`;
      writeFileSync(join(at.cwd, name), `Account Number,Name\n1,Ann ${n}\n,Bob ${n}\n,Cy ${n}\n`);
      expect((await ended(['upload', 'customer', name, '--job', job, '--wait'], 3)).code).toBe(3);
      expect((await ended(['results', '--job', job, '--rejects'], 0)).code).toBe(0);
      const rejects = join(at.cwd, job, `${job}_CUS_rejects.csv`);
      writeFileSync(rejects, `Account Number,Name\n2,Bob ${n}\n,Cyd ${n}\n`);
      const line = ['correct', '--job', job, '--interval', '1s'];
      const how = (['synced', 'half', 'lost'] as const)[n % 3] ?? 'synced';
      const signal = await killedAt(at, line, { at: n, how });
      // It has no more writes than that.
      if (signal === null) break;
      killed += 1;
      if (how === 'lost') losePower(at);
      const home = await at.call(['--json']);
      const next = (home.json as unknown as { next: { command: string } }).next.command;
      // One of them again is rejected: 3, and the next round is there. Killed after that was recorded, there is nothing left to load: 2.
      const resumed = await ended(n % 2 === 0 ? line : typed(next), 3);
      const over = resumed.code === 2 && /^error: Unchanged since/.test(resumed.stderr);
      expect([n, how, next, over ? 3 : resumed.code, resumed.stderr]).toEqual([
        n,
        how,
        next,
        3,
        expect.anything(),
      ]);
      // A create that was answered to a killed process is refused the second time: its draft is left behind (api rule 18).
      const finalized = server
        .snapshot()
        .batches.filter(({ jobId, finalizeCount }) => jobId.startsWith(`${job}_CUS_`) && finalizeCount > 0);
      expect([n, finalized.map(({ jobId, finalizeCount }) => [jobId, finalizeCount])]).toEqual([
        n,
        [[expect.stringMatching(/_CUS_[23]$/), 1]],
      ]);
      const again = join(at.cwd, job, `${finalized[0]?.jobId}_rejects.csv`);
      writeFileSync(again, readFileSync(again, 'utf8').replace(',Cyd', '3,Cyd'));
      const last = await ended(['correct', '--job', job], 0);
      expect([n, last.code, last.stdout]).toEqual([
        n,
        0,
        expect.stringContaining('3 customers: 1 loaded at once, 2 after correction, 0 open'),
      ]);
    }
    expect(killed * step).toBeGreaterThan(8);
  };
  it('resumes, by itself or as ebill alone says, and sends each record once', () => resumes(4));
  it('so at each of them', { tags: 'slow' }, () => resumes(1));
  // Not where batches are lost, which ends with 4, nor where a server takes its time: that passes faster here than there.
  const worlds = WORLD_NAMES.filter(
    (world) => !['forgetful', 'late-commit', 'gateway', 'read-lag', 'late-counts'].includes(world),
  );
  it.each(worlds)('so with a server of the world %s', { tags: 'slow' }, (world) => resumes(3, world));
});
