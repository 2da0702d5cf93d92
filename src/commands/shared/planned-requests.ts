import type { callsAt, ParentRef } from '../../api/request.ts';
import type { Assignment } from '../../load/plan.ts';
import type { PlannedRequest } from './command.ts';

type Calls = ReturnType<typeof callsAt>;

/** The requests that bring a file into its batch; none for what is done, or is sent with another file's bytes. */
export function uploadRequests(
  calls: Calls,
  { action, kind, jobId, file }: Assignment,
  parent: ParentRef | null,
): readonly PlannedRequest[] {
  if (action === 'done' || action === 'twin') return [];
  return [
    calls.create({ kind, jobId, inputFilename: file.name, parent: kind === 'items' ? parent : null }),
    { method: 'PUT', url: `{upload URL of ${jobId}}`, body: `{${file.bytes} bytes of ${file.path}}` },
  ];
}

/** An id the server has yet to give is named as what it will be. */
export const idToCome = (id: string | null, jobId: string): string => id ?? `{id of ${jobId}}`;
