import type { Client } from '../../api/client.ts';
import type { Batch } from '../../batch/types.ts';
import type { Redactor } from '../../redact/redactor.ts';

/**
 * The same client, whose answers make the signatures of presigned URLs known to the redactor: a server may name one again
 * where nothing around it tells what it is.
 */
export function rememberingUrls(client: Client, redactor: Redactor): Client {
  const note = (batch: Batch): void => {
    for (const url of [batch.uploadUrl, batch.downloadUrl]) if (url !== null) redactor.addSigned(url);
    for (const child of batch.children) note(child);
  };
  const changed = async <R extends Awaited<ReturnType<Client['create']>>>(call: Promise<R>): Promise<R> => {
    const result = await call;
    if (result.outcome === 'answered') note(result.value);
    return result;
  };
  return {
    ...client,
    init: (request) => changed(client.init(request)),
    create: (request) => changed(client.create(request)),
    finalize: (request) => changed(client.finalize(request)),
    status: async (ref, tries) => {
      const batch = await client.status(ref, tries);
      if (batch !== null) note(batch);
      return batch;
    },
  };
}
