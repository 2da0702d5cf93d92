import { EXIT_MEANINGS } from '../exit-codes.ts';
import type { Row } from '../page.ts';
import type { TopicText } from '../topics.ts';

export const exitCodes: TopicText = {
  description:
    'Every command ends with one of these. Under --json the same number is in exitCode, and the name in error.code; error is null exactly when the exit code is 0.',
  sections: [
    {
      title: 'Codes',
      blocks: [
        {
          type: 'terms',
          apart: true,
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
          apart: true,
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
