// A whole load in one process: the built program's command lines in turn, with a fast clock, up to the first that fails.
// It can be told to end itself, or to find the disk full, at any journal write: the program itself has no hooks for that.
//   EBILL_TEST_MONTH = { lines: string[][], mark: file, at?: N, how?: HOW, byte?: K }
//   HOW at the Nth write: before; half (a torn line); written (not flushed); lost (not flushed, and the power fails);
//   synced; full (ENOSPC from now on); io (the flush fails from now on). byte: torn when the journal has K bytes.
import { fstatSync, ftruncateSync, readlinkSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { main, systemContext } from '../../dist/main.js';

const { lines, mark, at = 0, how = '', byte = 0 } = JSON.parse(process.env.EBILL_TEST_MONTH ?? '{}');
const SPEED = 50;

const probe = await open(process.execPath, 'r');
const proto = Object.getPrototypeOf(probe);
await probe.close();
const { appendFile, datasync } = proto;

let writes = 0;
let size = 0;
const pathOf = (handle) => readlinkSync(`/proc/self/fd/${handle.fd}`);

function die() {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

/** How much of the journal would outlive a power failure, for the test to cut it there. */
function keepMark(path) {
  writeFileSync(`${mark}.new`, JSON.stringify({ path, size, writes }));
  renameSync(`${mark}.new`, mark);
}

function failing(code) {
  return Object.assign(new Error(`${code}: made to fail, write`), { code });
}

proto.appendFile = async function (data, options) {
  const path = pathOf(this);
  if (!path.endsWith('.jsonl')) return appendFile.call(this, data, options);
  const bytes = Buffer.from(data);
  writes += 1;
  if (writes === 1) {
    // What an earlier process left there is on the disk.
    size = fstatSync(this.fd).size;
    keepMark(path);
  }
  const room = byte - fstatSync(this.fd).size;
  if (byte > 0 && room <= bytes.length) {
    writeSync(this.fd, bytes, 0, Math.max(0, room));
    die();
  }
  if (writes === at && how === 'before') die();
  if (writes === at && how === 'half') {
    writeSync(this.fd, bytes, 0, bytes.length >> 1);
    die();
  }
  if (at > 0 && writes >= at && how === 'full') {
    if (writes === at) writeSync(this.fd, bytes, 0, bytes.length >> 1);
    throw failing('ENOSPC');
  }
  await appendFile.call(this, data, options);
  if (writes === at && how === 'written') die();
};

proto.datasync = async function () {
  const path = pathOf(this);
  if (!path.endsWith('.jsonl')) return datasync.call(this);
  if (writes === at && how === 'lost') {
    ftruncateSync(this.fd, size);
    die();
  }
  if (at > 0 && writes >= at && how === 'io') throw failing('EIO');
  await datasync.call(this);
  size = fstatSync(this.fd).size;
  keepMark(path);
  if (writes === at && how === 'synced') die();
};

const context = systemContext();
for (const line of lines) {
  process.exitCode = await main(line, {
    ...context,
    sleep: (ms, signal) => context.sleep(ms / SPEED, signal),
  });
  if (process.exitCode !== 0) break;
}
