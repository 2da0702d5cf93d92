import { readdirSync, readFileSync } from 'node:fs';
import type { Target } from './target.ts';

/** By name. Each is imported by the process that runs it only, so that the others add nothing to its coverage. */
const TARGETS: Readonly<Record<string, () => Promise<{ readonly target: Target }>>> = {
  xml: () => import('./targets/xml.ts'),
  result: () => import('./targets/result.ts'),
  scanner: () => import('./targets/scanner.ts'),
  plan: () => import('./targets/plan.ts'),
  journal: () => import('./targets/journal.ts'),
  profile: () => import('./targets/profile.ts'),
  visible: () => import('./targets/visible.ts'),
  url: () => import('./targets/url.ts'),
};
export const TARGET_NAMES = Object.keys(TARGETS);

/** @returns the target and the inputs to begin with: its seeds and those that once broke a promise */
export async function openTarget(name: string): Promise<{ target: Target; corpus: Buffer[] }> {
  const load = TARGETS[name];
  if (load === undefined) throw new Error(`${name} is none of ${TARGET_NAMES.join(', ')}`);
  const { target } = await load();
  return { target, corpus: [...target.seeds.map((text) => Buffer.from(text)), ...regressions(name)] };
}

/** Where inputs that broke a promise are kept. */
export const regressionFolder = (name: string): URL => new URL(`regression/${name}/`, import.meta.url);

function regressions(name: string): Buffer[] {
  const folder = regressionFolder(name);
  try {
    return readdirSync(folder).map((file) => readFileSync(new URL(file, folder)));
  } catch {
    return [];
  }
}
