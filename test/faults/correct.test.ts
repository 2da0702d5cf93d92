import { spawn } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calls, type Machine, machine, sandbox } from '../e2e/harness.ts';
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
  const resumes = async (step: number): Promise<void> => {
    const server = await sandbox({ processingTimeMs: 5 });
    const at = machine(server);
    let killed = 0;
    for (let n = 1; ; n += step) {
      const job = `M${n}_2020`;
      const name = `cus_${n}.csv`;
      writeFileSync(join(at.cwd, name), `Account Number,Name\n1,Ann ${n}\n,Bob ${n}\n,Cy ${n}\n`);
      expect((await at.call(['upload', 'customer', name, '--job', job, '--wait'])).code).toBe(3);
      expect((await at.call(['results', '--job', job, '--rejects'])).code).toBe(0);
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
      const resumed = await at.call(n % 2 === 0 ? line : typed(next));
      const over = resumed.code === 2 && /^error: Unchanged since/.test(resumed.stderr);
      expect([n, how, next, over ? 3 : resumed.code, resumed.stderr]).toEqual([
        n,
        how,
        next,
        3,
        expect.anything(),
      ]);
      const sent = calls(server).filter((call) => call.includes(`${job}_CUS_`));
      // A create that was answered to a killed process is refused the second time: its draft is left behind (api rule 18).
      const finalized = sent.filter((call) => call.startsWith('finalize'));
      expect([n, finalized]).toEqual([n, [expect.stringMatching(/_CUS_[23]$/)]]);
      const again = join(at.cwd, job, `${finalized[0]?.split(' ')[1]}_rejects.csv`);
      writeFileSync(again, readFileSync(again, 'utf8').replace(',Cyd', '3,Cyd'));
      const last = await at.call(['correct', '--job', job]);
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
});
