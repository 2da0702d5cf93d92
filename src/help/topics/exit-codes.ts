import { type ErrorCode, EXIT_CODES } from '../../errors.ts';
import { codes, lines, type Row, section, seeAlso, type TopicText } from '../text.ts';

/** The codes themselves are defined in errors.ts. */
export type ExitCode = 0 | (typeof EXIT_CODES)[ErrorCode];

const MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'success: all final batches succeeded',
  1: 'a bug in ebill; the message names the log file',
  2: 'invalid call, set-up or input, a prompt answered no, or a month that is not as expected or approved; nothing was sent',
  3: 'all batches are final, some records were rejected',
  4: 'a batch failed or is missing, or records are unaccounted for',
  5: 'no credentials, or the server does not accept them',
  6: 'network or TLS failure, HTTP 5xx or an invalid answer, after all retries',
  7: 'not final yet: --max-wait elapsed, or batches were never finalized',
  8: 'another process holds the load, a file changed, a name or job id is already used, or an upload is not complete',
  9: 'the server or the storage refused the request',
  10: 'a file on this machine cannot be written or read, after something was sent; the journal is safe',
  130: 'stopped by Ctrl-C (143: by SIGTERM); run the same command again',
};

/** Every command can end with these. */
const ALWAYS: readonly ExitCode[] = [0, 1, 2, 130];

interface ExitMeaning {
  readonly code: ExitCode;
  /** The values of `error.code` under `--json`; none for 0. */
  readonly names: readonly string[];
  readonly meaning: string;
}

/** In the order of the codes. */
export const EXIT_MEANINGS: readonly ExitMeaning[] = (
  [0, ...new Set(Object.values(EXIT_CODES))] as const
).map((code) => ({
  code,
  names: Object.entries(EXIT_CODES).flatMap(([name, own]) => (own === code ? [name] : [])),
  meaning: MEANINGS[code],
}));

/** @param own the codes of a command besides those of every command */
export function exitMeanings(own: readonly number[]): readonly ExitMeaning[] {
  const judgesBatches = own.includes(EXIT_CODES.BATCH_FAILED);
  return EXIT_MEANINGS.filter(({ code }) => ALWAYS.includes(code) || own.includes(code)).map((one) =>
    one.code === 0 && !judgesBatches ? { ...one, meaning: 'success' } : one,
  );
}

export const exitCodes: TopicText = {
  description:
    'Every command ends with one of these exit codes. With --json the document has the code as exitCode and its name as error.code; error is null exactly when the exit code is 0.',
  sections: [
    section(
      'Codes',
      codes(
        ...EXIT_MEANINGS.map(({ code, names, meaning }): Row => {
          const named = names.length === 0 ? '' : `${names.join(', ')}: `;
          return [String(code), `${named}${meaning}`];
        }),
      ),
    ),
    section(
      'In a script',
      codes(
        [
          '6, 130, 137, 143',
          'run the same command again; it resumes where it stopped and sends nothing twice',
        ],
        ['10', 'free some space or repair the disk, then run the same command again'],
        ['7', 'keep waiting: ebill watch'],
        ['3', 'get the rejected records (ebill results --rejects), correct them and run ebill correct'],
        ['others', 'a person has to act; the message says what to do'],
      ),
      '137 means that the process was killed (SIGKILL). What it had done is recorded in the journal.',
    ),
    section(
      'What is not a failure',
      'ebill status ends with 0 when the server answered, whatever the state of the batches, unless --exit-status is given. ebill results and ebill report end with 0 when they wrote their files, whatever the result of the records. A file already uploaded, an init already done and a batch already finalized are skipped with 0.',
    ),
    section(
      'Examples',
      lines(`until ebill watch --max-wait 1h; do
  case $? in 6|7) continue;; *) break;; esac
done`),
    ),
    seeAlso('help json', 'status', 'watch'),
  ],
};
