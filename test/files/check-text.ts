import { expect } from 'vitest';
import { ContentCheck } from '../../src/files/content-check.ts';
import { type Finding, FindingList } from '../../src/files/findings.ts';
import { kernelBlock } from './kernel-block.ts';

interface Checked {
  readonly records: number | null;
  readonly header: readonly string[];
  readonly findings: readonly Finding[];
  readonly total: number;
  /** `code@line:column`, for short expectations. */
  readonly found: readonly string[];
}

/**
 * Checks bytes or text in blocks of these sizes, the last size repeated; in one block without sizes. Checks them with the
 * scanner alone and with its kernel: the result must be the same.
 */
export function checkText(content: string | Uint8Array, sizes: readonly number[] = []): Checked {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const checked = check(bytes, sizes, (block) => Uint8Array.from(block));
  const withKernel = check(bytes, sizes, kernelBlock);
  // A cheap comparison first: there are many calls.
  if (JSON.stringify(withKernel) !== JSON.stringify(checked)) expect(withKernel).toEqual(checked);
  return checked;
}

function check(
  bytes: Uint8Array,
  sizes: readonly number[],
  copy: (bytes: Uint8Array) => Uint8Array,
): Checked {
  const list = new FindingList();
  const check = new ContentCheck(list);
  let from = 0;
  for (let i = 0; from < bytes.length; i++) {
    // The first block of a file has three bytes at least, for the byte order mark.
    const size = Math.max(i === 0 ? 3 : 1, sizes[Math.min(i, sizes.length - 1)] ?? bytes.length);
    // A copy that is overwritten afterwards: no block may be used after `write` returned.
    const block = copy(bytes.subarray(from, from + size));
    check.write(block);
    block.fill(0x2c);
    from += size;
  }
  check.end();
  const { findings, findingsTotal } = list.report(check.records);
  return {
    records: check.records,
    header: check.header,
    findings,
    total: findingsTotal,
    found: findings.map((f) => `${f.code}@${f.line ?? '-'}:${f.column ?? '-'}`),
  };
}
