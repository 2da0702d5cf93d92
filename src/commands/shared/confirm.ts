import type { Connection } from '../../api/connection.ts';
import type { InitRequest } from '../../api/request.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import type { SourceFile } from '../../load/entries.ts';
import { fileText } from '../../output/format.ts';
import { confirm, confirmByTyping } from '../../output/prompt.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import type { App } from './command.ts';

/** Zeroing balances needs the load's name typed on a terminal, or `--yes`. @throws EbillError USAGE when neither is possible */
export function assertInitAllowed({ globals, ui }: App, { zeroOutCustomerBalance }: InitRequest): void {
  if (!zeroOutCustomerBalance || globals.yes || ui.interactive) return;
  throw new EbillError(
    'USAGE',
    "Zeroing every customer's balance (--zero-out-customer-balance, zeroOutCustomerBalance in a plan) cannot be undone; without a terminal it needs --yes.",
    { hint: 'Nothing was sent. To confirm, add --yes.' },
  );
}

/** Lists what an init changes, and asks on a terminal. @throws EbillError DECLINED, USAGE */
export async function confirmInit(
  app: App,
  job: string,
  request: InitRequest,
  server: string,
): Promise<void> {
  const { globals, ui, context } = app;
  const { zeroOutCustomerBalance } = request;
  assertInitAllowed(app, request);
  if (globals.yes || !ui.interactive) return;
  const carried = [
    request.carryForwardInvoices ? 'invoices' : '',
    request.carryForwardCreditMemos ? 'credit memos' : '',
    request.carryForwardDebitMemos ? 'debit memos' : '',
  ].filter((kind) => kind !== '');
  ui.note(`Init of ${job} on ${server}:`);
  ui.note(
    carried.length > 0
      ? `– all open ${carried.join(', ')} are carried forward`
      : '– nothing is carried forward',
  );
  if (zeroOutCustomerBalance) ui.note("– every customer's balance becomes zero");
  ui.note('This cannot be undone.');
  ui.end();
  const agreed = zeroOutCustomerBalance
    ? await confirmByTyping(context, 'Start the load and zero every balance?', job)
    : await confirm(context, `Start the load ${job}?`);
  if (!agreed)
    throw new EbillError('DECLINED', `The init of ${job} was not confirmed; nothing was sent.`, {
      hint: 'Run the command again to confirm, or add --yes.',
    });
}

export interface SentFile {
  readonly kind: FileKind;
  readonly file: SourceFile;
}

/**
 * Names a production profile on stderr before a command changes something there, and asks on a terminal. Without a terminal
 * it goes ahead: only `--zero-out-customer-balance` needs `--yes` in a script.
 * @param what will happen, such as "upload 3 files to AUG_2020"
 * @param more `list` shows what would be sent, whatever the profile; `files` that would be sent, and what `compare` shows, only on
 * a production profile; `asksLater`: another question that names the server follows, and one is enough
 * @throws EbillError DECLINED
 */
export async function confirmProduction(
  app: App,
  { production, profile, baseUrl }: Pick<Connection, 'production' | 'profile' | 'baseUrl'>,
  what: string,
  {
    list = () => undefined,
    files = [],
    compare = async () => undefined,
    asksLater = false,
  }: {
    readonly list?: () => void;
    readonly files?: readonly SentFile[];
    readonly compare?: () => Promise<void>;
    readonly asksLater?: boolean;
  } = {},
): Promise<void> {
  const { ui, globals, context } = app;
  if (!production || globals.dryRun) return list();
  const name = ui.err.clean(profile ?? baseUrl);
  if (!ui.quiet && ui.progress !== 'json') {
    const { bold, red } = ui.err.colors;
    ui.screen.line(
      hangingIndent(`${bold(red('PRODUCTION'))} ${bold(name)}: `, ui.err.clean(what), ui.err.width, 2),
    );
    for (const { kind, file } of files) ui.note(`– ${kind} ${fileText(file)}`);
  }
  list();
  await compare();
  if (asksLater || globals.yes || !ui.interactive) return;
  ui.end();
  if (await confirm(context, `Continue on ${profile ?? baseUrl} (${baseUrl})?`)) return;
  throw new EbillError('DECLINED', `Not confirmed for ${profile ?? baseUrl}; nothing was sent.`, {
    hint: 'Run the command again to confirm, or add --yes.',
  });
}
