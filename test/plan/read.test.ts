import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { readPlan } from '../../src/plan/read.ts';
import { tempDir } from '../helpers/context.ts';

const GOOD = 'job: AUG_2020\ninit: {}\n';

function written(bytes: string | Uint8Array): string {
  const path = join(tempDir('ebill plan é '), 'plan.yaml');
  writeFileSync(path, bytes);
  return path;
}

async function refused(path: string): Promise<EbillError> {
  const error: unknown = await readPlan(path, 'my plan.yaml').catch((thrown: unknown) => thrown);
  if (error instanceof EbillError && error.code === 'INVALID_PLAN') return error;
  throw new Error(`not refused: ${String(error)}`);
}

describe('a plan file', () => {
  it('is read with the hash of its bytes, BOM or not', async () => {
    for (const bytes of [GOOD, `\ufeff${GOOD}`]) {
      const file = await readPlan(written(bytes), 'plan.yaml');
      expect(file.plan.job).toBe('AUG_2020');
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });

  it.each([
    ['empty', '', 'my plan.yaml:1:1: the plan is empty'],
    ['UTF-16', Buffer.from(`\ufeff${GOOD}`, 'utf16le'), 'my plan.yaml:1:1: this is UTF-16, not UTF-8'],
    ['UTF-16 without its mark', Buffer.from(GOOD, 'utf16le'), 'my plan.yaml:1:2: a NUL stands here'],
    [
      'Latin-1',
      Buffer.from('job: AUG\ncustomers: [Käthe.csv]\n', 'latin1'),
      'my plan.yaml:2:14: from here on it is no UTF-8 text: save it as UTF-8',
    ],
    ['cut off in a character', Buffer.from(`${GOOD}# é`).subarray(0, -1), 'my plan.yaml:3:3: from here on'],
    [
      'too large',
      Buffer.alloc((1 << 20) + 1, 0x23),
      'my plan.yaml has 1048577 bytes; a plan has 1048576 at most.',
    ],
  ])('that is %s is refused', async (_what, bytes, message) => {
    expect((await refused(written(bytes))).message).toContain(message);
  });

  it('that is not there, a folder, or a pipe is refused at once, with the way on', async () => {
    const folder = tempDir();
    const missing = await refused(join(folder, 'plan.yaml'));
    expect(missing.message).toBe('There is no plan my plan.yaml.');
    expect(missing.hint).toContain('ebill run --init-plan');
    expect((await refused(join(written(GOOD), 'x'))).message).toBe('There is no plan my plan.yaml.');
    mkdirSync(join(folder, 'sub'));
    expect((await refused(join(folder, 'sub'))).message).toBe('my plan.yaml is a folder, not a plan.');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect((await refused(join(folder, 'pipe'))).message).toBe('my plan.yaml is no ordinary file.');
  });

  it.skipIf(!existsSync('/proc/kallsyms'))('that is larger than it says is not read to its end', async () => {
    expect((await refused('/proc/kallsyms')).message).toContain('a plan has 1048576 at most');
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read is refused', async () => {
    const path = written(GOOD);
    chmodSync(path, 0);
    expect((await refused(path)).message).toBe('The plan my plan.yaml cannot be read: permission denied.');
  });
});
