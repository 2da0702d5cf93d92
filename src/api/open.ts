import type { Redactor } from '../redact/redactor.ts';
import type { Context } from '../system/context.ts';
import { type ApiEvent, type Client, createClient } from './client.ts';
import type { Connection } from './connection.ts';
import { createCredentials } from './credentials.ts';
import { openTransport, type Transport, type TransportLog } from './net/transport.ts';
import type { StorageOptions } from './storage.ts';
import { assertSafeTransferUrl } from './transfer-url.ts';

export interface ApiOptions {
  readonly context: Context;
  readonly connection: Connection;
  readonly userAgent: string;
  /** ms for the response headers, and for an idle response body. */
  readonly timeoutMs: number;
  readonly retries: number;
  /** ms that a PUT is tried again for at least while the storage is not there. Default: not longer than `retries`. */
  readonly outageMs?: number;
  /** Learns the signatures of presigned URLs, and the token that a command prints. */
  readonly redactor: Pick<Redactor, 'add' | 'addSigned' | 'clean'>;
  /** Waits and retries, to be shown. */
  readonly emit?: (event: ApiEvent) => void;
  /** One line per request, for `--verbose`. */
  readonly log?: TransportLog | undefined;
}

/** Everything that talks to one server and its storage. */
export interface Api {
  readonly client: Client;
  readonly storage: StorageOptions;
  readonly transport: Transport;
  close(): Promise<void>;
}

/** @throws EbillError USAGE for a certificate file that cannot be used */
export async function openApi(options: ApiOptions): Promise<Api> {
  const {
    context,
    connection,
    userAgent,
    timeoutMs,
    retries,
    outageMs = 0,
    redactor,
    emit = () => undefined,
    log,
  } = options;
  const transport = await openTransport(context, connection, timeoutMs, log);
  const credentials = createCredentials(context, connection, redactor, (message) =>
    emit({ event: 'warning', jobId: null, message }),
  );
  const client = createClient({
    context,
    connection,
    credentials,
    transport,
    retries,
    timeoutMs,
    userAgent,
    redactor,
    emit,
  });
  return {
    client,
    storage: {
      context,
      transport,
      retries,
      outageMs,
      clean: (text) => redactor.clean(text),
      assertSafeUrl: (url) => {
        // A redirect may lead to a presigned URL that no response has named.
        redactor.addSigned(url);
        assertSafeTransferUrl(url, connection);
      },
    },
    transport,
    close: () => {
      credentials.close();
      return transport.close();
    },
  };
}
