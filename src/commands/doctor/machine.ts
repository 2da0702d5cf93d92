import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbillError, errnoOf } from '../../errors.ts';
import { surveyJournals } from '../../load/known.ts';
import { bytes, counted } from '../../output/format.ts';
import type { Context } from '../../system/context.ts';
import { type Check, ok, problem, warning } from './check.ts';

/** What `engines` in package.json asks for. */
const OLDEST_NODE = [20, 18, 1];
const LITTLE = 1e9;
const TOO_LITTLE = 1e8;

export function nodeVersion(version: string): Check {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  const older = OLDEST_NODE.map((least, i) => (parts[i] ?? 0) - least).find((apart) => apart !== 0) ?? 0;
  return older < 0
    ? problem('Node', `${version} is too old`, `Install Node ${OLDEST_NODE.join('.')} or newer.`, 'USAGE')
    : ok('Node', version);
}

/** Every journal that cannot be gone on with is named, each with its own way out. */
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

/** Room for results where one is, and for the journal. */
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
  const message = `${bytes(least.bytes)} in ${least.path}`;
  const hint = 'Free some space: a journal that cannot be written stops a load.';
  if (least.bytes < TOO_LITTLE) return problem(name, message, hint, 'USAGE');
  return least.bytes < LITTLE ? warning(name, message, hint) : ok(name, message);
}

/** The folder itself, or the nearest above it that is there. */
async function existing(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' && dirname(path) !== path ? existing(dirname(path)) : path;
  }
}
