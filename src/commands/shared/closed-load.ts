import type { FileKind } from '../../batch/types.ts';
import { closedLoad, isClosed, waitsForServer } from '../../load/closed.ts';
import { refresh } from '../../load/refresh.ts';
import type { LoadState } from '../../load/state.ts';
import { closeLoad, openForReading, type Session } from './session.ts';
import { topLevelBatches } from './targets.ts';

/**
 * Nothing is added to the load last started once it is closed: it has to be named (commands rule 9). Where all of a month is
 * submitted, the server is asked whether it has become final since: it may not have been watched.
 * @param adds what is to be added
 * @throws EbillError USAGE when it is closed
 */
export async function assertOpen(session: Session, known: LoadState, adds: FileKind): Promise<void> {
  const { app, connection } = session;
  const names = connection.statusNames;
  const asks = !app.globals.dryRun && waitsForServer(known, names);
  const state = asks ? await askedAgain(session, known.header.job) : known;
  if (isClosed(state, names, adds)) throw closedLoad(state, app.context);
}

/** A question without an answer closes nothing. */
async function askedAgain(session: Session, job: string): Promise<LoadState> {
  const run = await openForReading(session, job);
  try {
    await refresh(run, topLevelBatches(run.journal.state), { question: { tries: 0 } });
    return run.journal.state;
  } finally {
    await closeLoad(run);
  }
}
