import type { Client } from '../../api/client.ts';
import type { Connection } from '../../api/connection.ts';
import { openApi } from '../../api/open.ts';
import type { StorageOptions } from '../../api/storage.ts';
import { assertSafeTransferUrl } from '../../api/transfer-url.ts';
import { EbillError } from '../../errors.ts';
import { type Header, JOURNAL_VERSION } from '../../load/entries.ts';
import type { Listener } from '../../load/events.ts';
import { type Journal, memoryJournal, openJournal, readJournal } from '../../load/journal.ts';
import { journalPath, type Owner, readLoads } from '../../load/loads.ts';
import { type Holder, holderText, type Lock, lockLoad } from '../../load/lock.ts';
import type { Run } from '../../load/run.ts';
import { emptyState, type LoadState } from '../../load/state.ts';
import { UrlBook } from '../../load/view.ts';
import { createProgress, type Progress, withSpinner } from '../../output/progress/progress.ts';
import { resolveConnection } from '../../profile/resolve.ts';
import type { App } from './command.ts';

/** One command's dealings with one server: connection, client, progress; closed at its end. */
export interface Session {
  readonly app: App;
  readonly connection: Connection;
  readonly owner: Owner;
  readonly client: Client;
  readonly storage: StorageOptions;
  readonly emit: Listener;
  close(): Promise<void>;
}

/** @throws EbillError USAGE or AUTH when the set-up is incomplete */
export async function connect(app: App): Promise<{ readonly connection: Connection; readonly owner: Owner }> {
  // A keychain may be slow, or prompt first.
  const { connection, warnings } = await withSpinner(app.ui, app.context, 'reading the configuration', () =>
    resolveConnection(app.context, app.globals, app.redactor),
  );
  for (const warning of warnings) app.ui.warn(warning);
  app.soFar(() => ({ profile: connection.profile }));
  return { connection, owner: { profile: connection.profile, baseUrl: connection.baseUrl } };
}

/** Runs `work` with a session, and closes it however that ends. */
export async function withSession<T>(app: App, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(app, createProgress(app.ui, app.context));
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function openSession(app: App, progress: Progress): Promise<Session> {
  const { context, globals, ui, userAgent } = app;
  const { connection, owner } = await connect(app);
  const { client, storage, close } = await openApi({
    context,
    connection,
    userAgent,
    timeoutMs: globals.timeoutMs,
    retries: globals.retries,
    redactor: app.redactor,
    emit: progress.listener,
    log: globals.verbose ? (line) => ui.note(line) : undefined,
  });
  return {
    app,
    connection,
    owner,
    client,
    storage,
    emit: progress.listener,
    close: async () => {
      progress.stop();
      await close();
    },
  };
}

/** A load's header, as a journal begins with it. */
export function headerFor(app: App, owner: Owner, job: string): Header {
  return {
    ebillJournal: JOURNAL_VERSION,
    job,
    ...owner,
    startedAt: new Date(app.context.now()).toISOString(),
  };
}

/**
 * Opens a load for steps that change it, as its one writer (cli.md, promise 5).
 * @throws EbillError CONFLICT when somebody else holds it
 */
export async function openForWriting(session: Session, job: string): Promise<Run> {
  const { app, owner } = session;
  const { context, ui } = app;
  const path = journalPath(context.paths.state, owner, job);
  // Locked before it is read: what is decided must be decided from the last word.
  let waiting = false;
  const wait = (holder: Holder | null): void => {
    // A terminal shows that it is alive, and for how long it has waited; a log is told once.
    waiting = ui.progress === 'tty';
    if (waiting) session.emit({ event: 'wait.start', message: `waiting for ${holderText(holder, false)}` });
    else ui.note(`Waiting for ${holderText(holder)}, which holds the load`);
  };
  const who = { job, command: `ebill ${app.command}` };
  const lock = await lockLoad(context, path, who, wait).finally(() => {
    if (waiting) session.emit({ event: 'wait.end' });
  });
  try {
    return runOf(
      session,
      await openJournal(path, headerFor(app, owner, job), context.now, app.redactor),
      lock,
    );
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Closes a load's journal and gives its lock back. */
export async function closeLoad(run: Run): Promise<void> {
  await run.journal.close();
  await run.lock?.release();
}

/**
 * Opens a load for looking. What the server tells is kept where a journal is and can be written; where none is, or it is
 * read-only, looking works all the same.
 */
export async function openForReading(session: Session, job: string): Promise<Run> {
  const { context } = session.app;
  const known = await readJournal(journalPath(context.paths.state, session.owner, job));
  if (known === null)
    return runOf(session, memoryJournal(emptyState(headerFor(session.app, session.owner, job)), context.now));
  try {
    const path = journalPath(context.paths.state, session.owner, job);
    return runOf(session, await openJournal(path, known.header, context.now, session.app.redactor));
  } catch (error) {
    if (!(error instanceof EbillError) || error.code !== 'USAGE') throw error;
    session.app.ui.warn(`${error.message} What the server says now is shown, but not kept.`);
    return runOf(session, memoryJournal(known, context.now));
  }
}

/** The load's batches, from a state of one's own: for `--id` and `--job-id`. */
export function openInMemory(session: Session, state: LoadState): Run {
  return runOf(session, memoryJournal(state, session.app.context.now));
}

function runOf(session: Session, journal: Journal, lock: Lock | null = null): Run {
  const { app, connection, owner } = session;
  let others: Promise<readonly LoadState[]> | undefined;
  return {
    context: app.context,
    client: session.client,
    storage: session.storage,
    journal,
    lock,
    emit: session.emit,
    statusNames: connection.statusNames,
    retries: app.globals.retries,
    urls: app.globals.showUrls ? new UrlBook() : null,
    assertSafeUrl: (url) => assertSafeTransferUrl(url, connection),
    otherLoads: () => {
      others ??= readLoads(app.context.paths.state, owner).then((loads) =>
        loads.filter((load) => load.header.job !== journal.state.header.job),
      );
      return others;
    },
  };
}

/** Tells whoever looks on what is waited for, and that it is over, however it ended. */
export async function waitingFor<T>(
  { emit }: Pick<Run, 'emit'>,
  message: string,
  work: () => Promise<T>,
): Promise<T> {
  emit({ event: 'wait.start', message });
  try {
    return await work();
  } finally {
    emit({ event: 'wait.end' });
  }
}
