import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../e2e/harness.ts';
import { type Crash, crashOnce, killInRequest } from './killed.ts';
import {
  Doubled,
  type Duplicates,
  finish,
  JOB,
  judge,
  Lost,
  monthLines,
  need,
  type Trial,
  trial,
} from './load.ts';
import type { Point } from './tally.ts';

const FILE = `${JOB}.ebill-load.jsonl`;

/** Exports the load on one machine and imports it on the other. */
async function handOver(from: Machine, to: Machine, n: number): Promise<void> {
  const name = `${n}-${FILE}`;
  const out = await from.call(['loads', 'export', JOB, '--out', name]);
  // Killed before anything was on record.
  if (out.code === 2 && /has no journal|is empty/.test(out.stderr)) return;
  need(out.code === 0, `the export ends with ${out.code}: ${out.stderr}`);
  copyFileSync(join(from.cwd, name), join(to.cwd, name));
  const into = await to.call(['loads', 'import', name]);
  need(into.code === 0, `the import ends with ${into.code}: ${into.stderr}`);
}

/** A load broken off on one machine, and finished on another that imported it; `back`: broken off there too, and finished on the first. */
function handedOver(
  name: string,
  options: Parameters<typeof trial>[0] & { readonly duplicates: Duplicates },
  breakOff: (first: Trial) => Promise<boolean>,
  lines: readonly (readonly string[])[],
  back?: Crash,
): Point {
  return {
    name: `${name}, handed over${back === undefined ? '' : ` and back after write ${back.at}`}`,
    run: () =>
      trial(options, async (first) => {
        const { duplicates } = options;
        const reached = await breakOff(first);
        const second = { ...first, at: first.another() };
        await handOver(first.at, second.at, 1);
        let last = second;
        if (back !== undefined) {
          await crashOnce(second, back, lines);
          await handOver(second.at, first.at, 2);
          last = first;
        }
        const { last: end } = await finish(last, { duplicates, lines });
        const { lost, doubled, wrong } = judge(first.server, [first.at.home, second.at.home], duplicates);
        if (lost.length > 0) throw new Lost(lost);
        if (doubled.length > 0) throw new Doubled(doubled);
        need(wrong.length === 0, wrong.join('; '));
        need(end?.json.outcome === 'succeeded' && end.json.error === null, `it ends as ${end?.json.outcome}`);
        return reached;
      }),
  };
}

/** Broken off in a journal write. */
export const handedOverPoint = (
  duplicates: Duplicates,
  crash: Crash,
  lines = monthLines(),
  back?: Crash,
): Point =>
  handedOver(
    `${duplicates}, journal write ${crash.at} ${crash.how}`,
    { duplicates },
    (first) => crashOnce(first, crash, lines),
    lines,
    back,
  );

/** Broken off in a request, before or after its effect. */
export const handedOverInRequest = (
  duplicates: Duplicates,
  n: number,
  when: 'hang' | 'hang-after',
  lines = monthLines(),
): Point =>
  handedOver(
    `${duplicates}, request ${n} ${when}`,
    { duplicates, faults: [`any@${n}=${when}`] },
    (first) => killInRequest(first, false, lines),
    lines,
  );
