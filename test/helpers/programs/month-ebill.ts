import { fstatSync, ftruncateSync, readlinkSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { main, systemContext } from '../../../src/main.ts';
import { fastContext } from './fast-context.ts';

/*
 * A whole load in one process: command lines of the built program in turn, with a fast clock, up to the first that fails.
 * It can kill itself, or make the disk fail, at any write to the journal; the program has no hooks for that.
 *   EBILL_TEST_MONTH = { lines: string[][], mark: file, at?: N, how?: HOW, signal?, byte?: K, clock? }
 *   HOW at the Nth write: before; half (a torn line); written (not flushed); lost (not flushed, and the power fails);
 *   synced; full (ENOSPC from then on); io (the flush fails from then on). byte: torn when the journal has K bytes.
 *   signal: sent to itself before or after the Nth write instead of SIGKILL.
 */
interface Month {
  readonly lines: readonly (readonly string[])[];
  readonly mark: string;
  readonly at?: number;
  readonly how?: 'before' | 'half' | 'written' | 'lost' | 'synced' | 'full' | 'io';
  readonly signal?: NodeJS.Signals;
  readonly byte?: number;
  /** A clock that started at `began`, ms since 1970, and runs `times` as fast. Without it pauses are short. */
  readonly clock?: { readonly began: number; readonly times: number };
}
const {
  lines,
  mark,
  at = 0,
  how,
  signal = 'SIGKILL',
  byte = 0,
  clock,
} = JSON.parse(process.env['EBILL_TEST_MONTH'] ?? '{}') as Month;

const probe = await open(process.execPath, 'r');
const proto = Object.getPrototypeOf(probe) as FileHandle;
await probe.close();
const { appendFile, datasync } = proto;

let writes = 0;
let size = 0;
const pathOf = (handle: FileHandle): string => readlinkSync(`/proc/self/fd/${handle.fd}`);

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

/** By another signal than SIGKILL it goes on. */
function hit(): void {
  if (signal === 'SIGKILL') die();
  process.kill(process.pid, signal);
}

/** Records how many bytes of the journal would survive a power failure, so that the test can cut it there. */
function keepMark(path: string): void {
  const fresh = `${mark}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify({ path, size, writes }));
  renameSync(fresh, mark);
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: made to fail, write`), { code });

proto.appendFile = async function (this: FileHandle, data, options) {
  const path = pathOf(this);
  if (!path.endsWith('.jsonl')) return appendFile.call(this, data, options);
  const bytes = Buffer.from(data as string | Uint8Array);
  writes += 1;
  if (writes === 1) {
    // Everything an earlier process wrote is on the disk.
    size = fstatSync(this.fd).size;
    keepMark(path);
  }
  const room = byte - fstatSync(this.fd).size;
  if (byte > 0 && room <= bytes.length) {
    writeSync(this.fd, bytes, 0, Math.max(0, room));
    die();
  }
  if (writes === at && how === 'before') hit();
  if (writes === at && how === 'half') {
    writeSync(this.fd, bytes, 0, bytes.length >> 1);
    die();
  }
  if (at > 0 && writes >= at && how === 'full') {
    if (writes === at) writeSync(this.fd, bytes, 0, bytes.length >> 1);
    throw failure('ENOSPC');
  }
  await appendFile.call(this, data, options);
  if (writes === at && how === 'written') hit();
};

proto.datasync = async function (this: FileHandle) {
  const path = pathOf(this);
  if (!path.endsWith('.jsonl')) return datasync.call(this);
  if (writes === at && how === 'lost') {
    ftruncateSync(this.fd, size);
    die();
  }
  if (at > 0 && writes >= at && how === 'io') throw failure('EIO');
  await datasync.call(this);
  size = fstatSync(this.fd).size;
  keepMark(path);
  if (writes === at && how === 'synced') hit();
};

const real = systemContext();
const context =
  clock === undefined
    ? fastContext(real)
    : {
        ...real,
        now: () => clock.began + (Date.now() - clock.began) * clock.times,
        sleep: (ms: number, signal?: AbortSignal) => real.sleep(ms / clock.times, signal),
      };
for (const line of lines) {
  process.exitCode = await main(line, context);
  if (process.exitCode !== 0) break;
}
