/** What a batch can be, and where it can stand, as the published schemas spell it. Output imports no code of batch. */
export const KIND = {
  enum: [
    'init',
    'carryForwardInvoice',
    'carryForwardCreditMemo',
    'carryForwardDebitMemo',
    'customer',
    'invoice',
    'items',
  ],
} as const;

export const PHASE = {
  enum: ['draft', 'uploaded', 'queued', 'running', 'succeeded', 'partial', 'failed', 'not-run'],
} as const;
