import { isWithin, percentChange } from './decimals.ts';
import type { FileKind } from './types.ts';

// A month compared with another one. Pure; what is unknown is `null`.

export const FILE_KINDS: readonly FileKind[] = ['customer', 'invoice', 'items'];

/** What was sent of one kind, each record once. */
export interface KindTotals {
  readonly kind: FileKind;
  readonly records: number | null;
  /** A decimal. `null` for customers, and where a file's is unknown. */
  readonly amount: string | null;
}

export interface Totals {
  /** The kinds there are, in the order of `FILE_KINDS`. */
  readonly kinds: readonly KindTotals[];
  /** Customers with an invoice, each once. */
  readonly customersBilled: number | null;
}

/** The month that another one is compared with. */
export interface Baseline extends Totals {
  readonly job: string;
  /** When its last batch was final, ISO 8601; `null`: it is still open. */
  readonly closedAt: string | null;
}

/** One kind in both months. Changes are percent of the last figure, to a tenth. */
export interface ComparedKind extends KindTotals {
  readonly lastRecords: number | null;
  readonly recordsChange: number | null;
  readonly lastAmount: string | null;
  readonly amountChange: number | null;
}

/** The `comparison` of `--json`. */
export interface Comparison {
  /** The load compared with; `null`: there is none yet. */
  readonly against: string | null;
  readonly closedAt: string | null;
  readonly kinds: readonly ComparedKind[];
  readonly customersBilled: number | null;
  readonly lastCustomersBilled: number | null;
  readonly customersBilledChange: number | null;
}

const change = (now: number | string | null, last: number | string | null): number | null =>
  now === null || last === null ? null : percentChange(String(now), String(last));

/** @param last `null`: there is none. Of a kind that a month has not, it has 0 records. */
export function compareTotals(now: Totals, last: Baseline | null): Comparison {
  const of = ({ kinds }: Totals, kind: FileKind): KindTotals =>
    kinds.find((one) => one.kind === kind) ?? { kind, records: 0, amount: kind === 'customer' ? null : '0' };
  const has = (kind: FileKind): boolean =>
    [now, last].some((totals) => totals?.kinds.some((one) => one.kind === kind));
  const lastBilled = last?.customersBilled ?? null;
  return {
    against: last?.job ?? null,
    closedAt: last?.closedAt ?? null,
    kinds: FILE_KINDS.filter(has).map((kind): ComparedKind => {
      const [own, before] = [of(now, kind), last === null ? null : of(last, kind)];
      return {
        ...own,
        lastRecords: before?.records ?? null,
        recordsChange: change(own.records, before?.records ?? null),
        lastAmount: before?.amount ?? null,
        amountChange: change(own.amount, before?.amount ?? null),
      };
    }),
    customersBilled: now.customersBilled,
    lastCustomersBilled: lastBilled,
    customersBilledChange: change(now.customersBilled, lastBilled),
  };
}

/** How much each figure may differ from the last month (`LIMIT` in `decimals.ts`). */
export type Limits = Readonly<
  Partial<Record<FileKind, { readonly records?: string; readonly amount?: string }>>
>;

/** A figure that is not within its limit, or cannot be compared. */
export interface Breach {
  readonly kind: FileKind;
  readonly figure: 'records' | 'amount';
  readonly limit: string;
  readonly now: string | null;
  readonly last: string | null;
  readonly change: number | null;
}

/** What is not as expected. An unknown figure is not as expected: only evidence counts (commands rule 6). */
export function breachesOf({ against, kinds }: Comparison, limits: Limits): readonly Breach[] {
  if (against === null) return [];
  return FILE_KINDS.flatMap((kind) =>
    (['records', 'amount'] as const).flatMap((figure): Breach[] => {
      const limit = limits[kind]?.[figure];
      if (limit === undefined) return [];
      const one = kinds.find((other) => other.kind === kind);
      const isRecords = figure === 'records';
      const text = (value: number | string | null | undefined): string | null =>
        value === undefined ? '0' : value === null ? null : String(value);
      const now = text(isRecords ? one?.records : one?.amount);
      const last = text(isRecords ? one?.lastRecords : one?.lastAmount);
      if (now !== null && last !== null && isWithin(now, last, limit)) return [];
      return [{ kind, figure, limit, now, last, change: change(now, last) }];
    }),
  );
}
