import type { BoardFacts } from './board-model.ts';
import type { Progress } from './progress.ts';
import type { WatchView } from './watch-info.ts';

/** Draws a whole month: its steps, its uploads and its waits. */
export interface RunView extends Progress {
  /** Its looks while batches are processed; its `stop` leaves the rest standing. */
  readonly watch: WatchView;
  /** What is going to happen, once it is known. */
  plan(facts: BoardFacts): void;
}
