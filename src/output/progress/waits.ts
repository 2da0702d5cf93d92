/** ms before a wait is shown: a shorter one would only flicker. */
const SHOW_AFTER_MS = 300;

/** Which events belong to a wait: `check.*` or `wait.*`. */
type WaitKind = 'check' | 'wait';

/** Progress of a wait in bytes. `total` is `null` while unknown, `rate` (bytes/s) while it is too early to tell. */
export interface Measured {
  readonly bytes: number;
  readonly total: number | null;
  readonly rate: number | null;
}

export interface ShownWait {
  readonly message: string;
  /** ms since it began. */
  readonly ms: number;
  readonly measured: Measured | null;
}

interface Wait {
  readonly kind: WaitKind;
  readonly message: string;
  readonly since: number;
  readonly meter: RateMeter;
  measured: { readonly bytes: number; readonly total: number | null } | null;
}

/**
 * The waits in progress. They nest and overlap, and an end does not say which one ended: the oldest of its kind is dropped, so
 * that the one shown is always the latest.
 */
export class Waits {
  #open: readonly Wait[] = [];
  /** Since when there has been a wait without a break. */
  #since = 0;

  get any(): boolean {
    return this.#open.length > 0;
  }

  start(kind: WaitKind, message: string, now: number): void {
    if (!this.any) this.#since = now;
    const meter = new RateMeter();
    meter.add(now, 0);
    this.#open = [...this.#open, { kind, message, since: now, meter, measured: null }];
  }

  /** Progress of the latest wait of the kind. */
  measure(kind: WaitKind, bytes: number, total: number | null, now: number): void {
    const wait =
      this.#open.find((one) => one.kind === kind && one.measured !== null) ??
      this.#open.findLast((one) => one.kind === kind);
    if (wait === undefined) return;
    wait.meter.add(now, bytes);
    wait.measured = { bytes, total };
  }

  /** An end without a start is ignored. */
  end(kind: WaitKind): void {
    // A measured wait lasts longest; the waits that start and end within it are short.
    const short = this.#open.findIndex((wait) => wait.kind === kind && wait.measured === null);
    const at = short >= 0 ? short : this.#open.findIndex((wait) => wait.kind === kind);
    if (at >= 0) this.#open = this.#open.filter((_, i) => i !== at);
  }

  clear(): void {
    this.#open = [];
  }

  /** The wait to show now; `null` when there is none, or none long enough. */
  shown(now: number): ShownWait | null {
    const latest = this.#open.find(({ measured }) => measured !== null) ?? this.#open.at(-1);
    if (!latest || now - this.#since < SHOW_AFTER_MS) return null;
    const { message, since, measured, meter } = latest;
    return {
      message,
      ms: now - since,
      measured: measured && { ...measured, rate: meter.at(now, measured.bytes) },
    };
  }
}

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
