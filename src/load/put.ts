import { unavailable } from '../api/result.ts';
import { type PutResult, putFile, refusalText, type StorageFailure } from '../api/storage.ts';
import { EbillError } from '../errors.ts';
import { quoted } from '../system/escaping.ts';
import type { SourceFile } from './entries.ts';
import { assertOwnObject } from './other-loads.ts';
import type { Run } from './run.ts';

/** ms between two progress events of a file; more than ten a second are not visible. */
const PROGRESS_EVERY_MS = 100;

/**
 * Uploads a file to its URL and records the evidence that the storage has it (api rule 19).
 * @returns what the storage says where a new URL is needed; `null` when it has the file
 * @throws EbillError CONFLICT (the file changed, or another batch has the object), REJECTED, UNAVAILABLE
 */
export async function putToUrl(
  run: Run,
  jobId: string,
  file: SourceFile,
  live: { readonly url: string; readonly object: string },
): Promise<string | null> {
  run.assertSafeUrl(live.url);
  // Checked and recorded in one step: of two loads with one object, the second sees the first.
  const n = await run.withServerLock(async () => {
    const put = { jobId, file, object: run.journal.kept(live.object) };
    const others = await run.otherLoads();
    // Read after the wait: it is the newest state, whose indexes are kept.
    assertOwnObject(run.journal.state, others, put, run.statusNames, run.context);
    return run.journal.intent({ call: 'put', jobId, object: live.object, bytes: file.bytes });
  });
  const began = run.context.now();
  const base = { jobId, file: file.name, total: file.bytes };
  let sent = 0;
  let told = began;
  run.emit({ event: 'upload.start', ...base });
  const ended = (reason?: string): void => {
    const end = { event: 'upload.end', ...base, bytes: sent, ms: run.context.now() - began } as const;
    run.emit(reason === undefined ? { ...end, ok: true } : { ...end, ok: false, reason });
  };
  let result: PutResult;
  try {
    result = await putFile(run.storage, live.url, file, {
      onBytes: (bytes) => {
        sent = bytes;
        const now = run.context.now();
        // Always report the last byte: the wait for the answer starts there.
        if (now - told < PROGRESS_EVERY_MS && bytes < file.bytes) return;
        told = now;
        run.emit({ event: 'upload.progress', ...base, bytes });
      },
      onRetry: (notice) =>
        run.emit({ event: 'retry', jobId, ...notice, message: `${file.name}: ${notice.message}` }),
    });
  } catch (error) {
    ended(error instanceof EbillError ? error.message : '');
    throw error;
  }
  if (result.outcome === 'stored')
    await run.journal.answer(n, { outcome: 'answered', etag: result.etag, verified: result.verified });
  else
    await run.journal.answer(n, {
      outcome: result.outcome === 'unavailable' ? 'ambiguous' : 'refused',
      message: result.message,
    });
  ended(result.outcome === 'stored' ? undefined : failureText(result));
  const what = `Uploading ${file.name} (${jobId})`;
  if (result.outcome === 'refused') throw storageRefusal(run, jobId, what, result);
  if (result.outcome === 'unavailable') throw unavailable(what, result.message, result.hint);
  return result.outcome === 'expired' ? result.message : null;
}

const failureText = (failed: StorageFailure): string =>
  failed.outcome === 'refused'
    ? `the storage refused it (${refusalText(failed)})`
    : failed.outcome === 'expired'
      ? `its upload URL is not accepted any more (${failed.message})`
      : failed.message;

/** A 403 from the storage is not about our credentials: they are never sent there. */
function storageRefusal(
  run: Run,
  jobId: string,
  what: string,
  refused: Extract<PutResult, { outcome: 'refused' }>,
): EbillError {
  const { status, message } = refused;
  const tooLarge = status === 413 || /\bEntityTooLarge\b/.test(message);
  const isItems = run.journal.state.batches.get(jobId)?.kind === 'items';
  const option = `--leave-out ${quoted(jobId, run.context)}`;
  // The draft of an items batch stays under its invoice batch, and would be finalized with it.
  const instead = isItems
    ? `upload the invoice file again with all of its item files, the parts in place of this one, with --restart-invoice and ${option}`
    : `upload the parts with ${option}, so that this one is not expected any more`;
  return new EbillError('REJECTED', `${what}: the storage refused it (${refusalText(refused)}).`, {
    hint: tooLarge
      ? `It does not accept a file of this size. Ask the operator of the eBill server for its limit. Split the file, each part with the header line, and ${instead}.`
      : status === 403
        ? `Run the same command again to get a new upload URL; if it is refused again, report this to the operator of the eBill server. If the file can only be loaded in parts, split it and ${instead}.`
        : 'Report this to the operator of the eBill server: a new upload URL would be refused in the same way.',
  });
}
