interface Event {
  readonly at: number;
  readonly n: number;
  /** `null`: cancelled. */
  run: (() => void) | null;
}

/**
 * The only time of a simulated month, and what happens in it, in one order: by time, then as it was planned. Between two
 * events all promises that can settle do, and nothing waits for real time.
 */
export class Clock {
  #now: number;
  #planned = 0;
  readonly #events: Event[] = [];

  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  /** Runs something `ms` from now. @returns cancels it */
  after(ms: number, run: () => void): () => void {
    this.#planned += 1;
    const event: Event = { at: this.#now + Math.max(0, Math.round(ms)), n: this.#planned, run };
    const events = this.#events;
    let i = events.push(event) - 1;
    // A binary heap.
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, events[parent] as Event)) break;
      events[i] = events[parent] as Event;
      i = parent;
    }
    events[i] = event;
    return () => {
      event.run = null;
    };
  }

  /** Resolves after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Runs events until `done` says so. @returns false when there is nothing left to happen, or it takes too many events */
  async run(done: () => boolean, most = 10_000): Promise<boolean> {
    let idle = 0;
    for (let i = 0; i < most; i += 1) {
      await settled();
      if (done()) return true;
      const event = this.#take();
      if (event === undefined) {
        // Something of the real world may need another turn.
        idle += 1;
        if (idle > 20) return false;
        await nextTurn();
        continue;
      }
      idle = 0;
      this.#now = event.at;
      event.run?.();
    }
    return false;
  }

  /** The next event that was not cancelled. */
  #take(): Event | undefined {
    for (;;) {
      const event = this.#first();
      if (event === undefined || event.run !== null) return event;
    }
  }

  #first(): Event | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (last === undefined || last === first) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && before(events[child + 1] as Event, events[child] as Event)) child += 1;
      if (before(last, events[child] as Event)) break;
      events[i] = events[child] as Event;
      i = child;
    }
    events[i] = last;
    return first;
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.n < b.n);

const { nextTick } = process;
/** How many callbacks of `nextTick` were planned. */
let ticks = 0;
process.nextTick = (...input: Parameters<typeof nextTick>) => {
  ticks += 1;
  nextTick(...input);
};
/** As many had been planned when this file last looked. */
let known = -1;

/**
 * Resolves when all promises have settled that can, and all callbacks of `nextTick` have run. A turn of the event loop would
 * do, but takes much longer.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      // None since the last look: this one is alone in its queue, which is served when no promise can settle.
      if (ticks === known) resolve();
      else {
        known = ticks;
        queueMicrotask(() => nextTick(look));
      }
    };
    nextTick(look);
  });
}

/** A turn of the real event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
