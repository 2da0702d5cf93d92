import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { type RowsFile, writeRows } from '../csv-files.ts';
import { EBILL, eventsOf, uploadsOf, withEvents } from '../ebill.ts';
import { compiled } from '../inside.ts';
import type { Candidate, Part } from '../part.ts';
import { openSink, type Sink } from '../sink.ts';

/** One file to a server that discards it, by a profile that trusts the server. */
export const part: Part = {
  runs: 7,
  size: 1000,
  async open({ folder, size: megabytes, closing }) {
    const file = writeRows(join(folder, 'cus.csv'), megabytes);
    const sink = await openSink(folder);
    closing(() => sink.close());
    sink.expect(basename(file.path), file.md5);
    const env = { EBILL_HOME: join(folder, 'home') };
    const server = ['--base-url', sink.apiUrl, '--auth', 'none', '--ca-file', sink.caFile];
    execFileSync(process.execPath, [EBILL, 'profile', 'add', 'sink', ...server], { env, stdio: 'ignore' });
    const client = await compiled('send-unhashed');
    return {
      about: `one file of ${megabytes} MB to a server that discards it`,
      candidates: (['http', 'https'] as const).flatMap((scheme) => over(scheme, file, sink, env, client)),
    };
  },
};

/** One request for a file of any size, and none to look first. */
const RCLONE = [
  ...['rclone', 'copyto', '--config', '/dev/null', '--s3-provider', 'Other', '--s3-access-key-id', 'bench'],
  ...['--s3-secret-access-key', 'bench', '--s3-upload-cutoff', '5G', '--s3-no-check-bucket', '--s3-no-head'],
  '--no-check-dest',
];

let loads = 0;
const progressOf = (text: string): number => eventsOf(text, 'upload.progress').length;

function over(
  scheme: 'http' | 'https',
  { path, bytes, md5 }: RowsFile,
  sink: Sink,
  env: Readonly<Record<string, string>>,
  client: string,
): Candidate[] {
  sink.behave({ scheme });
  const url = sink.urlOf(basename(path));
  const { origin } = new URL(url);
  const curl = ['curl', '-sS', '--cacert', sink.caFile, '-T', path];
  const sent = { group: `sent, ${scheme}`, bytes };
  const verified = { group: `sent and verified, ${scheme}`, bytes };
  /** Each run is a load of its own: one load never sends the same file twice. */
  const upload = () => {
    sink.behave({ scheme });
    return { command: withEvents('upload', 'customer', path, '--job', `B${++loads}`) };
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
      goal: { atMost: 1.2 },
      command: [process.execPath, client, url, path, sink.caFile],
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
      // Hashes first and sends the MD5 along. Its bucket is the MD5 that the server answers with.
      name: 'rclone to S3',
      needs: 'rclone',
      command: [
        ...RCLONE,
        '--ca-cert',
        sink.caFile,
        path,
        `:s3,endpoint='${origin}':${md5}/${basename(path)}`,
      ],
      after: () => ({ events: 0 }),
    },
    {
      ...verified,
      name: 'ebill, from the first byte to the verified answer',
      goal: { atMost: 0.4 },
      command: [],
      env,
      before: upload,
      after: ({ stdout }) => ({ wallMs: uploadsOf(stdout, 1)[0]?.ms ?? 0, events: progressOf(stdout) }),
    },
    {
      ...verified,
      name: 'ebill, the whole command: start, check, create, upload',
      goal: { atMost: 1.15 },
      command: [],
      env,
      before: upload,
      after: ({ stdout }) => ({ events: progressOf(stdout) }),
    },
  ];
}
