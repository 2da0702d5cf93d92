import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from './context.ts';

/** Can certificates be made here? */
export const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Names of what `authorities` makes: `NAME.crt` and `NAME.key` in its folder. */
const SERVERS = {
  server: { by: 'ca', ext: 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:ebill.test,DNS:s3.test' },
  elsewhere: { by: 'ca', ext: 'subjectAltName=DNS:elsewhere.test' },
  over: { by: 'ca', ext: 'subjectAltName=IP:127.0.0.1', from: '20200101000000Z', to: '20210101000000Z' },
  early: { by: 'ca', ext: 'subjectAltName=IP:127.0.0.1', from: '20990101000000Z', to: '20991231000000Z' },
  stranger: { by: 'other-ca', ext: 'subjectAltName=IP:127.0.0.1' },
  'not-for-servers': { by: 'ca', ext: 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=clientAuth' },
  client: { by: 'ca', ext: 'extendedKeyUsage=clientAuth' },
  'client-over': {
    by: 'ca',
    ext: 'extendedKeyUsage=clientAuth',
    from: '20200101000000Z',
    to: '20210101000000Z',
  },
  'client-soon': { by: 'ca', ext: 'extendedKeyUsage=clientAuth', days: '5' },
  'client-stranger': { by: 'other-ca', ext: 'extendedKeyUsage=clientAuth' },
} as const;

const CONFIG = `[ca]
default_ca = own
[own]
database = db.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
export const PASSPHRASE = 'open-sesame-4711';

/**
 * Two authorities and what they signed, real and made in this run: nothing in the repository runs out.
 * @returns paths by name (`server.crt`); `locked.key` is the client's, under PASSPHRASE; `self` signed itself
 */
export function authorities(): (name: string) => string {
  const folder = tempDir('ebill-tls-');
  const run = process.env['EBILL_TEST_RUN'];
  const made = run === undefined ? folder : join(run, 'authorities');
  // Another worker may make them at the same time: a folder under that name is complete.
  if (run === undefined) makeAuthorities(made);
  else if (!existsSync(made)) {
    const own = tempDir('ebill-tls-');
    makeAuthorities(own);
    try {
      renameSync(own, made);
    } catch (error) {
      if (!existsSync(made)) throw error;
    }
  }
  if (made !== folder) cpSync(made, folder, { recursive: true });
  return (name) => join(folder, name);
}

function makeAuthorities(folder: string): void {
  const pem = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  writeFileSync(pem('ca.cnf'), CONFIG);
  writeFileSync(pem('db.txt'), '');
  writeFileSync(pem('serial.txt'), '1000');
  for (const ca of ['ca', 'other-ca', 'self']) {
    const names = ['-subj', `/CN=${ca}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl('req', '-x509', ...KEY, '-keyout', `${ca}.key`, '-out', `${ca}.crt`, '-days', '40', ...names);
  }
  for (const [name, given] of Object.entries(SERVERS)) {
    const {
      by,
      ext,
      from,
      to,
      days = '40',
    }: { by: string; ext: string; from?: string; to?: string; days?: string } = given;
    writeFileSync(pem('ext'), ext);
    openssl('req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const life =
      from === undefined || to === undefined ? ['-days', days] : ['-startdate', from, '-enddate', to];
    openssl(
      ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', `${by}.crt`, '-keyfile', `${by}.key`],
      ...['-in', `${name}.csr`, '-out', `${name}.crt`, '-extfile', 'ext', ...life],
    );
  }
  openssl('ec', '-aes256', '-passout', `pass:${PASSPHRASE}`, '-in', 'client.key', '-out', 'locked.key');
}

/** Key and certificate for a server of Node's. */
export const keysOf = (pem: (name: string) => string, name: string) => ({
  key: readFileSync(pem(`${name}.key`)),
  cert: readFileSync(pem(`${name}.crt`)),
});

/**
 * OpenSSL's own server, which sends the alerts of a handshake it does not like where Node's hangs up. It answers any GET.
 * @returns its port
 */
export function opensslServer(pem: (name: string) => string, args: readonly string[]): Promise<number> {
  const keys = ['-cert', pem('server.crt'), '-key', pem('server.key'), '-CAfile', pem('ca.crt')];
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-www', ...keys, ...args]);
  onTestFinished(() => void server.kill());
  return new Promise((resolve, reject) => {
    let said = '';
    server.on('exit', () => reject(new Error(`openssl s_server: ${said}`)));
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (part: Buffer) => {
        said += part.toString();
        const port = /ACCEPT .*:(\d+)/.exec(said)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
  });
}
