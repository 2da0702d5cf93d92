import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { freeJobIds } from '../../batch/job-ids.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { type PlannedCall, recordCall } from '../../load/calls.ts';
import type { SourceFile } from '../../load/entries.ts';
import { rejectsName } from '../../load/file-names.ts';
import { setCurrentJob } from '../../load/loads.ts';
import { confirmPlan } from '../../load/open-invoice.ts';
import type { Assignment } from '../../load/plan.ts';
import type { Run } from '../../load/run.ts';
import type { BatchState } from '../../load/state.ts';
import { amountText, counted } from '../../output/format.ts';
import { AtomicFile, cannotRead } from '../../system/atomic-file.ts';
import { visible } from '../../system/escaping.ts';
import { assertNew, finalizeAll, parentRef, uploadAll } from '../shared/load-steps.ts';
import type { Session } from '../shared/session.ts';
import type { WaitOptions } from '../shared/upload-options.ts';
import { waitFor } from '../shared/wait.ts';
import type { Correction } from './items.ts';
import type { Group, Prepared } from './prepare.ts';

const FILE_KINDS: readonly FileKind[] = ['customer', 'invoice', 'items'];

/** A correction and its batch. */
interface Assigned extends Correction {
  readonly to: Assignment;
}

export interface AssignedGroup {
  readonly head: Assigned;
  readonly items: readonly Assigned[];
}

/** What is sent, one line for each file: what it holds and what it corrects. */
export const correctionLines = (groups: readonly Group[]): readonly string[] =>
  groups
    .flatMap(({ head, items }) => [head, ...items])
    .filter(({ known }) => known?.finalized !== 'yes' && known?.uploaded !== 'yes')
    .map(({ kind, given, file, corrects, replaces }) => {
      const added = (file.records ?? 0) - replaces;
      const more = added > 0 ? ` (${added} of them new)` : '';
      return `${kind} ${basename(given)}: ${counted(file.records ?? 0, 'record', 'records')}${more}, ${file.amount ? `amounts ${amountText(file.amount)}, ` : ''}corrects ${corrects.jobId}`;
    });

/**
 * Gives each correction its batch: that on record, else the next free number (api rule 24). What is sent is a copy beside
 * the results, because the rejects file may be corrected once more.
 * @param folder of the copies
 */
export function assignCorrections(
  run: Run,
  groups: readonly Group[],
  folder: string,
): readonly AssignedGroup[] {
  const { header, batches } = run.journal.state;
  const taken = new Set(batches.keys());
  const free = Object.fromEntries(
    FILE_KINDS.map((kind) => [kind, freeJobIds(header.job, kind, (jobId) => taken.has(jobId))]),
  ) as Readonly<Record<FileKind, () => string>>;
  const at = (file: SourceFile, name: string): SourceFile => ({ ...file, path: join(folder, name) });
  const assign = (one: Correction): Assigned => {
    const { kind, file, known, corrects } = one;
    if (known?.file) {
      const action = known.uploaded === 'yes' ? 'done' : 'resume';
      return {
        ...one,
        // A load from another machine has its copies in a folder there.
        to: {
          kind,
          file: at(known.file, basename(known.file.name)),
          jobId: known.jobId,
          action,
          exact: false,
          replaces: [],
        },
      };
    }
    const jobId = free[kind]();
    taken.add(jobId);
    const now = batches.get(corrects.jobId)?.corrections ?? [];
    if (now.length !== (corrects.corrections ?? []).length) throw correctedMeanwhile(corrects);
    const name = rejectsName(corrects.jobId).replace(/_rejects\.csv$/, `_correction_${now.length + 1}.csv`);
    const to = { kind, file: { ...at(file, name), name }, jobId, exact: false } as const;
    const drafts = now.flatMap((id) => batches.get(id) ?? []).filter(isUnsent);
    return { ...one, to: { ...to, action: 'new', replaces: kind === 'items' ? [] : drafts } };
  };
  return groups.map(({ head, items }) => ({ head: assign(head), items: items.map(assign) }));
}

/** It was recorded, but its content is not submitted: other content takes its place, and it is never finalized. */
const isUnsent = ({ finalized, abandoned, leftOut }: BatchState): boolean =>
  finalized === 'no' && !abandoned && !leftOut;

const correctedMeanwhile = ({ jobId }: BatchState): EbillError =>
  new EbillError('CONFLICT', `${jobId} was corrected by another command meanwhile.`, {
    hint: 'Nothing was sent by this one. Run it again: it checks against what is on record now.',
  });

/** Loads corrections, each once, and waits until they are final. @returns why the wait ended early; `null`: all are final */
export async function perform(
  session: Session,
  run: Run,
  { groups }: Prepared,
  call: Pick<PlannedCall, 'options' | 'paths'> & { readonly folder: string; readonly watch: WaitOptions },
): Promise<EbillError | null> {
  const { app, owner } = session;
  await setCurrentJob(app.context.paths.state, owner, run.journal.state.header.job);
  const assigned = await confirmPlan(
    run,
    () => assignCorrections(run, groups, call.folder),
    (all) => ({
      heads: all.map(({ head }) => head.to),
      invoices: all.map(({ head, items }) => ({ jobId: head.to.jobId, items: items.map(({ to }) => to) })),
    }),
  );
  const files = assigned.flatMap(({ head, items }) => [head, ...items]);
  await assertNew(
    run,
    files.map(({ to }) => to),
    false,
  );
  for (const one of files) if (one.to.action !== 'done') await copy(one);
  await recordCall(run, callOf(run, assigned, call));
  const options = { adopt: false, next: false, concurrency: 4 };
  // Invoices need their customers.
  for (const kind of ['customer', 'invoice']) {
    const jobIds: string[] = [];
    for (const { head, items } of assigned.filter((group) => group.head.kind === kind)) {
      const [jobId = head.to.jobId] = await uploadAll(run, [head.to], null, options);
      const under = items.map(({ to }) => to);
      if (under.length > 0) await uploadAll(run, under, jobId, options);
      jobIds.push(jobId);
    }
    if (jobIds.length === 0) continue;
    await finalizeAll(run, jobIds);
    const watch = { ...call.watch, download: null };
    const { error } = await waitFor(app, run, jobIds, watch, { fetchTo: call.folder });
    if (error !== null && !VERDICTS.has(error.code)) return error;
  }
  return null;
}

/** Their records are netted: what the batches of one step came to is not the end. */
const VERDICTS: ReadonlySet<string> = new Set(['PARTIAL', 'BATCH_FAILED', 'UNACCOUNTED']);

function callOf(
  run: Run,
  groups: readonly AssignedGroup[],
  { options, paths }: Pick<PlannedCall, 'options' | 'paths'>,
): PlannedCall {
  const corrects = ({ corrects: { jobId }, replaces }: Assigned) => ({ jobId, replaces });
  return {
    command: 'correct',
    options,
    paths: paths ?? [],
    files: groups.flatMap(({ head, items }) => [
      { to: head.to, parent: null, corrects: corrects(head) },
      ...items.map((item) => ({
        to: item.to,
        parent: parentRef(run, head.to.jobId),
        corrects: corrects(item),
      })),
    ]),
  };
}

/** Writes the file that is sent. @throws EbillError CONFLICT when its source was changed since it was checked */
async function copy({ file, given, to }: Assigned): Promise<void> {
  const out = await AtomicFile.open(to.file.path);
  try {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(file.path)) {
        hash.update(chunk as Buffer);
        await out.write(chunk as Buffer);
      }
    } catch (cause) {
      throw cannotRead(file.path, cause);
    }
    if (hash.digest('hex') !== file.sha256)
      throw new EbillError('CONFLICT', `${visible(given)} changed while it was checked.`, {
        hint: 'Nothing was sent. Run the command again when nothing writes to it.',
      });
    await out.commit();
  } finally {
    await out.abort();
  }
}
