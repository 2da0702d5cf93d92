/** ms. A rate over the last seconds is steady enough to read and still shows when it falls. */
const WINDOW_MS = 5000;
const SAMPLE_MS = 250;
/** ms. Earlier a rate would be a guess. */
const WARM_UP_MS = 500;
const STALL_MS = 10_000;

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/**
 * The rate of a transfer. On a slow line bytes move in blocks, seconds apart: a pause lowers the rate only when it is longer than
 * the pauses before it, and only a much longer one is a stall.
 */
export class RateMeter {
  #samples: Sample[] = [];
  /** When the last byte moved, or the transfer began. */
  #moved: Sample | null = null;

  add(at: number, bytes: number): void {
    if (this.#moved?.bytes === bytes) return;
    // A PUT that is retried counts from its first byte.
    if (this.#moved && bytes < this.#moved.bytes) this.#samples = [];
    this.#moved = { at, bytes };
    const last = this.#samples.at(-1);
    if (!last || at - last.at >= SAMPLE_MS) this.#samples.push(this.#moved);
  }

  /** Bytes/s; 0: stalled; `null`: too early to tell. */
  at(now: number, bytes: number): number | null {
    // Two samples always stay: the time between them is the usual pause.
    while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) >= WINDOW_MS)
      this.#samples.shift();
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || now - first.at < WARM_UP_MS) return null;
    if (this.still(now) >= Math.max(STALL_MS, 3 * (last.at - (this.#samples.at(-2)?.at ?? last.at))))
      return 0;
    if (bytes <= first.bytes) return null;
    const pausing = bytes === last.bytes && last !== first;
    const over = pausing ? Math.max(last.at - first.at, now - last.at) : now - first.at;
    return ((bytes - first.bytes) * 1000) / over;
  }

  /** ms since the last byte moved. */
  still(now: number): number {
    return this.#moved === null ? 0 : Math.max(0, now - this.#moved.at);
  }
}
