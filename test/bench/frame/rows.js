import { median, pairedRatio, rounded, spread } from './stats.js';

const FIGURES = ['wallMs', 'userMs', 'rssMb'];

/**
 * Samples → one row a candidate, each against the peer of its group: its first candidate, which is 1.00.
 * @param {Map<object, object[]>} found candidate → samples
 */
export function rowsOf(found) {
  const peers = new Map();
  for (const candidate of found.keys())
    if (!peers.has(candidate.group)) peers.set(candidate.group, candidate);
  return [...found].map(([candidate, samples]) => {
    const peer = found.get(peers.get(candidate.group));
    const each = (name, of = samples) => of.map((sample) => sample[name]);
    const medians = FIGURES.map((name) => [name, rounded(median(each(name)), 1)]);
    const ratios = FIGURES.map((name) => [name, rounded(pairedRatio(each(name), each(name, peer)))]);
    const bytes =
      candidate.bytes === undefined ? {} : { mbPerSecond: speed(candidate.bytes, each('wallMs')) };
    const own = Object.entries(samples[0]).filter(
      ([name]) => ![...FIGURES, 'systemMs', 'stdout'].includes(name),
    );
    return {
      name: candidate.name,
      group: candidate.group,
      runs: samples.length,
      ...Object.fromEntries(medians),
      ...bytes,
      times: Object.fromEntries(ratios),
      spread: rounded(spread(each('wallMs'))),
      ...(candidate.goal === undefined ? {} : { goal: candidate.goal }),
      own: Object.fromEntries(
        own.map(([name, first]) => [
          name,
          typeof first === 'number' ? rounded(median(each(name)), 3) : String(first),
        ]),
      ),
    };
  });
}

const speed = (bytes, times) => rounded(bytes / 1000 / median(times), 0);
