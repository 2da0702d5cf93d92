import { accountOf } from '../batch/account.ts';
import { flatten } from '../batch/tree.ts';
import type { BatchView } from '../batch/types.ts';

/** May the next step of a plan start? Numbers are records. */
export type Gate =
  | { readonly go: true; readonly failed: number }
  | { readonly go: false; readonly why: 'failed' | 'unaccounted' | 'unknown' }
  | { readonly go: false; readonly why: 'too-many'; readonly failed: number };

/**
 * The gate after a step whose batches are final (cli.md, "Plan file", `accept`): as many failed records as the plan
 * accepts. A batch that failed, records that are unaccounted for and counts nobody gave stop it in any case: what they
 * would mean for the bills that follow is not known. Pure.
 */
export function gateAfter(batches: readonly BatchView[], accepted: number): Gate {
  const all = flatten(batches).filter(({ phase, kind }) => phase !== 'not-run' && kind !== 'init');
  if (all.some(({ phase }) => phase === 'failed')) return { go: false, why: 'failed' };
  const states = all.map((batch) => accountOf(batch).state);
  if (states.includes('mismatch')) return { go: false, why: 'unaccounted' };
  if (states.includes('unknown')) return { go: false, why: 'unknown' };
  const failed = all.reduce((sum, { failCount }) => sum + (failCount ?? 0), 0);
  return failed > accepted ? { go: false, why: 'too-many', failed } : { go: true, failed };
}
