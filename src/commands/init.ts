import { endpointOf } from '../api/connection.ts';
import { callsAt, type InitRequest } from '../api/request.ts';
import { initJobId } from '../batch/job-ids.ts';
import { verdictOf } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import { runInit } from '../load/init.ts';
import { readJournal } from '../load/journal.ts';
import { journalPath, setCurrentJob } from '../load/loads.ts';
import { requestsText } from '../output/requests-text.ts';
import { quoted } from '../system/quoting.ts';
import type { App, CommandModule, CommandResult } from './shared/command.ts';
import { confirmInit, confirmProduction } from './shared/confirm.ts';
import { jobFlag } from './shared/options.ts';
import { closeLoad, connect, openForWriting, withSession } from './shared/session.ts';
import { resultOf } from './shared/upload-flow.ts';
import { viewsOf } from './shared/views.ts';

export interface InitOptions {
  readonly job: string | null;
  readonly jobId: string | null;
  readonly carryForwardInvoices: boolean;
  readonly carryForwardCreditMemos: boolean;
  readonly carryForwardDebitMemos: boolean;
  readonly zeroOutCustomerBalance: boolean;
}

export const command: CommandModule<InitOptions> = {
  help: {
    examples: [
      ['ebill init --job AUG_2020', 'start the load; asks first on a terminal'],
      [
        'ebill init --job AUG_2020 --zero-out-customer-balance --yes',
        'also set every balance to zero; --yes is required in a script',
      ],
      ['ebill init --job AUG_2020 --dry-run', 'print the request and send nothing'],
    ],
    exitCodes: [4, 5, 6, 8, 9],
    seeAlso: ['run', 'upload customer', 'status'],
  },
  configure: (cmd) => {
    cmd
      .description(
        'Start a load: carry forward all open invoices, credit memos and debit memos. This cannot be undone and is done only once per load.',
      )
      .option('--job <name>', 'the load, such as AUG_2020 (EBILL_JOB)')
      .option('--job-id <id>', 'job id of the init, used exactly as given (default: JOB_INIT)')
      .option('--no-carry-forward-invoices', 'do not carry forward open invoices')
      .option('--no-carry-forward-credit-memos', 'do not carry forward credit memos')
      .option('--no-carry-forward-debit-memos', 'do not carry forward debit memos')
      .option('--zero-out-customer-balance', 'set the balance of every customer to zero');
  },
  options: (_args, flags) => ({
    job: jobFlag(flags, 'job', '--job'),
    jobId: jobFlag(flags, 'jobId', '--job-id'),
    carryForwardInvoices: flags['carryForwardInvoices'] !== false,
    carryForwardCreditMemos: flags['carryForwardCreditMemos'] !== false,
    carryForwardDebitMemos: flags['carryForwardDebitMemos'] !== false,
    zeroOutCustomerBalance: flags['zeroOutCustomerBalance'] === true,
  }),
  run: async (app, options) => {
    // The load last started is not taken here: an init is for a new one.
    const job = options.job ?? (app.context.env['EBILL_JOB'] || null);
    if (job === null) {
      throw new EbillError('USAGE', 'No load is named.', {
        hint: 'Name the new load: ebill init --job AUG_2020',
      });
    }
    const request: InitRequest = { ...options, jobId: options.jobId ?? initJobId(job) };
    if (app.globals.dryRun) return dryRun(app, job, request);
    return withSession(app, async (session) => {
      const { connection, owner } = session;
      app.soFar(() => ({ job }));
      const before = await readJournal(journalPath(app.context.paths.state, owner, job));
      const done = before?.batches.get(request.jobId)?.created === 'yes';
      if (!done) await confirmProduction(app, connection, `start the load ${job}`, true);
      if (!done) await confirmInit(app, job, request, connection.baseUrl);
      const run = await openForWriting(session, job);
      try {
        app.soFar(() => ({ batches: viewsOf(run, [request.jobId]) }));
        const outcome = await runInit(run, request);
        await setCurrentJob(app.context.paths.state, owner, job);
        if (outcome === 'on-record') app.ui.note(`${request.jobId} was done before: nothing sent`);
        if (outcome === 'found') app.ui.note(`${request.jobId} was done on another machine: nothing sent`);
        const error = outcome === 'sent' ? verdictOf(viewsOf(run, [request.jobId]), job, app.context) : null;
        return await resultOf(app, run, [request.jobId], {
          error,
          next: `Next: ebill upload customer FILE… --job ${quoted(job, app.context)}`,
        });
      } finally {
        await closeLoad(run);
      }
    });
  },
};

async function dryRun(app: App, job: string, request: InitRequest): Promise<CommandResult> {
  const { connection, owner } = await connect(app);
  const known = await readJournal(journalPath(app.context.paths.state, owner, job));
  const done = known?.batches.get(request.jobId)?.created === 'yes';
  const requests = done ? [] : [callsAt(endpointOf(connection.baseUrl), connection.query).init(request)];
  const text = done
    ? `${request.jobId} was done before: nothing would be sent.`
    : requestsText(requests, app.ui);
  return { profile: connection.profile, job, outcome: null, batches: [], error: null, requests, text };
}
