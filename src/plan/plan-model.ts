import type { Columns } from '../batch/columns.ts';
import { EbillError } from '../errors.ts';
import { oneLine, visible } from '../system/escaping.ts';

/** A month of billing data, as its plan file describes it. */
export interface Plan {
  readonly job: string;
  /** `null`: the load is already initialised. */
  readonly init: PlannedInit | null;
  readonly customers: readonly PlannedFile[];
  readonly invoices: readonly PlannedInvoice[];
  readonly columns: Columns;
  readonly accept: {
    /** How many failed records a step may have before the next step starts. */
    readonly failedRecords: number;
  };
}

/** The flags of `init`. By default everything open is carried forward and no balance is zeroed. */
export interface PlannedInit {
  readonly carryForwardInvoices: boolean;
  readonly carryForwardCreditMemos: boolean;
  readonly carryForwardDebitMemos: boolean;
  readonly zeroOutCustomerBalance: boolean;
}

export interface PlannedInvoice {
  readonly file: PlannedFile;
  readonly items: readonly PlannedFile[];
}

/** A file or pattern as written in the plan, with its place. */
export interface PlannedFile extends Place {
  readonly text: string;
}

/** A place in the text of a plan; line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One mistake in a plan. */
export interface Mistake extends Place {
  readonly message: string;
}

/** Mistakes listed in the error; the others are counted. */
const LISTED = 10;

/**
 * The error for a plan with mistakes: a line `plan.yaml:LINE:COLUMN: message` for each, in the order of the text.
 * @param name the plan's name as the user wrote it
 */
export function invalidPlan(name: string, mistakes: readonly Mistake[]): EbillError {
  const sorted = [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted
    .slice(0, LISTED)
    .map(({ line, column, message }) => visible(`${name}:${line}:${column}: ${oneLine(message)}`));
  const more = sorted.length > LISTED ? [`and ${sorted.length - LISTED} more`] : [];
  return new EbillError('INVALID_PLAN', [...lines, ...more].join('\n'), {
    hint: 'Nothing was sent. Correct the plan and run it again; ebill help plan describes every key.',
  });
}
