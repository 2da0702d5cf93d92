import { endpointOf } from '../../api/connection.ts';
import { callsAt, type ParentRef } from '../../api/request.ts';
import { batchJobId } from '../../batch/job-ids.ts';
import type { Run } from '../../load/run.ts';
import { requestsText } from '../../output/requests-text.ts';
import type { CommandResult, PlannedRequest } from './command.ts';
import { idToCome, uploadRequests } from './planned-requests.ts';
import type { Session } from './session.ts';
import { planUpload, type Upload } from './upload-plan.ts';

/** The requests an upload would send, in order, from the journal alone: nothing is sent, not even a question. */
export async function dryRunUpload(session: Session, run: Run, upload: Upload): Promise<CommandResult> {
  const { app, connection } = session;
  const { options, named } = upload;
  const { header, batches } = run.journal.state;
  const calls = callsAt(endpointOf(connection.baseUrl), connection.query);
  const { heads, items } = planUpload(run.journal.state, upload);
  const idOf = (jobId: string): string | null => batches.get(jobId)?.id ?? null;
  const parentJobId =
    named === null
      ? heads.find(({ kind }) => kind === 'invoice')?.jobId
      : (named.jobId ?? (named.id === null ? batchJobId(header.job, 'invoice', 1) : null));
  const parent: ParentRef = {
    id: named?.id ?? (parentJobId ? idToCome(idOf(parentJobId), parentJobId) : null),
    jobId: parentJobId ?? null,
  };
  const requests: PlannedRequest[] = [];
  for (const one of [...heads, ...items]) requests.push(...uploadRequests(calls, one, parent));
  if (options.finalize) {
    const targets = named === null ? heads.map(({ jobId }) => jobId) : [parent.jobId ?? ''];
    for (const jobId of targets) {
      if (batches.get(jobId)?.finalized !== 'yes')
        requests.push(calls.finalize({ id: idToCome(idOf(jobId), jobId), jobId }));
    }
  }
  const done = [...heads, ...items]
    .filter(({ action }) => action === 'done')
    .map(({ file, jobId }) => `${file.name} is uploaded already, as ${jobId}.`);
  const text = [
    ...done,
    requests.length === 0 ? 'Nothing would be sent.' : requestsText(requests, app.ui),
  ].join('\n');
  return {
    profile: header.profile,
    job: header.job,
    outcome: null,
    batches: [],
    error: null,
    requests,
    text,
  };
}
