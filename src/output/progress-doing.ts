import type { LoadEvent, Stage } from '../load/events.ts';
import { RateMeter } from './rate-meter.ts';
import { Waits } from './waits.ts';

/** What is going on, for a sign of life. `bytes` and `total` are bytes, `rate` bytes a second. */
export type Doing =
  | {
      readonly what: 'uploading';
      readonly files: readonly string[];
      readonly bytes: number;
      readonly total: number;
      /** `null` while it is too early to say. */
      readonly rate: number | null;
    }
  | { readonly what: 'checking'; readonly files: number }
  | { readonly what: 'waiting'; readonly message: string; readonly ms: number }
  /** A step of a plan that tells of nothing while it is going on. */
  | { readonly what: 'stage'; readonly stage: Stage };

/** Steps without uploads or looks of their own. */
const QUIET: readonly Stage[] = ['results', 'report'];

/** Keeps count of what a load tells. Nothing is drawn here. */
export class Activity {
  readonly #sending = new Map<
    string,
    { readonly bytes: number; readonly total: number; readonly meter: RateMeter }
  >();
  readonly #waits = new Waits();
  #checking: number | null = null;
  #stage: Stage | null = null;

  note(event: LoadEvent, now: number): void {
    switch (event.event) {
      case 'check.start':
        this.#checking = event.files;
        break;
      case 'check.end':
        this.#checking = null;
        break;
      case 'check.progress':
      case 'wait.progress':
        break;
      case 'upload.start':
      case 'upload.progress': {
        const bytes = event.event === 'upload.start' ? 0 : event.bytes;
        const meter = this.#sending.get(event.file)?.meter ?? new RateMeter();
        meter.add(now, bytes);
        this.#sending.set(event.file, { bytes, total: event.total, meter });
        break;
      }
      case 'upload.end':
        this.#sending.delete(event.file);
        break;
      case 'wait.start':
        this.#waits.start('wait', event.message, now);
        break;
      case 'wait.end':
        this.#waits.end('wait');
        break;
      case 'stage.start':
        this.#stage = event.stage;
        break;
      case 'stage.end':
        this.#stage = null;
        break;
      case 'step':
      case 'warning':
      case 'retry':
        break;
    }
  }

  /** `null`: nothing that is known of. */
  now(now: number): Doing | null {
    if (this.#sending.size > 0) {
      const all = [...this.#sending.values()];
      const rates = all.map(({ meter, bytes }) => meter.at(now, bytes));
      return {
        what: 'uploading',
        files: [...this.#sending.keys()],
        bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
        total: all.reduce((sum, { total }) => sum + total, 0),
        rate: rates.every((rate) => rate === null) ? null : rates.reduce<number>((a, b) => a + (b ?? 0), 0),
      };
    }
    if (this.#checking !== null) return { what: 'checking', files: this.#checking };
    const wait = this.#waits.shown(now);
    if (wait !== null) return { what: 'waiting', ...wait };
    if (this.#stage !== null && QUIET.includes(this.#stage)) return { what: 'stage', stage: this.#stage };
    return null;
  }
}
