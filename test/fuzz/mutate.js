/** A pseudo-random sequence from a seed (mulberry32): a run can be made again. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const LONGEST = 1 << 16;
const INTERESTING = [0, 9, 10, 13, 27, 34, 38, 39, 44, 60, 62, 92, 127, 128, 155, 192, 226, 237, 239, 255];

/** Bytes like these, with one to eight things changed: of its own, of another input, of the target's dictionary. */
export function mutated(bytes, corpus, dictionary, random) {
  const below = (n) => Math.floor(random() * n);
  let now = bytes;
  for (let changes = 1 << below(4); changes > 0; changes--) {
    const at = below(now.length + 1);
    const end = Math.min(now.length, at + 1 + below(1 << below(8)));
    const piece = now.subarray(at, end);
    const put = (what, to = at) => Buffer.concat([now.subarray(0, at), what, now.subarray(to)]);
    switch (below(9)) {
      case 0:
        now = Buffer.from(now);
        if (now.length > 0) now[below(now.length)] ^= 1 << below(8);
        break;
      case 1:
        now = put(Buffer.of(INTERESTING[below(INTERESTING.length)]));
        break;
      case 2:
        now = put(Buffer.alloc(0), end);
        break;
      case 3:
        now = put(piece);
        break;
      case 4:
        now = put(Buffer.concat(Array(1 << below(10)).fill(piece)));
        break;
      case 5: {
        const other = corpus[below(corpus.length)];
        const from = below(other.length + 1);
        now = put(other.subarray(from, from + 1 + below(64)));
        break;
      }
      case 6: {
        const other = corpus[below(corpus.length)];
        now = Buffer.concat([now.subarray(0, at), other.subarray(below(other.length + 1))]);
        break;
      }
      default:
        now = put(Buffer.from(dictionary[below(dictionary.length)]), random() < 0.5 ? at : end);
    }
    if (now.length > LONGEST) now = now.subarray(0, LONGEST);
  }
  return now;
}
