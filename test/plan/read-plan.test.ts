import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { readPlan } from '../../src/plan/read-plan.ts';
import { tempDir } from '../helpers/context.ts';

const GOOD = 'job: AUG_2020\ninit: {}\n';

function written(bytes: string | Uint8Array): string {
  const path = join(tempDir('ebill plan é '), 'plan.yaml');
  writeFileSync(path, bytes);
  return path;
}

async function rejection(path: string): Promise<EbillError> {
  const error: unknown = await readPlan(path, 'my plan.yaml').catch((thrown: unknown) => thrown);
  if (error instanceof EbillError && error.code === 'INVALID_PLAN') return error;
  throw new Error(`not rejected: ${String(error)}`);
}

describe('readPlan', () => {
  it('returns the hash of the bytes, with and without a BOM', async () => {
    for (const bytes of [GOOD, `\ufeff${GOOD}`]) {
      const file = await readPlan(written(bytes), 'plan.yaml');
      expect(file.plan.job).toBe('AUG_2020');
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });

  it.each([
    ['empty', '', 'my plan.yaml:1:1: the plan is empty'],
    [
      'UTF-16',
      Buffer.from(`\ufeff${GOOD}`, 'utf16le'),
      'my plan.yaml:1:1: the file is UTF-16; save it as UTF-8',
    ],
    ['UTF-16 without a BOM', Buffer.from(GOOD, 'utf16le'), 'my plan.yaml:1:2: a NUL byte'],
    [
      'Latin-1',
      Buffer.from('job: AUG\ncustomers: [Käthe.csv]\n', 'latin1'),
      'my plan.yaml:2:14: not valid UTF-8 from here on; save the file as UTF-8',
    ],
    [
      'cut off in a character',
      Buffer.from(`${GOOD}# é`).subarray(0, -1),
      'my plan.yaml:3:3: not valid UTF-8',
    ],
    [
      'too large',
      Buffer.alloc((1 << 20) + 1, 0x23),
      'my plan.yaml is 1048577 bytes; a plan can have at most 1048576 bytes.',
    ],
  ])('rejects a file that is %s', async (_what, bytes, message) => {
    expect((await rejection(written(bytes))).message).toContain(message);
  });

  it('rejects a missing file, a folder and a pipe at once, with a hint', async () => {
    const folder = tempDir();
    const missing = await rejection(join(folder, 'plan.yaml'));
    expect(missing.message).toBe('The plan my plan.yaml does not exist.');
    expect(missing.hint).toContain('ebill run --init-plan');
    expect((await rejection(join(written(GOOD), 'x'))).message).toBe('The plan my plan.yaml does not exist.');
    mkdirSync(join(folder, 'sub'));
    expect((await rejection(join(folder, 'sub'))).message).toBe('my plan.yaml is a folder, not a plan file.');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect((await rejection(join(folder, 'pipe'))).message).toBe('my plan.yaml is not a regular file.');
  });

  it.skipIf(!existsSync('/proc/kallsyms'))(
    'does not read a file that is larger than its reported size to the end',
    async () => {
      expect((await rejection('/proc/kallsyms')).message).toContain('at most 1048576 bytes');
    },
  );

  it.skipIf(process.getuid?.() === 0)('rejects a file without read permission', async () => {
    const path = written(GOOD);
    chmodSync(path, 0);
    expect((await rejection(path)).message).toBe('The plan my plan.yaml cannot be read: permission denied.');
  });
});
