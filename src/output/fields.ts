// Names that `--fields` takes, apart from what reads them: options need no more.

/** The fields of BATCH but its children and URLs, and the job id of its parent. */
export const BATCH_FIELDS = [
  'id',
  'jobId',
  'kind',
  'file',
  'status',
  'phase',
  'outcome',
  'operation',
  'subOperation',
  'recordsSent',
  'successCount',
  'failCount',
  'successMessage',
  'errorMessage',
  'parent',
  'leftOut',
  'leftBehind',
  'corrects',
  'open',
  'resultExpiresAt',
] as const;
export const LOAD_FIELDS = [
  'job',
  'profile',
  'startedAt',
  'updatedAt',
  'outcome',
  'baseUrl',
  'organisation',
  'state',
] as const;
export const RESULT_FIELDS = ['jobId', 'path', 'rows', 'rejects'] as const;
export const FILE_FIELDS = ['file', 'kind', 'records', 'bytes', 'sha256', 'findings'] as const;
export const PROFILE_FIELDS = [
  'name',
  'current',
  'baseUrl',
  'auth',
  'username',
  'production',
  'organisation',
  'tokenCommand',
] as const;
export const CHECK_FIELDS = ['name', 'state', 'message', 'hint'] as const;

/** Every field that `--fields` accepts. */
export const FIELDS: readonly string[] = [
  ...new Set([
    ...BATCH_FIELDS,
    ...LOAD_FIELDS,
    ...RESULT_FIELDS,
    ...FILE_FIELDS,
    ...PROFILE_FIELDS,
    ...CHECK_FIELDS,
  ]),
];
