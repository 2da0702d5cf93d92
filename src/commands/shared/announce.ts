import type { Client } from '../../api/client.ts';
import type { Listener } from '../../load/events.ts';
import { waitingFor } from './waiting-for.ts';

/** The same client, telling when a wait for the server begins and ends, so that a terminal shows life meanwhile. */
export function announced(client: Client, emit: Listener): Client {
  const during = <T>(message: string, call: Promise<T>): Promise<T> =>
    waitingFor({ emit }, message, () => call);
  return {
    ...client,
    raw: (call) => during(`waiting for the answer to ${call.method}`, client.raw(call)),
    init: (request) =>
      during(`starting ${request.jobId}: open invoices are carried forward`, client.init(request)),
    create: (request) => during(`creating ${request.jobId}`, client.create(request)),
    finalize: (request) =>
      during(`handing ${request.jobId ?? request.id} to processing`, client.finalize(request)),
    // Looks of a watch are drawn by its own view; they are the ones that ask for no further tries.
    status: (ref, tries) =>
      tries === 0
        ? client.status(ref, tries)
        : during(`asking for ${'id' in ref ? `batch ${ref.id}` : ref.jobId}`, client.status(ref, tries)),
  };
}
