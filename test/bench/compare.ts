import { measure, type Sample } from './measure.ts';
import type { Candidate, Figures, GoalResult, Measured, Row } from './part.ts';

type FullSample = Sample & Figures;

/**
 * Measures candidates in turns, one run of each in every round, so that a noisy neighbour disturbs all of them alike. The
 * first round warms the page cache and does not count.
 * @returns one row for each candidate, compared with the first candidate of its group
 */
export async function compare(candidates: readonly Candidate[], runs: number): Promise<Row[]> {
  const samples = new Map<Candidate, FullSample[]>(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round <= runs; round++) {
    for (const [candidate, list] of samples) {
      const sample = await measureOnce(candidate);
      if (round > 0) list.push(sample);
    }
  }
  return candidates.map((candidate) => {
    const group = candidates.filter((other) => other.group === candidate.group);
    const samplesOf = (name: string | undefined): FullSample[] => {
      const found = group.find((other) => other.name === name);
      if (found === undefined) throw new Error(`there is no ${name} in ${candidate.group}`);
      return samples.get(found) ?? [];
    };
    const row = rowOf(candidate, samplesOf(candidate.name), samplesOf(group[0]?.name));
    const { goal } = candidate;
    if (goal === undefined) return row;
    if ('atMostMb' in goal)
      return { ...row, goal: { peer: null, ...compared(goal.atMostMb, Math.ceil(row.rssMb)) } };
    const peer = goal.peer ?? group[0]?.name ?? '';
    const [ours, theirs] = [candidate.name, peer].map((name) => samplesOf(name).map(({ wallMs }) => wallMs));
    return {
      ...row,
      goal: { peer, ...compared(goal.atMost, rounded(pairedRatio(ours ?? [], theirs ?? []))) },
    };
  });
}

const compared = (atMost: number, figure: number): Pick<GoalResult, 'atMost' | 'figure' | 'met'> => ({
  atMost,
  figure,
  met: figure <= atMost,
});

async function measureOnce(candidate: Candidate): Promise<FullSample> {
  const replaced = await candidate.before?.();
  const sample = await measure({ ...candidate, ...replaced });
  return { ...sample, ...candidate.after?.(sample) };
}

const OWN = new Set(['wallMs', 'userMs', 'rssMb', 'systemMs', 'stdout']);

function rowOf(candidate: Candidate, samples: readonly FullSample[], peer: readonly FullSample[]): Row {
  const { name, group, bytes } = candidate;
  const each = (figure: string, of = samples): number[] => of.map((sample) => Number(sample[figure]));
  const figures = (of: (figure: keyof Measured) => number): Measured => ({
    wallMs: of('wallMs'),
    userMs: of('userMs'),
    rssMb: of('rssMb'),
  });
  const wall = each('wallMs');
  return {
    name,
    group,
    runs: samples.length,
    ...figures((figure) => rounded(median(each(figure)), 1)),
    ...(bytes === undefined ? {} : { mbPerSecond: rounded(bytes / 1000 / median(wall), 0) }),
    times: figures((figure) => rounded(pairedRatio(each(figure), each(figure, peer)))),
    spread: rounded(Math.max(...wall) / Math.min(...wall)),
    own: Object.fromEntries(
      Object.entries(samples[0] ?? {})
        .filter(([figure]) => !OWN.has(figure))
        .map(([figure, first]) => [
          figure,
          typeof first === 'number' ? rounded(median(each(figure)), 3) : String(first),
        ]),
    ),
  };
}

/** NaN without numbers. */
function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[half - 1], sorted[half]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** The median of the ratios of each round: what slows a whole round slows both. */
const pairedRatio = (ours: readonly number[], peers: readonly number[]): number =>
  median(ours.map((value, round) => value / (peers[round] ?? Number.NaN)));

const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
