// The fields of a comparison as JSON schema, for the document of `--json` and the event of `--progress json`.

const textOrNull = { type: ['string', 'null'] };
const countOrNull = { type: ['integer', 'null'] };
const percentOrNull = { type: ['number', 'null'], description: 'Percent of the last figure, to a tenth.' };
const amountOrNull = { ...textOrNull, description: 'A decimal.' };

const KIND = {
  kind: { enum: ['customer', 'invoice', 'items'] },
  records: countOrNull,
  lastRecords: countOrNull,
  recordsChange: percentOrNull,
  amount: amountOrNull,
  lastAmount: amountOrNull,
  amountChange: percentOrNull,
};

export const COMPARISON_FIELDS = {
  against: { ...textOrNull, description: 'The load compared with; null when there is none.' },
  closedAt: { ...textOrNull, description: 'When it was closed, ISO 8601; null when it is open.' },
  kinds: { type: 'array', items: { type: 'object', required: Object.keys(KIND), properties: KIND } },
  customersBilled: countOrNull,
  lastCustomersBilled: countOrNull,
  customersBilledChange: percentOrNull,
};
