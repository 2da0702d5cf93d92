import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { Context } from '../../system/context.ts';
import { homeProblem } from '../../system/home.ts';
import { quoted, type Terminal } from '../../system/quoting.ts';
import { type Check, ok, problem, warning } from './check.ts';

const NAME = 'Permissions';

interface Wide {
  readonly path: string;
  /** What it should be at most. */
  readonly mode: number;
}

/**
 * Folders for their owner alone, secrets all the more (help security).
 * @param agree is asked before anything is closed to others; without its yes they are only named
 */
export async function permissions(
  context: Context,
  agree: (paths: readonly string[]) => Promise<boolean>,
): Promise<Check> {
  if (context.platform === 'win32') return ok(NAME, 'left to Windows');
  const wide = await wideOnes(context);
  const paths = wide.map(({ path }) => path);
  if (wide.length === 0 || !(await agree(paths))) return judged(context, wide);
  try {
    for (const { path, mode } of wide) await chmod(path, mode);
  } catch (error) {
    return problem(NAME, `cannot be mended: ${messageOf(error)}`, remedy(wide, context), 'USAGE');
  }
  const check = await judged(context, await wideOnes(context));
  return check.state === 'ok' ? ok(NAME, `closed to others: ${paths.join(', ')}`) : check;
}

async function judged(context: Context, wide: readonly Wide[]): Promise<Check> {
  const unsafe = await homeProblem(context);
  if (unsafe !== null) return problem(NAME, unsafe.message, unsafe.hint, 'USAGE');
  if (wide.length === 0) return ok(NAME, 'folders and secrets are yours alone');
  const paths = wide.map(({ path }) => path).join(', ');
  return warning(NAME, `others on this machine may look into ${paths}`, remedy(wide, context));
}

const remedy = (wide: readonly Wide[], terminal: Terminal): string =>
  wide.map(({ path, mode }) => `chmod ${mode.toString(8)} ${quoted(path, terminal)}`).join(' && ');

/** Of ours alone: what belongs to others is not for us to change. */
async function wideOnes({ paths, uid }: Context): Promise<readonly Wide[]> {
  const wanted = new Map([
    [paths.config, 0o700],
    [paths.state, 0o700],
    [join(paths.config, 'secrets.json'), 0o600],
    [join(paths.config, 'profiles.json'), 0o600],
    [join(paths.state, 'loads'), 0o700],
    [join(paths.state, 'log'), 0o700],
    [join(paths.state, 'log', 'errors.log'), 0o600],
  ]);
  const wide: Wide[] = [];
  for (const [path, mode] of wanted) {
    const found = await stat(path).catch(() => null);
    if (found !== null && (uid === null || found.uid === uid) && (found.mode & 0o777 & ~mode) !== 0)
      wide.push({ path, mode });
  }
  return wide;
}
