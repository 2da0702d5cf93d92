const MAX_BYTES = 1 << 16;
const INTERESTING = [0, 9, 10, 13, 27, 34, 38, 39, 44, 60, 62, 92, 127, 128, 155, 192, 226, 237, 239, 255];

/** Changes an input in one to eight places, with bytes of its own, of other inputs and of the dictionary. */
export function mutated(
  bytes: Buffer,
  corpus: readonly Buffer[],
  dictionary: readonly string[],
  random: () => number,
): Buffer {
  const below = (n: number): number => Math.floor(random() * n);
  const anyOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let now = bytes;
  for (let changes = 1 << below(4); changes > 0; changes--) {
    const at = below(now.length + 1);
    const end = Math.min(now.length, at + 1 + below(1 << below(8)));
    const piece = now.subarray(at, end);
    const put = (insert: Buffer, to = at): Buffer =>
      Buffer.concat([now.subarray(0, at), insert, now.subarray(to)]);
    switch (below(9)) {
      case 0: {
        now = Buffer.from(now);
        const index = below(now.length);
        if (now.length > 0) now[index] = (now[index] ?? 0) ^ (1 << below(8));
        break;
      }
      case 1:
        now = put(Buffer.of(anyOf(INTERESTING)));
        break;
      case 2:
        now = put(Buffer.alloc(0), end);
        break;
      case 3:
        now = put(piece);
        break;
      case 4:
        now = put(Buffer.concat(Array<Buffer>(1 << below(10)).fill(piece)));
        break;
      case 5: {
        const other = anyOf(corpus);
        const from = below(other.length + 1);
        now = put(other.subarray(from, from + 1 + below(64)));
        break;
      }
      case 6: {
        const other = anyOf(corpus);
        now = Buffer.concat([now.subarray(0, at), other.subarray(below(other.length + 1))]);
        break;
      }
      default:
        now = put(Buffer.from(anyOf(dictionary)), random() < 0.5 ? at : end);
    }
    if (now.length > MAX_BYTES) now = now.subarray(0, MAX_BYTES);
  }
  return now;
}
