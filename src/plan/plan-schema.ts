import { type Columns, ROLES } from '../batch/columns.ts';
import type { Limits } from '../batch/comparison.ts';
import { LIMIT } from '../batch/decimals.ts';
import { WARNING_CODES, type WarningCode } from '../batch/finding-codes.ts';
import type { RecordStatusMap } from '../batch/record-status.ts';
import type { FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { oneLine, visible } from '../system/escaping.ts';

/** Not blank and no control characters: the rule for files (commands rule 14) and column names. */
const TEXT = '^(?=.*\\S)[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$';
/** The same rule as `jobIdProblem`. */
const JOB = '^(?=.*\\S)[^\\p{Cc}\\p{Cs}\\p{Co}\\p{Cn}]*$';
/** Limit in characters; no system has longer paths. */
const MAX_PATH = 4000;

const file = (title: string, description: string, example: string) => ({
  type: 'string',
  pattern: TEXT,
  maxLength: MAX_PATH,
  title,
  description,
  examples: [example],
});

const files = (title: string, description: string, example: string) => ({
  type: 'array',
  title,
  description,
  items: file('File or pattern', 'A file, or a pattern such as itm_*.csv, relative to the plan.', example),
  examples: [[example]],
});

const flag = (title: string, description: string, byDefault: boolean) => ({
  type: 'boolean',
  title,
  description,
  default: byDefault,
  examples: [byDefault],
});

const COLUMN: Readonly<Record<string, readonly [description: string, example: string]>> = {
  'customer.key': ["The column with the customer's number; it must be unique.", 'Account Number'],
  'invoice.key': ["The column with the invoice's number; it must be unique.", 'Invoice Number'],
  'invoice.customer': ["The column with the number of the invoice's customer.", 'Account Number'],
  'invoice.amount': ["The column with the invoice's amount.", 'Amount'],
  'items.invoice': ["The column with the number of the item's invoice.", 'Invoice Number'],
  'items.amount': ["The column with the item's amount.", 'Amount'],
};

const columnsOf = (kind: FileKind, noun: string) => ({
  type: 'object',
  additionalProperties: false,
  title: `Columns of the ${noun} files`,
  description: `Columns of the ${noun} files, by their names in the header.`,
  properties: Object.fromEntries(
    ROLES[kind].map((role) => {
      const [description = '', example = ''] = COLUMN[`${kind}.${role}`] ?? [];
      const title = `Column: ${kind} ${role}`;
      return [role, { type: 'string', pattern: `^$|${TEXT}`, title, description, examples: [example] }];
    }),
  ),
  examples: [Object.fromEntries(ROLES[kind].map((role) => [role, COLUMN[`${kind}.${role}`]?.[1]]))],
});

const limitsOf = (noun: string, figures: readonly ('records' | 'amount')[]) => ({
  type: 'object',
  additionalProperties: false,
  title: `Limits of the ${noun} files`,
  description: `How much the ${noun} files may differ.`,
  properties: Object.fromEntries(
    figures.map((figure) => [
      figure,
      {
        type: 'string',
        pattern: LIMIT.source,
        title: figure === 'records' ? 'Change in records' : 'Change in the amount',
        description: `How much the ${figure === 'records' ? 'number of records' : 'sum of the amounts'} may differ, such as 10%.`,
        examples: ['10%'],
      },
    ]),
  ),
  examples: [{ records: '10%' }],
});

const INVOICE = { file: 'inv_1.csv', items: ['itm_1_*.csv'] };

/**
 * The JSON Schema of a plan file, used by editors and by this program (commands rule 30). What a schema cannot express
 * (that there is something to do, that files exist) is checked afterwards.
 */
export const PLAN_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A month of billing data, for ebill run',
  description:
    'Order of the run: check everything, init, customers, invoices with their items, results, report.',
  type: 'object',
  additionalProperties: false,
  required: ['job'],
  properties: {
    job: {
      type: ['string', 'number'],
      pattern: JOB,
      maxLength: 200,
      title: 'The name of the load',
      description: "The load's name, such as AUG_2020. An unquoted number keeps its spelling.",
      examples: ['AUG_2020'],
    },
    init: {
      type: 'object',
      additionalProperties: false,
      title: 'Start of the load',
      description:
        'Starts the load: carries open invoices and memos forward. It cannot be undone. Leave init out if the load is already initialised; write {} for the defaults.',
      properties: {
        carryForwardInvoices: flag('Invoices', 'Carry all open invoices forward.', true),
        carryForwardCreditMemos: flag('Credit memos', 'Carry all open credit memos forward.', true),
        carryForwardDebitMemos: flag('Debit memos', 'Carry all open debit memos forward.', true),
        zeroOutCustomerBalance: flag(
          'Zero every balance',
          "Set every customer's balance to zero. Asks first on a terminal; needs --yes without one.",
          false,
        ),
      },
      examples: [{}],
    },
    customers: files('Customer files', 'Customer files, one batch each.', 'cus_*.csv'),
    invoices: {
      type: 'array',
      title: 'Invoice files',
      description: 'Invoice files, one batch each, with the item files under them.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['file'],
        title: 'An invoice file and its item files',
        description: 'An invoice file and its item files.',
        properties: {
          file: file('Invoice file', 'One invoice file, relative to the plan.', INVOICE.file),
          items: files('Item files', 'Its item files.', 'itm_1_*.csv'),
        },
        examples: [INVOICE],
      },
      examples: [[INVOICE]],
    },
    columns: {
      type: 'object',
      additionalProperties: false,
      title: 'Columns for the checks across files',
      description:
        'Turns on the checks across files: unique keys, a customer for every invoice, an invoice for every item, amounts that add up. Each check runs when its columns are named. An empty name ("") says that no column has the role.',
      properties: {
        customer: columnsOf('customer', 'customer'),
        invoice: columnsOf('invoice', 'invoice'),
        items: columnsOf('items', 'item'),
      },
      examples: [{ invoice: { key: 'Invoice Number' } }],
    },
    accept: {
      type: 'object',
      additionalProperties: false,
      title: 'Accepted failures',
      description: 'The limits a step must keep before the next step starts.',
      properties: {
        failedRecords: {
          type: 'integer',
          minimum: 0,
          default: 0,
          title: 'Failed records',
          description: 'How many failed records a step may have before the next step starts.',
          examples: [0],
        },
      },
      examples: [{ failedRecords: 0 }],
    },
    expect: {
      type: 'object',
      additionalProperties: false,
      title: 'Expected change',
      description:
        'How much the month may differ from an earlier one, checked before anything is sent (2). Each limit is a percentage: 10% either way, +10% only more, -10% only less. Records and amounts are those of the files as sent. An unknown figure counts as a deviation. Without an earlier load nothing is checked.',
      properties: {
        against: {
          type: ['string', 'number'],
          pattern: JOB,
          maxLength: 200,
          default: 'last',
          title: 'The earlier load',
          description: 'The load to compare with: its name, or last for the one closed last on this server.',
          examples: ['JUL_2020'],
        },
        customers: limitsOf('customer', ['records']),
        invoices: limitsOf('invoice', ['records', 'amount']),
        items: limitsOf('item', ['records', 'amount']),
      },
      examples: [{ against: 'last', invoices: { records: '5%', amount: '10%' } }],
    },
    strict: {
      type: 'boolean',
      title: 'Strict checks',
      description:
        'Whether warnings about the files stop the run before anything is sent. Left out: only for a production profile.',
      examples: [true],
    },
    allowWarnings: {
      type: 'array',
      items: {
        type: 'string',
        enum: WARNING_CODES,
        title: 'Warning',
        description: 'The code of a warning.',
        examples: ['leading-zeros'],
      },
      title: 'Allowed warnings',
      description: 'Codes of warnings that do not stop a strict run, such as leading-zeros.',
      examples: [['leading-zeros']],
    },
    recordStatus: {
      type: 'object',
      additionalProperties: { type: 'string', enum: ['loaded', 'rejected'] },
      title: 'Status values in result files',
      description: 'What values in the status column of a result file mean, if they are not common words.',
      examples: [{ 'Success with warnings': 'loaded' }],
    },
  },
} as const;

/** The schema as JSON text: `ebill run --plan-schema`. */
export const planSchemaText = (): string => `${JSON.stringify(PLAN_SCHEMA, null, 2)}\n`;

/** A month of billing data, as its plan file describes it. */
export interface Plan {
  readonly job: string;
  /** `null`: the load is already initialised. */
  readonly init: PlannedInit | null;
  readonly customers: readonly PlannedFile[];
  readonly invoices: readonly PlannedInvoice[];
  readonly columns: Columns;
  /** What values in the status column of a result file mean (api rule 23). */
  readonly recordStatus: RecordStatusMap;
  readonly expect: Expectations;
  /** Whether warnings stop the run; `null`: as the profile says. */
  readonly strict: boolean | null;
  readonly allowWarnings: readonly WarningCode[];
  readonly accept: {
    /** How many failed records a step may have before the next step starts. */
    readonly failedRecords: number;
  };
}

/** How much the month may differ from an earlier one. */
export interface Expectations {
  /** The name of a load, or `last`. */
  readonly against: string;
  readonly limits: Limits;
}

/** The flags of `init`. By default everything open is carried forward and no balance is zeroed. */
export interface PlannedInit {
  readonly carryForwardInvoices: boolean;
  readonly carryForwardCreditMemos: boolean;
  readonly carryForwardDebitMemos: boolean;
  readonly zeroOutCustomerBalance: boolean;
}

interface PlannedInvoice {
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
