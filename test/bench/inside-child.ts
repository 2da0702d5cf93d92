import type { Functions } from './inside.ts';

// One measurement: node inside-child.mjs PART CANDIDATE FILES. Prints the time of the work alone and its answer.

const FUNCTIONS: Readonly<
  Record<string, () => Promise<{ readonly functions: Pick<Functions<never>, 'candidates'> }>>
> = {
  journal: () => import('./parts/journal.ts'),
  preflight: () => import('./parts/preflight.ts'),
};

const [, , part = '', name = '', files = ''] = process.argv;
const { functions } = (await FUNCTIONS[part]?.()) ?? {};
const work = await functions?.candidates[name]?.load?.();
if (work === undefined) throw new Error(`there is no ${name} in ${part}`);
const input = JSON.parse(files) as never;
const start = performance.now();
const says = await work(input);
const ms = performance.now() - start;
process.stdout.write(JSON.stringify({ ms, says: String(says) }));
