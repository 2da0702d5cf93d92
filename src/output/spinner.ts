import type { Ora } from 'ora';
import type { OutputStream } from '../system/context.ts';
import type { Theme } from './theme.ts';

/** Puts the turning sign before a text; it takes one column and a space. */
export type Spinner = (text: string) => string;

let loading: Promise<typeof import('ora')> | null = null;

/** Ora takes 80 ms to load (performance.md, "Start-up"): asked for with the first frame, so a quick command never pays for it. */
export function loadOra(): Promise<typeof import('ora')> {
  loading ??= import('ora');
  return loading;
}

/**
 * Ora's spinner, for a terminal alone. It gives the frames and when they turn; the `Screen` puts them there: Ora's own drawing
 * patches `process.stdout.write` and forgets how its lines wrapped when the window gets narrower, and knows one line, not four bars.
 */
export function createSpinner(theme: Theme, stream: OutputStream): Spinner {
  const frames = theme.symbols.spinner.map((frame) => theme.colors.cyan(frame));
  let spinner: Ora | null = null;
  let asked = false;
  const start = async (): Promise<void> => {
    const { default: ora } = await loadOra();
    spinner = ora({
      spinner: { frames, interval: 80 },
      // The frames are painted already, with our colours or none.
      color: false,
      stream,
      isEnabled: false,
      isSilent: true,
      discardStdin: false,
      hideCursor: false,
    });
  };
  return (text) => {
    if (!asked) {
      asked = true;
      // A sign that does not turn is no reason to end a load.
      start().catch(() => {});
    }
    if (!spinner) return `${frames[0] ?? ''} ${text}`;
    spinner.text = text;
    return spinner.frame();
  };
}
