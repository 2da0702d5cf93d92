import type { ParentRef } from '../../api/request.ts';
import type { FileKind } from '../../batch/types.ts';
import type { FileToCheck } from '../../files/file-report.ts';
import type { SourceFile } from '../../load/entries.ts';
import { type Assignment, assign } from '../../load/plan.ts';
import type { LoadState } from '../../load/state.ts';
import type { Sources } from './file-checks.ts';
import type { Shard, UploadOptions } from './upload-options.ts';

/** What one upload command is to do, checked and ready. */
export interface Upload {
  readonly sources: Sources;
  readonly options: UploadOptions;
  /** For `upload items`: the invoice batch named, both `null` when it is to be found. */
  readonly named: ParentRef | null;
  /** Under `--shard`: each item file's number in the whole list, by path. */
  readonly numbers: ReadonlyMap<string, number> | undefined;
}

/** This machine's part of the list; every machine numbers the whole list alike (cli.md, `--shard`). */
export function sharded(
  files: readonly FileToCheck[],
  shard: Shard | null,
): { readonly files: readonly FileToCheck[]; readonly numbers: ReadonlyMap<string, number> | undefined } {
  if (shard === null) return { files, numbers: undefined };
  const numbers = new Map(files.map(({ path }, index) => [path, index + 1]));
  return { files: files.filter((_file, index) => index % shard.n === shard.k - 1), numbers };
}

/** Planned whole before the first request: a conflict in the last file must not leave the first ones half done. */
export function planUpload(
  state: LoadState,
  { sources, options, named, numbers }: Upload,
): Readonly<Record<'heads' | 'items', readonly Assignment[]>> {
  const heads = [
    ...planFiles(state, 'customer', sources.customer, options, { jobId: options.jobId }),
    ...planFiles(state, 'invoice', sources.invoice, options, { jobId: options.jobId }),
  ];
  const items = planFiles(state, 'items', sources.items, options, {
    jobId: named === null ? null : options.jobId,
    numbers,
  });
  return { heads, items };
}

/** Which batches the files go into. @throws EbillError CONFLICT */
function planFiles(
  state: LoadState,
  kind: FileKind,
  files: readonly SourceFile[],
  options: UploadOptions,
  exact: { readonly jobId?: string | null; readonly numbers?: ReadonlyMap<string, number> | undefined },
): readonly Assignment[] {
  const { again, next } = options;
  const numbers = exact.numbers === undefined ? {} : { numbers: exact.numbers };
  return assign(state, kind, files, { jobId: exact.jobId ?? null, again, next, ...numbers });
}
