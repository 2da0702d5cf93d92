import type { Client } from '../../api/client.ts';
import type { Connection } from '../../api/connection.ts';
import { openApi } from '../../api/open.ts';
import type { StorageOptions } from '../../api/storage.ts';
import { assertSafeTransferUrl } from '../../api/transfer-url.ts';
import { EbillError } from '../../errors.ts';
import { type Header, JOURNAL_VERSION } from '../../load/entries.ts';
import type { Listener } from '../../load/events.ts';
import { type Journal, memoryJournal, openJournal, readJournal, skipDamage } from '../../load/journal.ts';
import { findJournal, journalPath, loadsFolder, moveJournal, type Owner } from '../../load/journal-places.ts';
import { otherLoadsReader } from '../../load/loads.ts';
import { settleTimes } from '../../load/recover.ts';
import type { Run } from '../../load/run.ts';
import { emptyState, type LoadState } from '../../load/state.ts';
import { closedTotals } from '../../load/totals.ts';
import { PresignedUrls } from '../../load/view.ts';
import { createProgress, type Progress, withSpinner } from '../../output/progress/progress.ts';
import { type Resolved, resolveConnection } from '../../profile/resolve.ts';
import { type Holder, holderText, type Lock, lockLoad, lockServer } from '../../system/lock.ts';
import type { App } from './command.ts';

/** A command's connection to one server. `withSession` closes it. */
export interface Session {
  readonly app: App;
  readonly connection: Connection;
  readonly owner: Owner;
  readonly client: Client;
  readonly storage: StorageOptions;
  readonly emit: Listener;
  close(): Promise<void>;
}

/** Resolves profile, environment and options. @throws EbillError USAGE or AUTH when they are incomplete */
export async function connect(
  app: App,
): Promise<Pick<Resolved, 'connection' | 'secret'> & { readonly owner: Owner }> {
  // A keychain may be slow, or prompt first.
  const { connection, secret, warnings } = await withSpinner(
    app.ui,
    app.context,
    'reading the configuration',
    () => resolveConnection(app.context, app.globals, app.redactor),
  );
  for (const warning of warnings) app.ui.warn(warning);
  app.soFar(() => ({ profile: connection.profile }));
  const { profile, baseUrl, organisation } = connection;
  return { connection, secret, owner: { profile, baseUrl, organisation } };
}

/** Runs `work` with a session, and closes it. */
export async function withSession<T>(app: App, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(app, await createProgress(app.ui, app.context));
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function openSession(app: App, { listener, stop }: Progress): Promise<Session> {
  const { context, globals, ui, userAgent, redactor, listeners } = app;
  const emit: Listener = (event) => {
    for (const each of [listener, ...listeners]) each(event);
  };
  const { connection, owner } = await connect(app);
  const { client, storage, close } = await openApi({
    context,
    connection,
    userAgent,
    timeoutMs: globals.timeoutMs,
    retries: globals.retries,
    outageMs: globals.outageMs,
    redactor,
    emit,
    // A presigned URL is from outside.
    log: globals.verbose ? (line) => ui.note(redactor.clean(line)) : undefined,
  });
  return {
    app,
    connection,
    owner,
    client,
    storage,
    emit,
    close: async () => {
      stop();
      await close();
    },
  };
}

/** Emits that a wait began and ended around `work`. */
export async function withWait<T>(emit: Listener, message: string, work: () => Promise<T>): Promise<T> {
  emit({ event: 'wait.start', message });
  try {
    return await work();
  } finally {
    emit({ event: 'wait.end' });
  }
}

/** The header of a new load's journal. */
export function headerFor(app: App, owner: Owner, job: string): Header {
  return {
    ebillJournal: JOURNAL_VERSION,
    job,
    profile: owner.profile,
    baseUrl: owner.baseUrl,
    ...(owner.organisation ? { organisation: owner.organisation } : {}),
    startedAt: new Date(app.context.now()).toISOString(),
  };
}

/** The load as its journal records it, read without the lock; `null` when this machine has no journal of it. */
export async function readLoad({ app, owner }: Session, job: string): Promise<LoadState | null> {
  return readJournal(await findJournal(app.context.paths.state, owner, job));
}

/**
 * Opens a load for a command that changes it, as its only writer (commands rule 5), and closes it after `work`. Under
 * `--dry-run` it is opened for reading.
 * @param reading whether it is only read
 * @throws EbillError CONFLICT when another process holds it
 */
export async function withLoad<T>(
  session: Session,
  job: string,
  work: (run: Run) => Promise<T>,
  reading = session.app.globals.dryRun,
): Promise<T> {
  const open = reading ? openForReading : openForWriting;
  const run = await open(session, job);
  try {
    return await work(run);
  } finally {
    await (reading ? closeLoad(run) : endLoad(session, run));
  }
}

/** `--adopt`: damaged lines of the load's journal are skipped, and the server is asked what they said (load rule 3). */
export async function adoptDamaged(session: Session, job: string): Promise<void> {
  const { context, globals, ui } = session.app;
  const path = journalPath(context.paths.state, session.owner, job);
  const damaged = await readLoad(session, job).then(
    () => false,
    (error: unknown) => error instanceof EbillError && error.code === 'CONFLICT',
  );
  if (!damaged || globals.dryRun) return;
  const lock = await lockFor(session, path, job);
  try {
    await bringHome(session, job, path);
    if (await skipDamage(path, context.now, lock))
      ui.warn(`Damaged lines of the journal ${path} are skipped; the server is asked about every batch.`);
  } finally {
    await lock.release();
  }
}

async function openForWriting(session: Session, job: string): Promise<Run> {
  const { app, owner } = session;
  const { context } = app;
  const path = journalPath(context.paths.state, owner, job);
  // Locked before the journal is read, so that decisions rest on its last entry.
  const lock = await lockFor(session, path, job);
  try {
    await bringHome(session, job, path);
    const journal = await openJournal(path, headerFor(app, owner, job), context.now, app.redactor, lock);
    return runOf(session, journal, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * Moves the load's journal to its place if an earlier version put it elsewhere. The lock of the place is held.
 * @param path its place
 * @throws EbillError CONFLICT when another process has it there, or there are two
 */
export async function bringHome(
  { app, owner }: Pick<Session, 'app' | 'owner'>,
  job: string,
  path: string,
): Promise<void> {
  const { context } = app;
  for (;;) {
    const from = await findJournal(context.paths.state, owner, job);
    if (from === path) return;
    const lock = await lockLoad(context, from, { job, command: `ebill ${app.command}` });
    try {
      // Another process may have moved it before this one had the lock.
      if ((await findJournal(context.paths.state, owner, job)) === from) await moveJournal(from, path, job);
    } finally {
      await lock.release();
    }
  }
}

/** The same for a command that only reads: the load may be in use, or the disk not writable. */
async function tryToBringHome(session: Session, job: string, path: string): Promise<boolean> {
  const { context, command } = session.app;
  try {
    const lock = await lockLoad(context, path, { job, command: `ebill ${command}`, patienceMs: 0 });
    await bringHome(session, job, path).finally(() => lock.release());
    return true;
  } catch (error) {
    if (error instanceof EbillError) return false;
    throw error;
  }
}

function lockFor(session: Session, path: string, job: string): Promise<Lock> {
  const { context, ui, command } = session.app;
  let waiting = false;
  const wait = (holder: Holder | null): void => {
    // A terminal shows how long it has waited; a log gets one line.
    waiting = ui.progress === 'tty';
    if (waiting) session.emit({ event: 'wait.start', message: `waiting for ${holderText(holder, false)}` });
    else ui.note(`Waiting for ${holderText(holder)}, which holds the load`);
  };
  return lockLoad(context, path, { job, command: `ebill ${command}` }, wait).finally(() => {
    if (waiting) session.emit({ event: 'wait.end' });
  });
}

/** Records what the load came to if it is closed now, and closes it. */
export async function endLoad({ app }: Session, run: Run): Promise<void> {
  const { journal, statusNames } = run;
  try {
    const closed =
      app.globals.dryRun || journal.path === null ? null : closedTotals(journal.state, statusNames);
    if (closed !== null && closed !== journal.state.closed)
      await journal.append({ type: 'closed', ...closed });
  } catch (error) {
    // The other entries say the same, and the next command records it.
    if (!(error instanceof EbillError)) throw error;
  } finally {
    await closeLoad(run);
  }
}

/** Closes a load's journal and releases its lock. */
export async function closeLoad(run: Run): Promise<void> {
  await run.journal.close();
  await run.lock?.release();
}

/**
 * Opens a load for reading, without the lock. Answers of the server are added to its journal; where there is none, or it
 * cannot be written, they are kept in memory.
 */
export async function openForReading(session: Session, job: string): Promise<Run> {
  const { app, owner } = session;
  const { now, paths } = app.context;
  const found = await findJournal(paths.state, owner, job);
  const known = await readJournal(found);
  if (known === null) return openInMemory(session, emptyState(headerFor(app, owner, job)));
  const path = journalPath(paths.state, owner, job);
  if (found !== path && !(await tryToBringHome(session, job, path))) return openInMemory(session, known);
  try {
    return runOf(session, await openJournal(path, known.header, now, app.redactor));
  } catch (error) {
    if (!(error instanceof EbillError) || error.code !== 'USAGE') throw error;
    app.ui.warn(`${error.message} The answers of the server are shown, but not recorded.`);
    return openInMemory(session, known);
  }
}

/** A load without a journal on disk. */
export function openInMemory(session: Session, state: LoadState): Run {
  return runOf(session, memoryJournal(state, session.app.context.now));
}

function runOf(session: Session, journal: Journal, lock: Lock | null = null): Run {
  const { app, connection, owner } = session;
  const { context } = app;
  const folder = loadsFolder(context.paths.state, owner);
  // Files of one command take turns here, because waiting for a lock file takes longer.
  let last: Promise<unknown> = Promise.resolve();
  return {
    context,
    profile: connection.profile,
    client: session.client,
    storage: session.storage,
    journal,
    lock,
    emit: session.emit,
    statusNames: connection.statusNames,
    recordStatus: connection.recordStatus,
    retries: app.globals.retries,
    settle: settleTimes(app.globals.settleMs),
    urls: app.globals.showUrls ? new PresignedUrls() : null,
    assertSafeUrl: (url) => assertSafeTransferUrl(url, connection),
    otherLoads: otherLoadsReader(context.paths.state, owner, journal.state.header.job),
    withServerLock: (work) => {
      const turn = last.then(async () => {
        const serverLock = await lockServer(context, folder);
        return work().finally(() => serverLock.release());
      });
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
