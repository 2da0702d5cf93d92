import { EbillError } from '../../errors.ts';
import { askChoice } from '../../output/prompt.ts';
import type { App } from './command.ts';

const STOP = '';

/**
 * Asks on a terminal which way to go on after an error (commands rule 28). To stop is the first choice.
 * @param takes the options of the command
 * @returns the option to add; `null`: stop, or there is no terminal to ask on
 * @throws EbillError INTERRUPTED
 */
export async function chosenOption(
  error: EbillError,
  { context, globals, ui }: App,
  takes: readonly string[],
): Promise<string | null> {
  const choices = error.choices.filter(({ option }) => takes.includes(option));
  if (choices.length === 0 || !ui.interactive || globals.yes || globals.dryRun) return null;
  ui.end();
  const labels = choices.map(({ option, label }) => [option, `${label} (${option})`] as const);
  try {
    const chosen = await askChoice(context, `${error.message} How do you want to continue?`, [
      [STOP, 'Stop here; send nothing more'],
      ...labels,
    ]);
    return chosen === STOP ? null : chosen;
  } catch (interruption) {
    if (!(interruption instanceof EbillError)) throw interruption;
    const { code, exitCode } = interruption;
    throw new EbillError(code, `Interrupted, with nothing chosen: ${error.message}`, {
      hint: error.hint,
      exitCode,
    });
  }
}
