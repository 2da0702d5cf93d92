import { type ErrorCode, EXIT_CODES } from '../../errors.ts';
import type { Row, TopicText } from '../page.ts';

/** Every exit code there is; the one table of codes is in errors.ts. */
export type ExitCode = 0 | (typeof EXIT_CODES)[ErrorCode];

/** What each means, for people (cli.md, "Output"). */
const MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'done; all final batches succeeded',
  1: 'a bug; says where the log is',
  2: 'wrong call, no base URL, bad input, or a question answered no; nothing was sent',
  3: 'final, some records were rejected',
  4: 'a batch failed, or records are unaccounted for',
  5: 'the credentials were not accepted, or there are none',
  6: 'network, TLS, 5xx or a broken answer, after retries',
  7: 'not final: --max-wait is over, or what is left was never finalized',
  8: 'somebody else holds the load, a file changed, or a name or job id is taken',
  9: 'the server or the storage refused it',
  130: 'interrupted (143 after SIGTERM); run the same command again',
};

/** Every command may end so. */
const ALWAYS: readonly ExitCode[] = [0, 1, 2, 130];

interface ExitMeaning {
  readonly code: ExitCode;
  /** The names under `error.code` of `--json`; none for 0. */
  readonly names: readonly string[];
  readonly meaning: string;
}

/** The table, in the order of the codes. */
export const EXIT_MEANINGS: readonly ExitMeaning[] = (
  [0, ...new Set(Object.values(EXIT_CODES))] as const
).map((code) => ({
  code,
  names: Object.entries(EXIT_CODES).flatMap(([name, own]) => (own === code ? [name] : [])),
  meaning: MEANINGS[code],
}));

/** Those a command can end with: its own and those of every command. */
export function exitMeanings(own: readonly number[]): readonly ExitMeaning[] {
  return EXIT_MEANINGS.filter(({ code }) => ALWAYS.includes(code) || own.includes(code));
}

export const exitCodes: TopicText = {
  description:
    'Every command ends with one of these. Under --json the same number is in exitCode, and the name in error.code; error is null exactly when the exit code is 0.',
  sections: [
    {
      title: 'Codes',
      blocks: [
        {
          type: 'terms',
          ownColumn: true,
          rows: EXIT_MEANINGS.map(({ code, names, meaning }): Row => {
            const named = names.length === 0 ? '' : `${names.join(', ')}: `;
            return [String(code), `${named}${meaning}`];
          }),
        },
      ],
    },
    {
      title: 'In a script',
      blocks: [
        {
          type: 'terms',
          ownColumn: true,
          rows: [
            [
              '6, 130, 137, 143',
              'run the same command again: it goes on where it was, and sends nothing twice',
            ],
            ['7', 'wait on: ebill watch'],
            ['3', 'the load is through; correct the rejects (ebill results --rejects) and load them again'],
            ['others', 'for a person: the message says what to do'],
          ],
        },
        {
          type: 'text',
          text: '137 is no code of ebill: the process was killed (SIGKILL). What it had done is on record.',
        },
      ],
    },
    {
      title: 'What does not count as a failure',
      blocks: [
        {
          type: 'text',
          text: 'ebill status ends with 0 when the question was answered, whatever the answer, unless --exit-status is given. ebill results and ebill report end with 0 when the files are here, whatever became of the records. A file that is on record already, an init that happened and a batch that was finalized are said to be done, and that is 0.',
        },
      ],
    },
    {
      title: 'Examples',
      blocks: [
        {
          type: 'lines',
          lines: [
            'until ebill watch --max-wait 1h; do',
            '  case $? in 6|7) continue;; *) break;; esac',
            'done',
          ],
        },
      ],
    },
    { title: 'See also', blocks: [{ type: 'see', names: ['help json', 'status', 'watch'] }] },
  ],
};
