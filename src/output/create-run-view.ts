import type { Context } from '../system/context.ts';
import { ttyBoard } from './board.ts';
import { createProgress } from './progress.ts';
import type { RunView } from './run-view.ts';
import type { Ui } from './ui.ts';
import type { WatchView } from './watch-info.ts';
import { createWatchView } from './watch-view.ts';

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
