import { X509Certificate } from 'node:crypto';
import { access, chmod, constants, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Connection } from '../../api/connection.ts';
import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import { surveyJournals } from '../../load/loads.ts';
import { bytes, counted } from '../../output/format.ts';
import type { Context } from '../../system/context.ts';
import { quoted, type Terminal, visible } from '../../system/escaping.ts';
import { homeProblem, KEEP_HOME } from '../../system/home.ts';
import { type Check, daysLeft, ok, problem, warning } from './check.ts';

/** As in `engines` of package.json. */
const OLDEST_NODE = [20, 18, 1];
/** Free bytes below which there is a warning, and a problem. */
const WARN_FREE = 1e9;
const MIN_FREE = 1e8;

export function nodeVersion(version: string): Check {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  const difference = OLDEST_NODE.map((least, i) => (parts[i] ?? 0) - least).find((one) => one !== 0) ?? 0;
  return difference < 0
    ? problem('Node', `${version} is too old`, `Install Node ${OLDEST_NODE.join('.')} or newer.`, 'USAGE')
    : ok('Node', version);
}

/** Names every journal that cannot be read, with the remedy for each. */
export async function journals({ paths }: Context): Promise<Check> {
  const name = 'Journals';
  try {
    const { readable, errors } = await surveyJournals(paths.state);
    if (errors.length > 0) {
      const hints = new Set(errors.map(({ hint }) => hint));
      return problem(name, errors.map(({ message }) => message).join(' '), [...hints].join(' '), 'USAGE');
    }
    return ok(name, readable === 0 ? 'none yet' : `${counted(readable, 'load', 'loads')} in ${paths.state}`);
  } catch (error) {
    if (!(error instanceof EbillError)) throw error;
    return problem(name, error.message, error.hint, 'USAGE');
  }
}

/** In the current folder, for results, and in the folder of journals. */
export async function space({ cwd, paths }: Context): Promise<Check> {
  const name = 'Free space';
  const free: { readonly path: string; readonly bytes: number }[] = [];
  for (const path of [cwd, await existing(paths.state)]) {
    const found = await statfs(path).catch(() => null);
    if (found !== null) free.push({ path, bytes: found.bavail * found.bsize });
  }
  const least = free.reduce(
    (a, b) => (b.bytes < a.bytes ? b : a),
    free[0] ?? { path: cwd, bytes: Number.POSITIVE_INFINITY },
  );
  const message = `${bytes(least.bytes)} free in ${least.path}`;
  const hint = 'Free some space: a load stops when its journal cannot be written.';
  if (least.bytes < MIN_FREE) return problem(name, message, hint, 'USAGE');
  return least.bytes < WARN_FREE ? warning(name, message, hint) : ok(name, message);
}

/** The folder, or its nearest parent that exists. */
async function existing(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' && dirname(path) !== path ? existing(dirname(path)) : path;
  }
}

const PERMISSIONS = 'Permissions';

interface Exposed {
  readonly path: string;
  /** The widest mode allowed. */
  readonly mode: number;
}

/**
 * The folders and files of ebill must be accessible only to their owner.
 * @param agree asked before permissions are changed; without a yes they are only reported
 */
export async function permissions(
  context: Context,
  agree: (paths: readonly string[]) => Promise<boolean>,
): Promise<Check> {
  if (context.platform === 'win32') return ok(PERMISSIONS, 'managed by Windows');
  const exposed = await exposedPaths(context);
  const paths = exposed.map(({ path }) => path);
  if (exposed.length === 0 || !(await agree(paths))) return permissionsCheck(context, exposed);
  try {
    for (const { path, mode } of exposed) await chmod(path, mode);
  } catch (error) {
    return problem(PERMISSIONS, `cannot be changed: ${messageOf(error)}`, remedy(exposed, context), 'USAGE');
  }
  const check = await permissionsCheck(context, await exposedPaths(context));
  return check.state === 'ok'
    ? ok(PERMISSIONS, `other users no longer have access to ${paths.join(', ')}`)
    : check;
}

async function permissionsCheck(context: Context, exposed: readonly Exposed[]): Promise<Check> {
  const unsafe = await homeProblem(context);
  if (unsafe !== null) return problem(PERMISSIONS, unsafe.message, unsafe.hint, 'USAGE');
  const { state } = context.paths;
  for (const path of new Set([await existing(state), await existing(join(state, 'loads'))])) {
    const error = await access(path, constants.W_OK).then(
      () => null,
      (cause: unknown) => cause,
    );
    if (error !== null)
      return problem(
        PERMISSIONS,
        `${path} cannot be written: ${messageOf(error)}`,
        `Make it writable: nothing is sent without a journal. ${KEEP_HOME}`,
        'USAGE',
      );
  }
  if (exposed.length === 0) return ok(PERMISSIONS, 'only you have access to folders and secrets');
  const paths = exposed.map(({ path }) => path).join(', ');
  return warning(
    PERMISSIONS,
    `other users of this machine have access to ${paths}`,
    remedy(exposed, context),
  );
}

const remedy = (exposed: readonly Exposed[], terminal: Terminal): string =>
  exposed.map(({ path, mode }) => `chmod ${mode.toString(8)} ${quoted(path, terminal)}`).join(' && ');

/** Only paths of this user: permissions of others' files are not ours to change. */
async function exposedPaths({ paths, uid }: Context): Promise<readonly Exposed[]> {
  const modes = new Map([
    [paths.config, 0o700],
    [paths.state, 0o700],
    [join(paths.config, 'secrets.json'), 0o600],
    [join(paths.config, 'profiles.json'), 0o600],
    [join(paths.state, 'loads'), 0o700],
    [join(paths.state, 'log'), 0o700],
    [join(paths.state, 'log', 'errors.log'), 0o600],
  ]);
  const exposed: Exposed[] = [];
  for (const [path, mode] of modes) {
    const found = await stat(path).catch(() => null);
    if (found !== null && (uid === null || found.uid === uid) && (found.mode & 0o777 & ~mode) !== 0)
      exposed.push({ path, mode });
  }
  return exposed;
}

const CLIENT_CERTIFICATE = 'Client certificate';
const RENEW = 'Renew it, then: ebill profile set NAME --client-cert FILE --client-key FILE';

/**
 * The subject of the client certificate and how long it is valid. `null` without one, or when it cannot be read, which
 * the connection reports.
 * @param now ms since 1970
 */
export async function clientCertificate({ clientCert }: Connection, now: number): Promise<Check | null> {
  if (clientCert === null) return null;
  const certificate = await readFile(clientCert)
    .then((pem) => new X509Certificate(pem))
    .catch(() => null);
  return certificate === null ? null : clientCertificateCheck(certificate, now);
}

function clientCertificateCheck({ subject, validFrom, validTo }: X509Certificate, now: number): Check {
  const who = visible(subject.replaceAll('\n', ', '));
  if (Date.parse(validFrom) > now)
    return problem(
      CLIENT_CERTIFICATE,
      `${who}: not valid before ${validFrom}`,
      "Set this machine's clock.",
      'USAGE',
    );
  const { days, soon } = daysLeft(Date.parse(validTo), now);
  if (days < 0) return problem(CLIENT_CERTIFICATE, `${who}: expired on ${validTo}`, RENEW, 'USAGE');
  const message = `${who}, ${counted(days, 'day', 'days')} left`;
  return soon ? warning(CLIENT_CERTIFICATE, message, RENEW) : ok(CLIENT_CERTIFICATE, message);
}
