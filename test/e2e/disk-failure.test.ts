import { readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { type Machine, machine, month, sandbox } from './harness.ts';

afterEach(() => vi.restoreAllMocks());

/** What a disk does to a file from some write or read on. */
interface Failure {
  readonly method: 'appendFile' | 'datasync' | 'sync' | 'read';
  readonly code: 'ENOSPC' | 'EIO';
  /** Of the path. */
  readonly file: RegExp;
  /** How many calls go through before. */
  readonly after: number;
}

/** Makes the disk fail. @returns how many calls came */
async function failing({ method, code, file, after }: Failure): Promise<() => number> {
  const probe = await open(process.execPath, 'r');
  const prototype: FileHandle = Object.getPrototypeOf(probe);
  await probe.close();
  const real = prototype[method] as (...args: unknown[]) => Promise<unknown>;
  let calls = 0;
  vi.spyOn(prototype, method as 'sync').mockImplementation(async function (
    this: FileHandle,
    ...args: unknown[]
  ) {
    if (file.test(readlinkSync(`/proc/self/fd/${this.fd}`))) {
      calls += 1;
      if (calls > after)
        throw Object.assign(new Error(`${code}: made to fail, ${method}`), { code, syscall: method });
    }
    return real.apply(this, args) as Promise<void>;
  });
  return () => calls;
}

async function ready(processing = 60): Promise<{ server: Sandbox; at: Machine }> {
  const server = await sandbox({ duplicates: 'reissue', processingTimeMs: processing });
  const at = machine(server);
  await month(at, { records: 4, itemFiles: 1 });
  return { server, at };
}

const INIT = ['init', '--job', 'AUG_2020', '--json'];
const UPLOAD = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020', '--finalize', '--json'];

describe.skipIf(process.platform !== 'linux')('a disk that fails', () => {
  const resumes = async (method: Failure['method'], code: Failure['code']): Promise<void> => {
    const codes: number[] = [];
    for (let after = 0; ; after += 1) {
      const { server, at } = await ready();
      let sent = 0;
      let failed = false;
      for (const line of [INIT, UPLOAD]) {
        sent = server.requests.length;
        const calls = await failing({ method, code, file: /\.jsonl$/, after });
        const ran = await at.call(line);
        failed = calls() > after;
        vi.restoreAllMocks();
        if (!failed) {
          expect([after, ran.code]).toEqual([after, 0]);
          continue;
        }
        const nothing = server.requests.length === sent;
        expect([after, line[0], ran.json.error?.code]).toEqual([after, line[0], nothing ? 'USAGE' : 'LOCAL']);
        expect(ran.code).toBe(nothing ? 2 : 10);
        expect(ran.json.error?.hint).toContain(
          nothing ? 'Nothing is sent without a record' : 'run the same command again',
        );
        codes.push(ran.code ?? 0);
        expect((await at.call(line)).code).toBe(0);
      }
      const { initCount, batches } = server.snapshot();
      expect(initCount).toBe(1);
      const files = batches.filter(({ inputFilename }) => inputFilename !== null);
      expect(files.map(({ jobId, finalizeCount }) => [jobId, finalizeCount])).toEqual([['AUG_2020_CUS', 1]]);
      if (!failed) break;
    }
    expect(new Set(codes)).toEqual(new Set([2, 10]));
  };
  const TITLE = 'under the journal: 2 when nothing was sent, else 10, and the same command resumes';
  it(`and is full ${TITLE}`, () => resumes('appendFile', 'ENOSPC'), 60_000);
  it(`and does not flush ${TITLE}`, { tags: 'slow' }, () => resumes('datasync', 'EIO'));

  it('under a result file ends with 10', async () => {
    const { at } = await ready(1);
    expect((await at.call([...UPLOAD, '--wait'])).code).toBe(0);
    await failing({ method: 'sync', code: 'ENOSPC', file: /\.part$/, after: 0 });
    const ran = await at.call(['results', '--out', 'results', '--json']);
    expect([ran.code, ran.json.error?.code]).toEqual([10, 'LOCAL']);
    expect(ran.json.error?.hint).toBe(
      'What is on record is safe. Free some space on that disk, then run the same command again.',
    );
    vi.restoreAllMocks();
    expect((await at.call(['results', '--out', 'results', '--json'])).code).toBe(0);
  });

  it.each([
    ['a result', /_result\.csv$/, 0, ['results', '--out', 'results']],
    ['a result, after its hash', /_result\.csv$/, 2, ['results', '--out', 'results']],
    ['a result downloaded just now', /\.part$/, 0, ['results', '--out', 'elsewhere']],
  ])('while %s is read ends with 10', async (_what, file, after, line) => {
    const { at } = await ready(1);
    expect((await at.call([...UPLOAD, '--wait'])).code).toBe(0);
    expect((await at.call(['results', '--out', 'results'])).code).toBe(0);
    await failing({ method: 'read', code: 'EIO', file, after });
    const ran = await at.call([...line, '--json']);
    expect([ran.code, ran.json.error?.code, ran.json.error?.message]).toEqual([
      10,
      'LOCAL',
      expect.stringContaining('cannot be read: EIO'),
    ]);
    vi.restoreAllMocks();
    expect((await at.call([...line, '--json'])).code).toBe(0);
  });

  it('while a file is read for its upload ends with 10, and nothing of it is stored', async () => {
    const { server, at } = await ready();
    const read = { method: 'read', code: 'EIO', file: /CUS_AUG_2020\.csv$/ } as const;
    const checking = await failing({ ...read, after: Number.POSITIVE_INFINITY });
    await at.call(['validate', '--customer', 'CUS_AUG_2020.csv']);
    vi.restoreAllMocks();
    await failing({ ...read, after: checking() });
    const ran = await at.call(UPLOAD);
    expect([ran.code, ran.json.error?.code]).toEqual([10, 'LOCAL']);
    expect(ran.json.error?.message).toContain(`${join(at.cwd, 'CUS_AUG_2020.csv')} cannot be read: EIO`);
    vi.restoreAllMocks();
    expect((await at.call(UPLOAD)).code).toBe(0);
    expect(server.snapshot().batches.filter(({ inputFilename }) => inputFilename !== null)).toHaveLength(1);
  });
});
