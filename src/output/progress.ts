import type { Listener } from '../load/events.ts';
import type { Context } from '../system/context.ts';
import { jsonProgress } from './progress-json.ts';
import { plainProgress } from './progress-plain.ts';
import { ttyProgress } from './progress-tty.ts';
import { about } from './progress-words.ts';
import type { Ui } from './ui.ts';

/** Draws what a load tells: hand `listener` to the runner, call `stop` when it is through, however it ended. */
export interface Progress {
  readonly listener: Listener;
  stop(): void;
}

/** Nothing is decided here and nothing durable hangs on it: events draw (architecture.md, "Habits"). */
export function createProgress(ui: Ui, context: Context = ui.context): Progress {
  switch (ui.progress) {
    case 'tty':
      return ttyProgress(ui, context);
    case 'plain':
      return plainProgress(ui, context);
    case 'json':
      return jsonProgress(ui, context);
    case 'none':
      return { listener: (event) => event.event === 'warning' && ui.warn(about(event)), stop() {} };
  }
}

/** Shows a wait on a terminal while `work` runs, for work that emits no events. Logs and scripts see nothing. */
export async function withSpinner<T>(
  ui: Ui,
  context: Context,
  message: string,
  work: () => Promise<T>,
): Promise<T> {
  if (ui.progress !== 'tty') return work();
  const progress = createProgress(ui, context);
  progress.listener({ event: 'wait.start', message });
  try {
    return await work();
  } finally {
    progress.stop();
  }
}
