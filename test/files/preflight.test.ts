import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { FileKind } from '../../src/batch/types.ts';
import { BLOCK_BYTES, FIRST_BLOCK_BYTES } from '../../src/files/blocks.ts';
import { type FileReport, hasErrors, invalidFiles } from '../../src/files/findings.ts';
import { type CheckOptions, type CheckProgress, checkFiles } from '../../src/files/preflight.ts';
import { tempDir } from '../helpers/context.ts';

function file(content: string | Uint8Array, name = 'inv.csv'): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

async function checkFile(path: string, kind: FileKind, options?: CheckOptions): Promise<FileReport> {
  const [report] = await checkFiles([{ path, kind }], options);
  if (report === undefined) throw new Error('no report');
  return report;
}

const hex = (algorithm: string, content: string | Uint8Array) =>
  createHash(algorithm).update(content).digest('hex');

describe('checkFiles', () => {
  it('reports size, hashes, records and header', async () => {
    const content = '\ufeffInvoice Number,Amount\r\n001,"1,50"\r\n002,3\r\n';
    const path = file(content);
    expect(await checkFile(path, 'invoice')).toEqual({
      path,
      file: 'inv.csv',
      kind: 'invoice',
      records: 2,
      bytes: Buffer.byteLength(content),
      sha256: hex('sha256', content),
      md5: hex('md5', content),
      crc32: crc32(content),
      amount: null,
      header: ['Invoice Number', 'Amount'],
      findings: [],
      warnings: [],
      findingsTotal: 0,
    });
  });

  it('reads quotes, characters and line ends across the border of a block', async () => {
    for (const cut of ['"x\r\ny"', '€', '""""', '\r\n', '😀']) {
      for (let shift = 0; shift <= 8; shift++) {
        for (const border of [FIRST_BLOCK_BYTES + (shift % 2) * BLOCK_BYTES]) {
          const line = `1,${'x'.repeat(border - 8 - shift)}`;
          const content = cut === '\r\n' ? `a,b\n${line}\r\n2,3` : `a,b\n${line}\n2,${cut}\n`;
          const report = await checkFile(file(content), 'items');
          expect([report.findings, report.records]).toEqual([[], 2]);
          expect(report.sha256).toBe(hex('sha256', content));
        }
      }
    }
  });

  it('hashes a large file in a thread', async () => {
    const rows = '"Fiber, 100 ""x""",2990,é\n'.repeat(1_500_000);
    const content = Buffer.from(`a,b,c\n${rows}1,"2`);
    expect(content.length).toBeGreaterThan(32 << 20);
    const seen: CheckProgress[] = [];
    const path = file(content);
    const report = await checkFile(path, 'items', { onProgress: (progress) => seen.push(progress) });
    expect(report.sha256).toBe(hex('sha256', content));
    expect(report.md5).toBe(hex('md5', content));
    expect(report.crc32).toBe(crc32(content));
    expect(report.records).toBe(1_500_001);
    expect(report.findings.map((f) => [f.code, f.line, f.column])).toEqual([['open-quote', 1_500_002, 2]]);
    expect(seen.at(-1)).toEqual({ path, kind: 'items', bytes: content.length, total: content.length });
  });

  it('uses the same buffers for a hundred files', async () => {
    let made = 0;
    const Real = SharedArrayBuffer;
    vi.stubGlobal('SharedArrayBuffer', function counted(bytes: number) {
      made += 1;
      return new Real(bytes);
    });
    try {
      const folder = tempDir();
      const content = Buffer.from(`A\n${'123456789\n'.repeat(10_000)}`);
      const files = Array.from({ length: 100 }, (_, n) => ({
        path: join(folder, `${n}.csv`),
        kind: 'items' as const,
      }));
      for (const { path } of files) writeFileSync(path, content);
      const reports = await checkFiles(files);
      const sha256 = createHash('sha256').update(content).digest('hex');
      expect(new Set(reports.map((report) => report.sha256))).toEqual(new Set([sha256]));
      expect(made).toBeLessThanOrEqual(5);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('returns a report for every file, in the given order', async () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'dir.csv'));
    const empty = file('', 'empty.csv');
    const reports = await checkFiles([
      { path: join(folder, 'missing.csv'), kind: 'customer' },
      { path: join(folder, 'dir.csv'), kind: 'invoice' },
      { path: empty, kind: 'items' },
      { path: file('a,b\n1\n', 'ragged.csv'), kind: 'items' },
      { path: '/dev/null', kind: 'items' },
      { path: join(empty, 'below.csv'), kind: 'items' },
    ]);
    expect(reports.map((r) => [r.file, r.findings.map((f) => f.code), r.records, r.bytes])).toEqual([
      ['missing.csv', ['missing'], null, null],
      ['dir.csv', ['not-a-file'], null, null],
      ['empty.csv', ['empty'], 0, 0],
      ['ragged.csv', ['ragged'], 1, 6],
      ['null', ['not-a-file'], null, null],
      ['below.csv', ['missing'], null, null],
    ]);
    expect(reports[3]?.md5).toBe(hex('md5', 'a,b\n1\n'));
  });

  it.skipIf(process.getuid?.() === 0)('reports a file without read permission', async () => {
    const path = file('a\n1\n');
    chmodSync(path, 0);
    expect((await checkFile(path, 'items')).findings.map((f) => f.code)).toEqual(['unreadable']);
  });

  it('reads no file that is too large for one upload', async () => {
    const path = file('a,b\n1,2\n');
    truncateSync(path, 5 * 1024 ** 3 + 1);
    const report = await checkFile(path, 'items');
    expect(report.findings.map((f) => f.code)).toEqual(['too-large']);
    expect(report).toMatchObject({ bytes: null, sha256: null, md5: null, crc32: null });
    expect(invalidFiles([report]).hint).not.toContain('--no-validate');
  });

  it('rejects a name with control characters, and escapes them', async () => {
    const report = await checkFile(file('a\n1\n', 'in\u001b[31mv\n.csv'), 'invoice');
    expect(report.findings.map((f) => f.code)).toEqual(['file-name']);
    expect(report.findings[0]?.message).toContain('in\\u001b[31mv\\u000a.csv');
    expect(report.records).toBe(1);
  });

  it('notices that the file grew while it was read', async () => {
    const path = file(`a,b\n${'1,2\n'.repeat(600_000)}`);
    let once = false;
    const report = await checkFile(path, 'items', {
      onProgress: () => {
        if (!once) appendFileSync(path, '3,4\n');
        once = true;
      },
    });
    expect(report.findings.map((f) => f.code)).toEqual(['changed']);
  });

  it('stops although the file grows as fast as it is read', async () => {
    const path = file(`a,b\n${'1,2\n'.repeat(600_000)}`);
    const more = '1,2\n'.repeat(400_000);
    const report = await checkFile(path, 'items', {
      onProgress: ({ bytes, total }) => {
        if (bytes > 20 * total) throw new Error('still reading');
        appendFileSync(path, more);
      },
    });
    expect(report.findings.map((f) => f.code)).toEqual(['changed']);
  });

  it('notices that the file was truncated while it was read', async () => {
    const path = file(`a,b\n${'1,2\n'.repeat(1_200_000)}`);
    const report = await checkFile(path, 'items', { onProgress: () => truncateSync(path, 9) });
    expect(report.findings.map((f) => f.code)).toEqual(['changed']);
  });

  it('notices that the file was rewritten with the same size', async () => {
    const content = `a,b\n${'1,2\n'.repeat(600_000)}`;
    const other = content.replaceAll('1', '7');
    const path = file(content);
    const report = await checkFile(path, 'items', {
      onProgress: () => writeFileSync(path, other),
    });
    expect(report.findings.map((f) => f.code)).toContain('changed');
  });

  it('throws the reason of an aborted signal', async () => {
    const interruption = new AbortController();
    const path = file(`a,b\n${'1,2\n'.repeat(1_200_000)}`);
    const checking = checkFile(path, 'items', {
      signal: interruption.signal,
      onProgress: () => interruption.abort('SIGINT'),
    });
    await expect(checking).rejects.toBe('SIGINT');
  });
});

describe('invalidFiles', () => {
  it('names the files, and counts the findings', async () => {
    const reports = await checkFiles([
      { path: file('a\n1\n', 'good.csv'), kind: 'items' },
      { path: file(`a,b\n${'1\n1,2\n'.repeat(20)}`, 'bad.csv'), kind: 'items' },
      { path: file('', 'empty.csv'), kind: 'items' },
    ]);
    expect(reports.some(hasErrors)).toBe(true);
    const error = invalidFiles(reports);
    expect([error.code, error.exitCode]).toEqual(['INVALID_FILE', 2]);
    expect(error.message).toBe('2 of 3 files failed the check, with 21 findings: bad.csv, empty.csv');
    expect(invalidFiles(reports.slice(2)).message).toBe(
      'The file failed the check, with 1 finding: empty.csv',
    );
    expect(invalidFiles(reports.slice(1, 2)).message).toMatch(/^The file failed .* 20 findings/);
  });

  it('does not count warnings as errors', async () => {
    const report = await checkFile(file('a;b\r1\r'), 'items');
    expect(report.findings.map((f) => f.severity)).toEqual(['warning', 'warning']);
    expect(hasErrors(report)).toBe(false);
  });
});
