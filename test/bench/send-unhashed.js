// node send-unhashed.js URL FILE [CA-FILE]: the program's own client and its reading ahead, and nothing else. Tells its ms.
import { statSync } from 'node:fs';
import { compiled } from './local-server.js';

const [, , url, path, caFile = null] = process.argv;
const { systemContext } = await compiled('system/context.js');
const { openTransport } = await compiled('api/net/transport.js');
const { takeBuffers, openToRead, readAhead } = await compiled('api/upload-body.js');
const none = { clientCert: null, clientKey: null, proxy: null };
const transport = await openTransport(systemContext(), { baseUrl: url, caFile, ...none }, 60_000);
const { size: bytes } = statSync(path);
const start = performance.now();
const handle = await openToRead(path);
const answer = await transport.send({
  method: 'PUT',
  url,
  headers: { 'content-length': String(bytes) },
  body: readAhead(handle, { path, bytes }, takeBuffers()),
});
await answer.body.dump();
process.stdout.write(String(performance.now() - start));
await handle.close();
await transport.close();
process.exit(answer.status === 200 ? 0 : 1);
