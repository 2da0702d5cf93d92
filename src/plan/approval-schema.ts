/** The format's number; a higher one was written by a newer program and is refused. */
export const APPROVAL_VERSION = 1;

const text = (description: string) => ({ type: 'string', description });
const textOrNull = (description: string) => ({ type: ['string', 'null'], description });
const count = (description: string) => ({ type: 'integer', minimum: 0, description });
const countOrNull = (description: string) => ({ type: ['integer', 'null'], minimum: 0, description });
const kind = { enum: ['customer', 'invoice', 'items'], description: 'What the file holds.' };

/** An object with exactly these fields. */
const exactly = (description: string, properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  description,
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});

const flag = { type: 'boolean' };

/** The JSON schema of an approval: what `ebill run --freeze` writes and `--approved` accepts (commands rule 32). */
export const APPROVAL_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'What a run of a plan would send, for ebill run --approved',
  ...exactly('ebill run --approved sends only if all of it is exactly so.', {
    ebillApproval: { ...count('The number of this format.'), minimum: APPROVAL_VERSION },
    program: { const: 'ebill' },
    majorVersion: count('The major version of ebill.'),
    server: text('The server in the one spelling by which ebill knows it.'),
    organisation: textOrNull('Which organisation of a server that has several.'),
    job: text('The name of the load.'),
    init: {
      description: 'null: the load is already initialised.',
      anyOf: [
        { type: 'null' },
        exactly('Starts the load. It cannot be undone.', {
          carryForwardInvoices: flag,
          carryForwardCreditMemos: flag,
          carryForwardDebitMemos: flag,
          zeroOutCustomerBalance: flag,
        }),
      ],
    },
    options: {
      type: 'object',
      description:
        'Every option of plan, command line and profile that decides what is sent, or what counts as loaded.',
    },
    totals: {
      type: 'array',
      description: 'The files of each kind together.',
      items: exactly('The files of one kind.', {
        kind,
        files: count('Number of files.'),
        records: countOrNull('Number of records.'),
        amount: textOrNull('The sum of the amounts; null when it is unknown.'),
      }),
    },
    files: {
      type: 'array',
      description: 'Every file, in the order in which they get their batches.',
      items: exactly('A file.', {
        path: text('Relative to the plan.'),
        kind,
        invoice: textOrNull('The invoice file that items belong to.'),
        records: countOrNull('Records besides the header.'),
        amount: textOrNull('The sum of its amounts; null when it is unknown.'),
        bytes: count('Its size.'),
        sha256: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of its bytes.' },
      }),
    },
  }),
} as const;

/** The schema as JSON text. */
export const approvalSchemaText = (): string => `${JSON.stringify(APPROVAL_SCHEMA, null, 2)}\n`;
