import { createProgress } from '../../output/progress.ts';
import type { App } from './command.ts';

/**
 * Shows on a terminal what is waited for, where no session tells of it. Logs and scripts are told nothing: what takes long
 * there is the exception.
 */
export async function duringWait<T>(app: App, message: string, work: () => Promise<T>): Promise<T> {
  if (app.ui.progress !== 'tty') return work();
  const progress = createProgress(app.ui, app.context);
  progress.listener({ event: 'wait.start', message });
  try {
    return await work();
  } finally {
    progress.stop();
  }
}
