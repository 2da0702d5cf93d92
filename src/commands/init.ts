import type { InitRequest } from '../api/request.ts';
import { initJobId, NAME_PLACEHOLDER } from '../batch/job-ids.ts';
import { verdictOf } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import { type CommandModule, EMPTY_RESULT } from './shared/command.ts';
import { declareInitTimeout, initTimeoutFlag, jobFlag } from './shared/options.ts';
import type { Session } from './shared/session.ts';

interface InitOptions extends Omit<InitRequest, 'jobId'> {
  readonly job: string | null;
  readonly jobId: string | null;
  /** ms; `null`: the default. */
  readonly initTimeoutMs: number | null;
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
    exitCodes: [4, 5, 6, 8, 9, 10],
    seeAlso: ['run', 'upload customer', 'status'],
  },

  configure(cmd) {
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
    declareInitTimeout(cmd);
  },

  options: (_args, flags) => ({
    job: jobFlag(flags, 'job', '--job'),
    jobId: jobFlag(flags, 'jobId', '--job-id'),
    carryForwardInvoices: flags['carryForwardInvoices'] !== false,
    carryForwardCreditMemos: flags['carryForwardCreditMemos'] !== false,
    carryForwardDebitMemos: flags['carryForwardDebitMemos'] !== false,
    zeroOutCustomerBalance: flags['zeroOutCustomerBalance'] === true,
    initTimeoutMs: initTimeoutFlag(flags),
  }),

  async run(app, { job: option, jobId, initTimeoutMs, ...what }) {
    const { context, globals, ui } = app;
    // Not the load last started: an init is for a new one.
    const job = option ?? (context.env['EBILL_JOB'] || null);
    const [
      { readLoad, withLoad, withSession },
      confirm,
      { nextStepOf, resultOf, viewsOf },
      { assertSameInit, initTimeout, runInit },
      { nextMonthText, standingOfLoad },
      { initOnRecord },
      { setCurrentJob },
    ] = await Promise.all([
      import('./shared/session.ts'),
      import('./shared/confirm.ts'),
      import('./shared/batch-result.ts'),
      import('../load/init.ts'),
      import('../load/closed.ts'),
      import('../load/state.ts'),
      import('../load/loads.ts'),
    ]);

    return withSession(app, async (session) => {
      const { connection, owner } = session;
      if (job === null) throw await noLoad(session);
      app.soFar(() => ({ job }));
      const known = await readLoad(session, job);
      const request: InitRequest = {
        ...what,
        jobId: jobId ?? initOnRecord(known)?.jobId ?? initJobId(job),
      };
      assertSameInit(known, request);
      const done = known?.batches.get(request.jobId)?.created === 'yes';
      if (globals.dryRun) {
        const { requestsText } = await import('../output/print-result.ts');
        const requests = done ? [] : [session.client.calls.init(request)];
        const text = done
          ? `${request.jobId} is already done: nothing would be sent.`
          : requestsText(requests, ui);
        return { ...EMPTY_RESULT, profile: connection.profile, job, requests, text };
      }
      if (!done) {
        await confirm.confirmProduction(app, connection, `start the load ${job}`, { asksLater: true });
        await confirm.confirmInit(app, job, request, connection.baseUrl);
      }
      return withLoad(session, job, async (run) => {
        app.soFar(() => ({ batches: viewsOf(run, [request.jobId]) }));
        // Before it is sent: after a crash `ebill` alone names the command that resumes it.
        await setCurrentJob(context.paths.state, owner, job);
        const outcome = await runInit(run, request, initTimeout(initTimeoutMs, globals.timeoutMs));
        if (outcome === 'on-record') ui.note(`${request.jobId} is already done: nothing sent`);
        if (outcome === 'found') ui.note(`${request.jobId} was done on another machine: nothing sent`);
        const views = viewsOf(run, [request.jobId]);
        return resultOf(app, run, [request.jobId], {
          error: outcome === 'sent' ? verdictOf(views, job, context) : null,
          next:
            standingOfLoad(run.journal.state, run.statusNames) === 'closed'
              ? `${job} is closed. ${nextMonthText(run.journal.state, context)}`
              : `Next: ${nextStepOf(run)}`,
        });
      });
    });
  },
};

/** With the name after the last load's, where that is closed. */
async function noLoad({ app, owner, connection }: Session): Promise<EbillError> {
  const [{ readJournal }, { currentJob, findJournal }, { nextMonthCommand, standingOfLoad }] =
    await Promise.all([
      import('../load/journal.ts'),
      import('../load/journal-places.ts'),
      import('../load/closed.ts'),
    ]);
  const { state } = app.context.paths;
  const last = await currentJob(state, owner);
  const load = last === null ? null : await readJournal(await findJournal(state, owner, last));
  const isClosed = load !== null && standingOfLoad(load, connection.statusNames) === 'closed';
  const next = isClosed ? nextMonthCommand(load, app.context) : `ebill init --job ${NAME_PLACEHOLDER}`;
  const open =
    load === null || isClosed ? '' : `${load.header.job}, the last one started here, is still open. `;
  return new EbillError('USAGE', 'No load was given.', { hint: `${open}Name the new load: ${next}` });
}
