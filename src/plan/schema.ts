import { ROLES } from '../batch/columns.ts';

const file = (description: string, example: string) => ({
  type: 'string',
  minLength: 1,
  description,
  examples: [example],
});

const files = (description: string, examples: readonly string[]) => ({
  type: 'array',
  description,
  items: file('A file, or a pattern such as cus_*.csv; relative to the plan.', examples[0] ?? ''),
  examples: [examples],
});

const flag = (description: string, byDefault: boolean) => ({
  type: 'boolean',
  description,
  default: byDefault,
});

const MEANING: Readonly<Record<string, string>> = {
  key: 'The column that tells the records apart; its values must be unique.',
  customer: "The column that holds an invoice's customer.",
  amount: 'The column that holds the amount.',
  invoice: "The column that holds an item's invoice.",
};

const columnsOf = (kind: keyof typeof ROLES) => ({
  type: 'object',
  additionalProperties: false,
  description: `Columns of the ${kind === 'items' ? 'item' : kind} files.`,
  properties: Object.fromEntries(
    ROLES[kind].map((role) => [
      role,
      { type: 'string', minLength: 1, description: MEANING[role], examples: ['Invoice Number'] },
    ]),
  ),
  examples: [{ key: 'Invoice Number' }],
});

/**
 * A plan file, for editors and for this program alike (cli.md, "Plan file"). What a schema cannot say (names of loads,
 * files that exist) is checked after it.
 */
export const PLAN_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A month of billing data, for ebill run',
  description: 'Order: check everything, init, customers, invoices with their items, results, report.',
  type: 'object',
  additionalProperties: false,
  required: ['job'],
  properties: {
    job: {
      type: ['string', 'number'],
      minLength: 1,
      description: "The load's name, such as AUG_2020. A plain number is taken as it is spelled.",
      examples: ['AUG_2020'],
    },
    init: {
      type: 'object',
      additionalProperties: false,
      description:
        'Starts the load: carries open invoices and memos forward. It cannot be undone. Left out: the load is initialised already. With nothing to change: {}.',
      properties: {
        carryForwardInvoices: flag('Carry all open invoices forward.', true),
        carryForwardCreditMemos: flag('Carry all credit memos forward.', true),
        carryForwardDebitMemos: flag('Carry all debit memos forward.', true),
        zeroOutCustomerBalance: flag(
          "Set every customer's balance to zero. Asks first on a terminal; needs --yes without one.",
          false,
        ),
      },
      examples: [{ carryForwardDebitMemos: false }],
    },
    customers: files('Customer files, one batch each.', ['cus_*.csv']),
    invoices: {
      type: 'array',
      description: 'Invoice files, one batch each, with the item files under them.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['file'],
        properties: {
          file: file('One invoice file; relative to the plan.', 'inv_1.csv'),
          items: files('Its item files.', ['itm_1_*.csv']),
        },
        description: 'An invoice file and its item files.',
        examples: [{ file: 'inv_1.csv', items: ['itm_1_*.csv'] }],
      },
      examples: [[{ file: 'inv_1.csv', items: ['itm_1_*.csv'] }]],
    },
    columns: {
      type: 'object',
      additionalProperties: false,
      description:
        'Turns on the checks across files, by column name: unique keys, every invoice with a customer, every item with an invoice, amounts that add up. Each check runs when its columns are named.',
      properties: {
        customer: columnsOf('customer'),
        invoice: columnsOf('invoice'),
        items: columnsOf('items'),
      },
      examples: [{ invoice: { key: 'Invoice Number' } }],
    },
    accept: {
      type: 'object',
      additionalProperties: false,
      description: 'What a step may come to before the next one starts.',
      properties: {
        failedRecords: {
          type: 'integer',
          minimum: 0,
          default: 0,
          description: 'How many failed records a step may have before the next one starts.',
          examples: [0],
        },
      },
      examples: [{ failedRecords: 0 }],
    },
  },
} as const;

/** The schema as editors read it: `ebill run --plan-schema`, and `plan.schema.json` in the package. */
export const planSchemaText = (): string => `${JSON.stringify(PLAN_SCHEMA, null, 2)}\n`;
