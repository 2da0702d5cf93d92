import type { BatchView } from '../batch/types.ts';
import { nameOf } from './status.ts';
import type { Theme } from './theme.ts';

/** One batch on one line, children right under their parent. */
export interface BatchRow {
  readonly batch: BatchView;
  /** `├ ` or `└ ` with what stands before it; empty at the top. */
  readonly branch: string;
  /** Branch and name. */
  readonly name: string;
  /** Tells batches apart from one look to the next, with or without a job id. */
  readonly key: string;
}

export function batchRows(batches: readonly BatchView[], theme: Theme): BatchRow[] {
  const rows: BatchRow[] = [];
  const walk = (siblings: readonly BatchView[], stem: string, above: string): void => {
    siblings.forEach((batch, i) => {
      const last = i === siblings.length - 1;
      const branch = above === '' ? '' : `${stem}${last ? '└' : '├'} `;
      const key = `${above}/${batch.jobId ?? batch.id ?? `${batch.kind}.${i}`}`;
      rows.push({ batch, branch, name: branch + nameOf(batch, theme), key });
      walk(batch.children, above === '' ? '' : `${stem}${last ? ' ' : '│'} `, key);
    });
  };
  walk(batches, '', '');
  return rows;
}
