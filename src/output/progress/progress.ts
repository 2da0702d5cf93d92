import type { Listener } from '../../load/events.ts';
import type { Context } from '../../system/context.ts';
import type { Ui } from '../ui.ts';
import { withJobId } from './messages.ts';
import { ProgressModel, type RenderContext, type Renderer } from './model.ts';
import { plainRenderer } from './plain.ts';

/** ms. A CI runner that sees no output for minutes gives up on a job. */
const HEARTBEAT_MS = 60_000;
const TICK_MS = 1000;

/** Draws the events of a load: pass `listener` to what emits them, and call `stop` when that has ended, however it did. */
export interface Progress {
  readonly listener: Listener;
  stop(): void;
}

/** `none` still shows warnings. */
const warningRenderer = ({ ui }: RenderContext): Renderer => ({
  event: (event) => {
    if (event.event === 'warning') ui.warn(withJobId(event), event.hint);
  },
});

type CreateRenderer = (scene: RenderContext) => Renderer;

/** A start without a terminal does not load what draws on one. */
const RENDERERS: Readonly<Record<Ui['progress'], () => Promise<CreateRenderer>>> = {
  tty: async () => (await import('./terminal.ts')).terminalRenderer,
  plain: async () => plainRenderer,
  json: async () => (await import('./json.ts')).jsonRenderer,
  none: async () => warningRenderer,
};

export async function createProgress(ui: Ui, context: Context = ui.context): Promise<Progress> {
  const createRenderer = await RENDERERS[ui.progress]();
  const model = new ProgressModel(context.now());
  let last = context.now();
  const heard = (): void => {
    last = context.now();
  };
  const renderer = createRenderer({ ui, context, model, heard });
  // The minute is over by the context's clock; the timer only looks at it, and keeps no process alive.
  const ticker = setInterval(() => {
    if (context.now() - last >= HEARTBEAT_MS) renderer.heartbeat?.();
  }, TICK_MS).unref();
  return {
    listener(event) {
      model.note(event, context.now());
      renderer.event(event);
    },
    stop() {
      clearInterval(ticker);
      model.clear();
      renderer.stop?.();
    },
  };
}

/** Shows a wait on a terminal while `work` runs, for work that emits no events. Logs and scripts see nothing. */
export async function withSpinner<T>(
  ui: Ui,
  context: Context,
  message: string,
  work: () => Promise<T>,
): Promise<T> {
  if (ui.progress !== 'tty') return work();
  const progress = await createProgress(ui, context);
  progress.listener({ event: 'wait.start', message });
  try {
    return await work();
  } finally {
    progress.stop();
  }
}
