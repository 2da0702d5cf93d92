import { statSync } from 'node:fs';
import type { Connection } from '../../src/api/connection.ts';
import { openTransport } from '../../src/api/net/transport.ts';
import { openToRead, readAhead, takeBuffers } from '../../src/api/upload-body.ts';
import { systemContext } from '../../src/main.ts';

// node send-unhashed.mjs URL FILE [CA-FILE]: the program's client and its reading ahead alone. Prints its ms.
const [, , url = '', path = '', caFile = null] = process.argv;
const connection: Connection = {
  profile: null,
  baseUrl: url,
  organisation: null,
  auth: { type: 'none' },
  query: {},
  headers: {},
  statusNames: {},
  recordStatus: {},
  caFile,
  clientCert: null,
  clientKey: null,
  proxy: null,
  allowInsecure: false,
  production: false,
};
const transport = await openTransport(systemContext(), connection, 60_000);
const { size: bytes } = statSync(path);
const start = performance.now();
const handle = await openToRead(path);
const { status, body } = await transport.send({
  method: 'PUT',
  url,
  headers: { 'content-length': String(bytes) },
  body: readAhead(handle, { path, bytes, md5: '', sha256: '' }, takeBuffers()),
});
await body.dump();
process.stdout.write(String(performance.now() - start));
await handle.close();
await transport.close();
process.exit(status === 200 ? 0 : 1);
