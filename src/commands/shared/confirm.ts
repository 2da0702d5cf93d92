import type { InitRequest } from '../../api/request.ts';
import { EbillError } from '../../errors.ts';
import { confirm, typed } from '../../output/prompt.ts';
import type { App } from './command.ts';

/** Without a terminal nobody can type the load's name: then it takes `--yes` (cli.md, "Asking first"). @throws EbillError USAGE */
export function assertMayInit({ globals, ui }: App, { zeroOutCustomerBalance }: InitRequest): void {
  if (!zeroOutCustomerBalance || globals.yes || ui.interactive) return;
  throw new EbillError(
    'USAGE',
    "Zeroing every customer's balance (--zero-out-customer-balance, zeroOutCustomerBalance in a plan) cannot be undone; without a terminal it needs --yes.",
    { hint: 'Nothing was sent. If it is meant, add --yes.' },
  );
}

/** Says what it rewrites, and asks where somebody can answer (cli.md, "Asking first"). @throws EbillError DECLINED, USAGE */
export async function agreeToInit(
  app: App,
  job: string,
  request: InitRequest,
  server: string,
): Promise<void> {
  const { globals, ui, context } = app;
  const { zeroOutCustomerBalance } = request;
  assertMayInit(app, request);
  if (globals.yes || !ui.interactive) return;
  const carried = [
    request.carryForwardInvoices ? 'invoices' : '',
    request.carryForwardCreditMemos ? 'credit memos' : '',
    request.carryForwardDebitMemos ? 'debit memos' : '',
  ].filter((kind) => kind !== '');
  ui.note(`Init of ${job} on ${server}:`);
  ui.note(
    carried.length > 0
      ? `– all open ${carried.join(', ')} become carried forward`
      : '– nothing is carried forward',
  );
  if (zeroOutCustomerBalance) ui.note("– every customer's balance becomes zero");
  ui.note('This cannot be undone.');
  ui.end();
  const agreed = zeroOutCustomerBalance
    ? await typed(context, 'Start the load and zero every balance?', job)
    : await confirm(context, `Start the load ${job}?`);
  if (!agreed)
    throw new EbillError('DECLINED', `The init of ${job} was not confirmed; nothing was sent.`, {
      hint: 'Run it again when you are ready.',
    });
}
