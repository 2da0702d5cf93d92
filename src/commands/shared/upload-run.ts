import { resolve } from 'node:path';
import type { ParentRef } from '../../api/request.ts';
import { openInvoice } from '../../load/discover.ts';
import { readJournal } from '../../load/journal.ts';
import { journalPath, setCurrentJob } from '../../load/loads.ts';
import type { Run } from '../../load/run.ts';
import { startedHere } from '../../load/state.ts';
import { restartInvoice } from '../../load/upload.ts';
import { counted } from '../../output/format.ts';
import { columnsFor } from './column-options.ts';
import type { App, CommandResult } from './command.ts';
import { confirmProduction } from './confirm.ts';
import { assertFolder, checkedSources, foundFiles, type Given } from './file-checks.ts';
import { withNotification } from './notify.ts';
import { chosenJob, noLoad } from './selection.ts';
import { closeLoad, openForReading, openForWriting, type Session, withSession } from './session.ts';
import { uploadSends } from './to-send.ts';
import { dryRunUpload } from './upload-dry-run.ts';
import { finishUpload, parentRef, uploadAll } from './upload-flow.ts';
import type { UploadOptions } from './upload-options.ts';
import { planUpload, sharded, type Upload } from './upload-plan.ts';
import { viewsOf } from './views.ts';

/** The three upload commands: check all files, plan, upload customers, invoices, then items under their invoice. */
export async function runUpload(
  app: App,
  options: UploadOptions,
  given: Given,
  named: ParentRef | null,
): Promise<CommandResult> {
  const work = () => upload(app, options, given, named);
  // Whoever waits for the end wants it told; a step of a longer script is told by that.
  return options.wait ? withNotification(app, options.watch.notify, work) : work();
}

async function upload(
  app: App,
  options: UploadOptions,
  given: Given,
  named: ParentRef | null,
): Promise<CommandResult> {
  return withSession(app, async (session) => {
    // Set-up and name first: a missing base URL or load should not cost the reading of four gigabytes.
    const job = (await chosenJob(app, session.owner, options.job)) ?? options.jobId;
    if (job === null) throw noLoad();
    app.soFar(() => ({ job }));
    const { download } = options.watch;
    if (download !== null) await assertFolder(resolve(app.context.cwd, download));
    const all = await foundFiles(app, given);
    const { files, numbers } = sharded(all, options.shard);
    const columns = await columnsFor(app, options.columns);
    const sources = await checkedSources(app, files, { validate: options.validate, columns }, session.emit);
    const upload: Upload = { sources, options, named, numbers };
    const what = `upload ${counted(files.length, 'file', 'files')} to ${job}${options.finalize ? ', and hand them to processing' : ''}`;
    if (await sends(session, job, upload)) await confirmProduction(app, session.connection, what);
    const run = app.globals.dryRun ? await openForReading(session, job) : await openForWriting(session, job);
    try {
      return app.globals.dryRun
        ? await dryRunUpload(session, run, upload)
        : await perform(session, run, upload);
    } finally {
      await closeLoad(run);
    }
  });
}

/** Is anything left to send? Asked before the lock is taken: nobody is kept waiting by a question. */
async function sends({ app, owner }: Session, job: string, upload: Upload): Promise<boolean> {
  const state = await readJournal(journalPath(app.context.paths.state, owner, job));
  if (state === null || upload.options.restartInvoice) return true;
  const { heads, items } = planUpload(state, upload);
  return uploadSends(state, [...heads, ...items], upload.options.finalize);
}

async function perform(session: Session, run: Run, upload: Upload): Promise<CommandResult> {
  const { app } = session;
  const { options, sources, named } = upload;
  await setCurrentJob(app.context.paths.state, session.owner, run.journal.state.header.job);
  const touched: string[] = [];
  app.soFar(() => ({ batches: viewsOf(run, touched) }));
  if (!startedHere(run.journal.state)) {
    app.ui.note('This load was not started on this machine: each name is looked up on the server first.');
  }
  if (options.restartInvoice) for (const file of sources.invoice) await restartInvoice(run, file);
  const { heads, items } = planUpload(run.journal.state, upload);
  touched.push(...heads.map(({ jobId }) => jobId));
  const done = [...(await uploadAll(run, heads, null, options))];
  const invoice = named === null ? done[0] : await openInvoice(run, named);
  if (named !== null && invoice !== undefined) done.push(invoice);
  touched.splice(0, touched.length, ...done);
  if (items.length > 0 && invoice !== undefined)
    await uploadAll(run, items, parentRef(run, invoice), options);
  return finishUpload(session, run, [...new Set(done)], options);
}
