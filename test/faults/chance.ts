import { actionsFor, IMPATIENT } from './answers.ts';
import { type Crash, crashOnce, killInRequest } from './killed.ts';
import { type Duplicates, finishAndJudge, monthLines, trial } from './load.ts';
import type { Point } from './tally.ts';

type Next = () => number;

const pick = <T>(next: Next, all: readonly T[]): T => all[Math.floor(next() * all.length)] as T;

/** Uploads without concurrency. */
export const oneAtATime = (lines: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  lines.map((line) => (line[0] === 'upload' ? [...line, '--concurrency', '1'] : line));

/** A few faults, each somewhere in the load. */
export function randomFaults(next: Next, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    const call = pick(next, [
      'init',
      'create',
      'create',
      'create',
      'put',
      'put',
      'finalize',
      'status',
      'any',
    ]);
    const most = { init: 2, create: 14, put: 14, finalize: 5, status: 8, any: 44 }[call] ?? 1;
    const from = 1 + Math.floor(next() * most);
    const to = from + Math.floor(next() * next() * 8);
    return `${call}@${from}${to > from ? `-${to}` : ''}=${pick(next, actionsFor(call))}`;
  });
}

const HOWS: readonly (Crash['how'] & string)[] = [
  'before',
  'half',
  'written',
  'lost',
  'synced',
  'full',
  'io',
];

/** Broken in several ways one after the other, each in the run that was to mend the last: killed at a write, in a request, with a fault on top. */
export function chainPoint(
  duplicates: Duplicates,
  next: Next,
  links: number,
  writes: number,
  requests: number,
): Point {
  const crashes = Array.from({ length: links }, () => {
    const at = 1 + Math.floor(next() * writes);
    const how = pick(next, HOWS);
    const n = 1 + Math.floor(next() * requests);
    const when = pick(next, ['hang', 'hang-after']);
    return { crash: { at, how }, inRequest: next() < 0.5, n, when, power: next() < 0.5 };
  });
  const name = crashes.map((one) =>
    one.inRequest
      ? `request ${one.n} ${one.when}${one.power ? ' power' : ''}`
      : `write ${one.crash.at} ${one.crash.how}`,
  );
  return {
    name: `${duplicates}, ${name.join(', then ')}`,
    run: () =>
      trial({ duplicates }, async (broken) => {
        for (const { crash, inRequest, n, when, power } of crashes) {
          if (!inRequest) {
            await crashOnce(broken, crash, monthLines(), duplicates === 'refuse');
            continue;
          }
          broken.server.addFault(`any@${n}=${when}`);
          await killInRequest(broken, power);
        }
        await finishAndJudge(broken, { duplicates, more: IMPATIENT });
        return true;
      }),
  };
}
