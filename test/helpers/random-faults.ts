/** Calls of the sandbox whose faults are drawn at random; the frequent ones are there twice. */
export const CALLS = ['init', 'create', 'create', 'put', 'put', 'finalize', 'status', 'status', 'any'];
/** Faults of any call. */
export const ACTIONS = [
  'reset-before',
  'reset-after',
  'status:503',
  'status-after:500',
  'status-after:504',
  'cut',
  'truncate',
  'empty',
  'html',
  'page',
  'html-before',
  'hang',
  'hang-after',
  'slow:20s',
  'status:429,retry-after:3',
];
/** Faults of one call. */
export const ACTIONS_OF: Readonly<Record<string, readonly string[]>> = {
  init: ['late:40s', 'gateway:4s,12s', 'hidden:3s'],
  create: ['late:70s', 'gateway:0s,3s', 'hidden:3s', 'expired'],
  finalize: ['late:70s', 'gateway:0s,3s', 'hidden:3s', 'ignored'],
  put: [
    'reset-during',
    'slowdown',
    'request-timeout',
    'bad-etag',
    'kms-etag',
    'corrupt',
    'error-body',
    'early',
    'no-etag',
  ],
  status: ['other-batch', 'other-id', 'no-counts'],
};
