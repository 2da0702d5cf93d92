import { type Duplicates, finishAndJudge, monthLines, need, type Trial, trial } from './load.ts';
import type { Point } from './tally.ts';

/** Time-out of a run in which a server may fall silent. */
export const IMPATIENT = ['--timeout', '120ms'];

const DEAD = 'http://127.0.0.1:1/elsewhere';
const EVERYWHERE = [
  'status:400',
  'status:401',
  'status:403',
  'status:404',
  'status:409',
  'status:429,retry-after:1',
  'status:500',
  'status:503',
  'status-after:400',
  'status-after:429',
  'status-after:500',
  'status-after:504',
  'reset-before',
  'reset-after',
  'cut',
  'truncate',
  'empty',
  'html',
  'html-before',
  'slow:20ms',
  'slow:300ms',
  'hang',
  'hang-after',
  `redirect:${DEAD}`,
];
const PUT = ['reset-during', 'slowdown', 'request-timeout', 'bad-etag', 'kms-etag', 'corrupt', 'expired'];

/** Every action of the sandbox's grammar that is for this call. */
export function actionsFor(call: string): readonly string[] {
  if (call === 'put') return [...EVERYWHERE, ...PUT];
  return call === 'create' ? [...EVERYWHERE, 'expired'] : EVERYWHERE;
}

/** Actions after which nobody can tell from the answer whether it happened, or that take the upload URL away. */
export const DOUBTFUL = [
  'reset-before',
  'reset-after',
  'truncate',
  'status:500',
  'status-after:500',
  'status-after:429',
  'hang-after',
  'expired',
  'status:403',
  'status-after:400',
];

/** The order of calls of a clean load, by their number; how many there are of each. */
export async function callsOfMonth(duplicates: Duplicates): Promise<readonly string[]> {
  return trial({ duplicates }, async (clean) => {
    await finishAndJudge(clean, { duplicates });
    return clean.server.requests.map(({ call }) => call);
  });
}

/** One wrong word of the server, at the Nth request of a kind; then the same again until all of it is done. */
export function faultPoint(
  duplicates: Duplicates,
  faults: readonly string[],
  lines: (more: readonly string[]) => readonly (readonly string[])[] = monthLines,
): Point {
  const silent = faults.some((fault) => /hang|slow:300/.test(fault));
  const more = silent ? IMPATIENT : [];
  return {
    name: `${duplicates}, ${faults.join(' and ')}`,
    run: () =>
      trial({ duplicates, faults }, async (broken: Trial) => {
        const failures = await finishAndJudge(broken, {
          duplicates,
          more,
          lines: lines(more),
          mayAdopt: faults.some(mayAskTheOperator),
          lies: faults.some((fault) => /=status-after:4|^(any|status).*=status:40[04]/.test(fault)),
          passes: 4 + 12 * faults.length,
        });
        const acted = broken.server.requests.some(({ fault }) => fault !== null);
        need(acted || failures.length === 0, 'it failed without a fault');
        return acted;
      }),
  };
}

/** A create that happened and is said to be refused, or not to have been acted on: the API cannot tell it from another's. */
const mayAskTheOperator = (fault: string): boolean => /^(create|any).*=status-after:4/.test(fault);

/** Every action at every request: `create@3=cut`. */
export function faultPoints(
  duplicates: Duplicates,
  calls: readonly string[],
  keep: (call: string, action: string) => boolean = () => true,
): readonly Point[] {
  const seen = new Map<string, number>();
  return calls.flatMap((call) => {
    const n = (seen.get(call) ?? 0) + 1;
    seen.set(call, n);
    return actionsFor(call)
      .filter((action) => keep(call, action))
      .map((action) => faultPoint(duplicates, [`${call}@${n}=${action}`]));
  });
}
