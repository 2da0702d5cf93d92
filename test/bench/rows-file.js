import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

/** A CSV file of about so many megabytes. Same size and number, same bytes. @returns its path, size (bytes) and MD5 */
export function writeRows(path, megabytes, number = 1) {
  let seed = number;
  let rows = '';
  while (rows.length < 1e6) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    rows += `${String(seed).padStart(10, '0')},"Smith, Jo ${seed % 1000}",Berlin\n`;
  }
  const md5 = createHash('md5');
  const file = openSync(path, 'wx');
  let bytes = 0;
  const write = (block) => {
    bytes += writeSync(file, block);
    md5.update(block);
  };
  write(Buffer.from('Account Number,Name,City\n'));
  const block = Buffer.from(rows);
  for (let n = 0; n < megabytes; n++) write(block);
  closeSync(file);
  return { path, bytes, md5: md5.digest('hex') };
}
