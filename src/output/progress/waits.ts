import { RateMeter } from './rate-meter.ts';

/** ms before a wait is shown: a shorter one would only flicker. */
const SHOW_AFTER_MS = 300;

/** Which events belong to a wait: `check.*` or `wait.*`. */
export type WaitKind = 'check' | 'wait';

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
