import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EBILL, machine } from './harness.ts';

const NODE = JSON.stringify(process.execPath);

/** A line of shell with `ebill` in it. */
function shell(line: string): { readonly code: number | null; readonly out: string; readonly err: string } {
  const at = machine(null);
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', `set -o pipefail; ebill() { ${NODE} ${JSON.stringify(EBILL)} "$@"; }; ${line}`],
    {
      cwd: at.cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: at.cwd, ...at.env },
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  return { code: status, out: stdout, err: stderr };
}

// Closed streams and colours: scripts.test.ts.
describe('in a pipe', () => {
  it('a reader that closes the pipe is no error', () => {
    expect(shell('ebill help environment | head -1')).toEqual({
      code: 0,
      out: expect.stringContaining('An option takes precedence'),
      err: '',
    });
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk is one: reported on stderr, and never 0', () => {
    for (const command of ['--help', 'loads --json'])
      expect(shell(`ebill ${command} > /dev/full`)).toEqual({
        code: 2,
        out: '',
        err: expect.stringMatching(/^error: The result could not be written: .*ENOSPC.*\n {2}→ /m),
      });
    // What went wrong before is what counts.
    expect(shell('ebill status --job X --json > /dev/full').code).toBe(2);
  });

  it('the same command twice gives the same bytes', { tags: 'slow' }, () => {
    const at = machine(null);
    const run = (): string =>
      execFileSync(process.execPath, [EBILL, '--json'], {
        cwd: at.cwd,
        env: { ...at.env },
        encoding: 'utf8',
      });
    expect(run()).toBe(run());
  });
});
