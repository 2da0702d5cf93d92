import type { Context } from '../system/context.ts';
import { boardLines } from './board-lines.ts';
import { BoardModel } from './board-model.ts';
import { about, retryText, uploadedText } from './progress-words.ts';
import type { RunView } from './run-view.ts';
import { createSpinner } from './spinner.ts';
import { hangingIndent } from './text-layout.ts';
import type { Ui } from './ui.ts';

/** A whole month on a terminal: one board, redrawn in place; what went wrong on the way stays above it as lines. */
export function ttyBoard(ui: Ui, context: Context, job: string): RunView {
  const { err, screen } = ui;
  const model = new BoardModel(context.now(), job);
  const spinner = createSpinner(err, context.stderr);
  let hide: (() => void) | null = null;
  const stop = (): void => {
    hide?.();
    hide = null;
  };
  return {
    listener(event) {
      model.note(event, context.now());
      if (event.event === 'warning') ui.warn(about(event));
      else if (event.event === 'retry')
        screen.line(
          hangingIndent(`${err.colors.yellow(err.symbols.again)} `, retryText(event, err), err.width),
        );
      else if (event.event === 'upload.end' && !event.ok)
        screen.line(
          hangingIndent(`${err.colors.red(err.symbols.failed)} `, uploadedText(event, err), err.width),
        );
      // After the check somebody may have to be asked; the board comes back with the next step.
      if (event.event === 'stage.end' && event.stage === 'check') stop();
      else hide ??= screen.show((size) => boardLines(model, size, context.now(), err, spinner));
    },
    plan: (facts) => model.plan(facts),
    watch: {
      update: (batches, info) => model.look(batches, info),
      stop: () => undefined,
    },
    stop,
  };
}
