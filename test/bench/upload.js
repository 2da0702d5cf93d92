import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EBILL, eventsOf, uploadsOf, withEvents } from './ebill-events.js';
import { writeRows } from './rows-file.js';
import { openSink } from './sink.js';

const UNHASHED = fileURLToPath(new URL('send-unhashed.js', import.meta.url));

export const runs = 7;
export const size = 1000;

/** A file, a server that gives it away, and a profile that trusts the server. */
export async function prepare({ folder, size: megabytes, closing }) {
  const file = writeRows(join(folder, 'cus.csv'), megabytes);
  const sink = await openSink(folder);
  closing(() => sink.close());
  sink.know(basename(file.path), file.md5);
  const env = { EBILL_HOME: join(folder, 'home') };
  const server = ['--base-url', sink.apiUrl, '--auth', 'none', '--ca-file', sink.caFile];
  execFileSync(process.execPath, [EBILL, 'profile', 'add', 'sink', ...server], { env, stdio: 'ignore' });
  return { about: `one file of ${megabytes} MB to a server that gives it away`, file, sink, env };
}

export const candidates = (given) => ['http', 'https'].flatMap((scheme) => over(scheme, given));

function over(scheme, { file, sink, env }) {
  const { path, bytes } = file;
  sink.behave({ scheme });
  const url = sink.urlOf(basename(path));
  const curl = ['curl', '-sS', '--cacert', sink.caFile, '-T', path];
  const sent = { group: `sent, ${scheme}`, bytes };
  const verified = { group: `sent and verified, ${scheme}`, bytes };
  /** Each run is a load of its own: the same file is never sent twice in one. */
  const upload = () => {
    sink.behave({ scheme });
    loads += 1;
    return { command: withEvents('upload', 'customer', path, '--job', `B${loads}`) };
  };
  return [
    {
      ...sent,
      name: 'curl -T',
      command: [...curl, '-w', '%{time_total}', url],
      after: ({ stdout }) => ({ wallMs: Number(stdout.replace(',', '.')) * 1000 }),
    },
    {
      ...sent,
      name: 'the client of ebill, nothing hashed',
      goal: 1.2,
      command: [process.execPath, UNHASHED, url, path, sink.caFile],
      after: ({ stdout }) => ({ wallMs: Number(stdout) }),
    },
    {
      ...verified,
      name: 'curl -T, then md5sum',
      command: ['sh', '-c', '"$@" && md5sum "$0" >/dev/null', path, ...curl, url],
      after: () => ({ events: 0 }),
    },
    {
      ...verified,
      name: 'ebill, from the first byte to the verified answer',
      goal: 0.85,
      env,
      before: upload,
      after: ({ stdout }) => ({ wallMs: uploadsOf(stdout, 1)[0].ms, events: progressOf(stdout) }),
    },
    {
      ...verified,
      name: 'ebill, the whole command: start, check, create, upload',
      env,
      before: upload,
      after: ({ stdout }) => ({ events: progressOf(stdout) }),
    },
  ];
}

let loads = 0;
const progressOf = (text) => eventsOf(text, 'upload.progress').length;
