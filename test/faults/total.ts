import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Sum {
  readonly replays: boolean;
  readonly tried: number;
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
}

/** Adds up what every group of every file tried, and prints it at the end. */
export default function total(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'ebill-faults-'));
  const file = join(folder, 'sum.jsonl');
  writeFileSync(file, '');
  process.env['EBILL_FAULTS_SUM'] = file;
  const began = Date.now();
  return () => {
    const sums = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Sum);
    const of = (key: 'tried' | 'lost' | 'doubled' | 'wrong', replays: boolean): number =>
      sums.filter((one) => one.replays === replays).reduce((sum, one) => sum + one[key], 0);
    const part = process.env['EBILL_FAULTS_PART'] ? `; part ${process.env['EBILL_FAULTS_PART']}` : '';
    const seconds = Math.round((Date.now() - began) / 1000);
    process.stdout.write(
      `\nFault injection: ${of('tried', false)} points tried, ${of('lost', false)} lost, ${of('doubled', false)} doubled, ${of('wrong', false)} wrong; ${of('tried', true)} journal cuts replayed, ${of('wrong', true)} wrong (${seconds} s${part})\n`,
    );
    rmSync(folder, { recursive: true, force: true });
  };
}
