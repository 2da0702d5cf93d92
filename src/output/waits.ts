import { RateMeter } from './rate-meter.ts';

/** Below this a spinner would only flicker. */
export const PATIENCE_MS = 300;

/** What a wait is told by: only its own end takes it away. */
export type WaitKind = 'check' | 'wait';

/** How far a wait is. `total` is `null` while it is not known, `rate` (bytes a second) while it is too early to say. */
export interface Measured {
  readonly bytes: number;
  readonly total: number | null;
  readonly rate: number | null;
}

interface Wait {
  readonly kind: WaitKind;
  readonly message: string;
  readonly since: number;
  readonly meter: RateMeter;
  measured: { readonly bytes: number; readonly total: number | null } | null;
}

/**
 * Waits under way. They nest and overlap, and an end does not say whose it is: they are counted, the oldest of the kind going first,
 * so that the one shown is always the latest begun.
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

  /** How far the latest of the kind is. */
  measure(kind: WaitKind, bytes: number, total: number | null, now: number): void {
    const wait =
      this.#open.find((one) => one.kind === kind && one.measured !== null) ??
      this.#open.findLast((one) => one.kind === kind);
    if (wait === undefined) return;
    wait.meter.add(now, bytes);
    wait.measured = { bytes, total };
  }

  /** An end without a start is nobody's, and does nothing. */
  end(kind: WaitKind): void {
    // One that is measured lasts longest: what comes and goes within it is short.
    const short = this.#open.findIndex((wait) => wait.kind === kind && wait.measured === null);
    const at = short >= 0 ? short : this.#open.findIndex((wait) => wait.kind === kind);
    if (at >= 0) this.#open = this.#open.filter((_, i) => i !== at);
  }

  clear(): void {
    this.#open = [];
  }

  /** What to show now, `null` while there is nothing or it is too early. */
  shown(
    now: number,
  ): { readonly message: string; readonly ms: number; readonly measured: Measured | null } | null {
    const latest = this.#open.find(({ measured }) => measured !== null) ?? this.#open.at(-1);
    if (!latest || now - this.#since < PATIENCE_MS) return null;
    const { message, since, measured, meter } = latest;
    return {
      message,
      ms: now - since,
      measured: measured && { ...measured, rate: meter.at(now, measured.bytes) },
    };
  }
}
