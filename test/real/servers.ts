import { execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { onTestFinished } from 'vitest';
import { closedPort } from '../api/rig.ts';
import { tempDir } from '../helpers/context.ts';

/*
 * Servers and proxies that nobody here wrote, from Debian: OpenStack Swift with its S3 side, nginx, squid. Each runs as this user, in a
 * folder of its own, on free ports of loopback, and ends with the test.
 */

/** Silences the SDK's warning that it will require Node 22 from January 2027. */
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** Debian puts servers where only root looks. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin`;

const NEEDED = {
  nginx: 'nginx',
  squid: 'squid',
  memcached: 'memcached',
  'swift-proxy-server': 'swift-proxy',
  'swift-account-server': 'swift-account',
  'swift-container-server': 'swift-container',
  'swift-object-server': 'swift-object',
} as const;

/** Debian packages that the test needs and this machine lacks. */
export const missingPackages = Object.entries(NEEDED)
  .filter(([program]) => !onPath(program))
  .map(([, name]) => name);

function onPath(program: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'ignore', env: { PATH } });
    return true;
  } catch {
    return false;
  }
}

/** Starts a server that stays in the foreground, and waits until it listens. Its output is in `log`. */
async function daemon(
  folder: string,
  port: number,
  program: string,
  ...args: readonly string[]
): Promise<void> {
  const log = join(folder, `${program}.log`);
  const out = openSync(log, 'a');
  const stdio: StdioOptions = ['ignore', out, out];
  const child = spawn(program, args, { cwd: folder, stdio, env: { PATH }, detached: true });
  let ended: string | null = null;
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code, signal) => {
    ended ??= `it ended with ${code ?? signal}`;
  });
  onTestFinished(() => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  while (!(await listens(port)))
    if (ended !== null) throw new Error(`${program}: ${ended}\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => setTimeout(resolve, 20, false));
  });
}

const BUCKET = 'ebill';
const REGION = 'us-east-1';
const USER = { accessKeyId: 'test:tester', secretAccessKey: 'testing' };

export interface Swift {
  readonly port: number;
  /** A presigned PUT for clients that reach the storage at `origin`. */
  putUrl(origin: string, key: string): Promise<string>;
  getUrl(origin: string, key: string): Promise<string>;
  read(key: string): Promise<Buffer>;
  store(key: string, body: Buffer, encoding?: string): Promise<void>;
}

/** OpenStack Swift with s3api: one proxy, account, container and object server, objects in memory. */
export async function startSwift(): Promise<Swift> {
  const folder = tempDir('ebill-swift-');
  const write = (name: string, lines: readonly string[]): void =>
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  const server = (port: number, ...more: readonly string[]): readonly string[] => [
    '[DEFAULT]',
    'bind_ip = 127.0.0.1',
    `bind_port = ${port}`,
    'workers = 0',
    `user = ${userInfo().username}`,
    `swift_dir = ${folder}`,
    `devices = ${folder}`,
    'mount_check = false',
    ...more,
  ];
  write('swift.conf', [
    '[swift-hash]',
    'swift_hash_path_prefix = a',
    'swift_hash_path_suffix = b',
    '[storage-policy:0]',
    'name = only',
    'default = yes',
  ]);
  for (const name of ['account', 'container', 'object']) {
    const port = await closedPort();
    const ring = (...args: readonly string[]): unknown =>
      execFileSync('swift-ring-builder', [`${name}.builder`, ...args], {
        cwd: folder,
        stdio: 'ignore',
        env: { PATH },
      });
    ring('create', '2', '1', '1');
    ring('add', `r1z1-127.0.0.1:${port}/${name}`, '1');
    ring('rebalance');
    mkdirSync(join(folder, name));
    const app = name === 'object' ? 'mem_object' : name;
    write(
      `${name}.conf`,
      server(
        port,
        '[pipeline:main]',
        `pipeline = ${name}-server`,
        `[app:${name}-server]`,
        `use = egg:swift#${app}`,
      ),
    );
    await daemon(folder, port, `swift-${name}-server`, `${name}.conf`);
  }
  const memcache = await closedPort();
  await daemon(
    folder,
    memcache,
    'memcached',
    '-u',
    userInfo().username,
    '-l',
    '127.0.0.1',
    '-p',
    String(memcache),
  );
  const port = await closedPort();
  const filters = [
    'catch_errors',
    'gatekeeper',
    'listing_formats',
    'cache',
    's3api',
    'tempauth',
    'slo',
    'dlo',
  ];
  const options: Readonly<Record<string, string>> = {
    cache: `use = egg:swift#memcache\nmemcache_servers = 127.0.0.1:${memcache}`,
    s3api: `use = egg:swift#s3api\nlocation = ${REGION}`,
    tempauth: 'use = egg:swift#tempauth\nuser_test_tester = testing .admin',
  };
  write(
    'proxy.conf',
    server(
      port,
      '[pipeline:main]',
      `pipeline = ${filters.join(' ')} proxy-server`,
      '[app:proxy-server]',
      'use = egg:swift#proxy',
      'account_autocreate = true',
      ...filters.flatMap((name) => [`[filter:${name}]`, options[name] ?? `use = egg:swift#${name}`]),
    ),
  );
  await daemon(folder, port, 'swift-proxy-server', 'proxy.conf');

  const at = (endpoint: string): S3Client =>
    new S3Client({
      region: REGION,
      endpoint,
      forcePathStyle: true,
      credentials: USER,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  const client = at(`http://127.0.0.1:${port}`);
  onTestFinished(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const object = (Key: string) => ({ Bucket: BUCKET, Key });
  return {
    port,
    putUrl: (origin, key) => getSignedUrl(at(origin), new PutObjectCommand(object(key)), { expiresIn: 3600 }),
    getUrl: (origin, key) => getSignedUrl(at(origin), new GetObjectCommand(object(key)), { expiresIn: 3600 }),
    read: async (key) => {
      const { Body } = await client.send(new GetObjectCommand(object(key)));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    store: async (key, body, encoding) => {
      await client.send(new PutObjectCommand({ ...object(key), Body: body, ContentEncoding: encoding }));
    },
  };
}

/** Where nginx listens, and what it passes requests to. */
export interface Site {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly to: string;
  /** TLS, with a certificate and its key. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Further lines of its `location`. */
  readonly lines?: readonly string[];
}

/** nginx as a reverse proxy that buffers, as it does by default, and compresses and caches where a site says so. */
export async function startNginx(sites: readonly Site[]): Promise<void> {
  const folder = tempDir('ebill-nginx-');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${name};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `user ${userInfo().username}; daemon off; pid nginx.pid; error_log error.log; worker_processes 1; events {}
http {
  access_log access.log;
  ${paths.join('\n  ')}
  client_max_body_size 100m;
  proxy_cache_path cache keys_zone=answers:1m;
  gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
${sites
  .map(
    ({ port, to, tls, lines = [] }) => `  server {
    listen 127.0.0.1:${port}${tls ? ' ssl' : ''};
    ${tls ? `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};` : ''}
    location / { proxy_pass ${to}; ${lines.join(' ')} }
  }`,
  )
  .join('\n')}
}
`,
  );
  await daemon(folder, sites[0]?.port ?? 0, 'nginx', '-p', folder, '-c', 'nginx.conf', '-e', 'error.log');
}

export interface Squid {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `METHOD URL` of the requests so far, as squid logged them. */
  requests(): readonly string[];
}

/** squid as Debian configures it, but for its port; `sslPort` stands for 443, the only port it tunnels to. */
export async function startSquid(sslPort: number): Promise<Squid> {
  const folder = tempDir('ebill-squid-');
  const port = await closedPort();
  const log = join(folder, 'access.log');
  writeFileSync(
    join(folder, 'squid.conf'),
    `acl SSL_ports port ${sslPort}
acl Safe_ports port 80 443 1025-65535
http_access deny !Safe_ports
http_access deny CONNECT !SSL_ports
http_access allow localhost
http_access deny all
http_port 127.0.0.1:${port}
pid_filename ${folder}/squid.pid
cache_log ${folder}/cache.log
access_log stdio:${log}
buffered_logs off
coredump_dir ${folder}
cache_effective_user ${userInfo().username === 'root' ? 'proxy' : userInfo().username}
shutdown_lifetime 0 seconds
refresh_pattern -i (/cgi-bin/|\\?) 0 0% 0
refresh_pattern . 0 20% 4320
`,
  );
  if (userInfo().username === 'root') execFileSync('chown', ['-R', 'proxy', folder]);
  await daemon(folder, port, 'squid', '-N', '-f', join(folder, 'squid.conf'));
  return {
    host: `127.0.0.1:${port}`,
    requests: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const fields = line.trim().split(/\s+/);
          return `${fields[5]} ${fields[6]}`;
        }),
  };
}
