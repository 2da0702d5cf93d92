/** What each exit code means, for people (cli.md, "Output"); the codes themselves are in errors.ts. */
export const EXIT_MEANINGS: readonly (readonly [code: number, names: readonly string[], meaning: string])[] =
  [
    [0, [], 'done; all final batches succeeded'],
    [1, ['INTERNAL'], 'a bug; says where the log is'],
    [
      2,
      ['USAGE', 'INVALID_FILE', 'INVALID_PLAN', 'DECLINED'],
      'wrong call, no base URL, bad input, a prompt answered no; nothing was sent',
    ],
    [3, ['PARTIAL'], 'final, some records failed'],
    [4, ['BATCH_FAILED', 'UNACCOUNTED'], 'a batch failed, or records are unaccounted for'],
    [5, ['AUTH'], 'the credentials were not accepted, or there are none'],
    [6, ['UNAVAILABLE'], 'network, TLS, 5xx or a broken answer, after retries'],
    [7, ['STILL_RUNNING'], '--max-wait is over, or what is left was never finalized; run it again'],
    [8, ['CONFLICT'], 'somebody else holds the load, a file changed, or a name or job id is taken'],
    [9, ['REJECTED'], 'the server or the storage refused it'],
    [130, ['INTERRUPTED'], 'interrupted (143 after SIGTERM); run the same command again'],
  ];
