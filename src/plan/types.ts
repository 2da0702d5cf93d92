import type { Columns } from '../batch/columns.ts';

/** A place in the plan's text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A file or pattern as it is written in the plan, and where. */
export interface Given extends Place {
  readonly text: string;
}

/** What `init` asks for; all that is open is carried forward unless the plan says otherwise (cli.md, "Plan file"). */
export interface PlannedInit {
  readonly carryForwardInvoices: boolean;
  readonly carryForwardCreditMemos: boolean;
  readonly carryForwardDebitMemos: boolean;
  readonly zeroOutCustomerBalance: boolean;
}

export interface PlannedInvoice {
  readonly file: Given;
  readonly items: readonly Given[];
}

/** A month as its plan file tells it. */
export interface Plan {
  readonly job: string;
  /** `null`: the load is initialised already. */
  readonly init: PlannedInit | null;
  readonly customers: readonly Given[];
  readonly invoices: readonly PlannedInvoice[];
  readonly columns: Columns;
  readonly accept: {
    /** Failed records a step may have before the next one starts. */
    readonly failedRecords: number;
  };
}

/** One mistake in a plan. */
export interface Mistake extends Place {
  readonly message: string;
}
