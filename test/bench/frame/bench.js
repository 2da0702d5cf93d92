import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What a part is given: a folder of its own and how much is wanted. The folder goes when the process does, however it ends.
 * @typedef {object} Bench
 * @property {string} folder an empty folder
 * @property {number} size megabytes of the largest file
 * @property {number} runs
 * @property {(close: () => unknown) => void} closing calls this when the part is over, the last first
 */

const folders = new Set();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

/**
 * @template Result
 * @param {{ size: number, runs: number }} how
 * @param {(bench: Bench) => Promise<Result>} use
 * @returns {Promise<Result>}
 */
export async function withBench({ size, runs }, use) {
  const folder = mkdtempSync(join(tmpdir(), 'ebill-bench-'));
  folders.add(folder);
  const closes = [];
  try {
    return await use({ folder, size, runs, closing: (close) => closes.push(close) });
  } finally {
    for (const close of closes.reverse()) await close();
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}
