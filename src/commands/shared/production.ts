import type { Connection } from '../../api/connection.ts';
import { EbillError } from '../../errors.ts';
import { confirm } from '../../output/prompt.ts';
import type { App } from './command.ts';

/**
 * Before a command writes to a profile marked as production: its name where everybody sees it, in words and in colour,
 * and on a terminal a question. `--yes` answers it; without a terminal nobody can be asked.
 * @param what will happen, as in "upload 3 files to AUG_2020"
 * @param asked another question follows that names the server too: one is enough
 * @throws EbillError DECLINED
 */
export async function agreeToProduction(
  app: App,
  { production, profile, baseUrl }: Pick<Connection, 'production' | 'profile' | 'baseUrl'>,
  what: string,
  asked = false,
): Promise<void> {
  const { ui, globals, context } = app;
  if (!production || globals.dryRun) return;
  const name = ui.err.clean(profile ?? baseUrl);
  if (!ui.quiet && ui.progress !== 'json')
    ui.screen.line(
      `${ui.err.paint.bold(ui.err.paint.red('PRODUCTION'))} ${ui.err.paint.bold(name)}: ${ui.err.clean(what)}`,
    );
  if (asked || globals.yes || !ui.interactive) return;
  ui.end();
  if (await confirm(context, `Go on with ${profile ?? baseUrl} (${baseUrl})?`)) return;
  throw new EbillError('DECLINED', `It was not confirmed for ${profile ?? baseUrl}; nothing was sent.`, {
    hint: 'Run it again when you are ready; --yes answers beforehand.',
  });
}
