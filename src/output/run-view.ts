import type { Context } from '../context.ts';
import { ttyBoard } from './board.ts';
import type { BoardFacts } from './board-model.ts';
import { createProgress, type Progress } from './progress.ts';
import type { Ui } from './ui.ts';
import type { WatchView } from './watch-info.ts';
import { createWatchView } from './watch-view.ts';

/** Draws a whole month: its steps, its uploads and its waits. */
export interface RunView extends Progress {
  /** Its looks while batches are processed; its `stop` leaves the rest standing. */
  readonly watch: WatchView;
  /** What is going to happen, once it is known. */
  plan(facts: BoardFacts): void;
}

/** A board on a terminal; elsewhere the lines and events that uploads and watches have by themselves. @param job the load */
export function createRunView(ui: Ui, job: string, context: Context = ui.context): RunView {
  if (ui.progress === 'tty') return ttyBoard(ui, context, job);
  const progress = createProgress(ui, context);
  let watch: WatchView | null = null;
  const watching: WatchView = {
    // One after the other: each wait of a month is a watch of its own.
    update(batches, info) {
      watch ??= createWatchView(ui, context);
      watch.update(batches, info);
    },
    stop() {
      watch?.stop();
      watch = null;
    },
  };
  return {
    ...progress,
    watch: watching,
    plan: () => undefined,
    stop() {
      watching.stop();
      progress.stop();
    },
  };
}
