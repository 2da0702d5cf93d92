import { EbillError } from '../errors.ts';
import { type NextStep, nextStep } from '../load/next-step.ts';
import { readJournal } from '../load/replay.ts';
import type { LoadState } from '../load/state.ts';
import { currentJob, journalPath } from '../load/store.ts';
import { outcomeOfAll } from '../load/verdict.ts';
import { viewLoad } from '../load/view.ts';
import { timeText } from '../output/ago.ts';
import { hang } from '../output/fit.ts';
import { tally } from '../output/watch-words.ts';
import type { App, CommandResult } from './command.ts';
import { connect } from './session.ts';

/**
 * `ebill` alone: what it is, where one is (server, profile, load and its state as last heard of), and the next command.
 * Nothing is asked of a server. Whatever cannot be read is told, not thrown: this is where people look first.
 */
export async function here(app: App): Promise<CommandResult> {
  const { ui } = app;
  const at = await place(app).catch((error: unknown) => {
    if (!(error instanceof EbillError)) throw error;
    return { server: null, profile: null, load: null, trouble: error };
  });
  const batches = at.load === null ? [] : viewLoad(at.load, {});
  const job = at.load?.header.job ?? null;
  const next = nextFor(at, batches.length === 0 && job === null ? null : nextStep(batches, job ?? ''));
  const rows: readonly (readonly [string, string])[] = [
    ['Server', at.server === null ? 'none yet' : ui.clean(at.server)],
    [
      'Profile',
      at.profile === null
        ? at.server === null
          ? 'none yet'
          : 'none: set up by the environment or options'
        : ui.clean(at.profile),
    ],
    [
      'Load',
      at.load === null
        ? 'none started here'
        : `${ui.clean(at.load.header.job)}: ${tally(batches) || 'nothing sent yet'}, last change ${timeText(at.load.updatedAt, app.context.now(), ui)}`,
    ],
    ['Next', next.command],
  ];
  const { paint, width } = ui;
  const lines = [
    hang(
      '',
      'ebill loads a month of billing data through the eBill Batch File Upload API: nothing twice, nothing lost.',
      width,
    ),
    '',
    ...rows.map(([name, text]) => hang(`${paint.bold(name.padEnd(8))} `, text, width, 9)),
    hang('         ', paint.dim(next.why), width, 9),
    '',
    hang(
      '',
      'ebill --help lists the commands; ebill help TOPIC explains exit-codes, environment, plan, security, json.',
      width,
    ),
  ];
  if ('trouble' in at && at.trouble !== undefined) ui.warn(`${at.trouble.message} ${at.trouble.hint}`);
  return {
    profile: at.profile,
    job,
    outcome: outcomeOfAll(batches),
    batches,
    error: null,
    extra: { baseUrl: at.server, next },
    text: lines.join('\n'),
  };
}

interface Place {
  readonly server: string | null;
  readonly profile: string | null;
  readonly load: LoadState | null;
  readonly trouble?: EbillError;
}

/** @throws EbillError when the set-up or the journal cannot be read */
async function place(app: App): Promise<Place> {
  const { context } = app;
  let owner: Awaited<ReturnType<typeof connect>>['owner'];
  try {
    ({ owner } = await connect(app));
  } catch (error) {
    // Nothing is set up yet: that is how everybody begins.
    if (error instanceof EbillError && error.code === 'USAGE' && /base URL/i.test(error.message))
      return { server: null, profile: null, load: null };
    throw error;
  }
  const job = context.env['EBILL_JOB'] || (await currentJob(context.paths.state, owner));
  const load = job ? await readJournal(journalPath(context.paths.state, owner, job)) : null;
  return { server: owner.baseUrl, profile: owner.profile, load };
}

function nextFor({ server }: Place, step: NextStep | null): NextStep {
  if (server === null)
    return {
      command: 'ebill demo',
      why: 'a whole month against a server of its own; then: ebill profile add NAME --base-url URL',
    };
  return (
    step ?? {
      command: 'ebill run --init-plan',
      why: 'writes a plan from the CSV files here; or step by step: ebill init --job AUG_2020',
    }
  );
}
