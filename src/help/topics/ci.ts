import type { TopicText } from '../page.ts';

/** A recipe each, whole: a test runs their shell lines, kills them, and runs them again. */
export const GITHUB: readonly string[] = [
  'name: load',
  'on:',
  '  workflow_dispatch:',
  '    inputs:',
  '      job: { description: the load, required: true }',
  'concurrency: ebill-load',
  'jobs:',
  '  load:',
  '    runs-on: ubuntu-latest',
  '    env:',
  '      EBILL_BASE_URL: https://ebill.example.com',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own placeholders
  '      EBILL_TOKEN: ${{ secrets.EBILL_TOKEN }}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own placeholders
  '      EBILL_HOME: ${{ github.workspace }}/.ebill',
  '    steps:',
  '      - uses: actions/checkout@v4',
  '      - uses: actions/cache/restore@v4',
  '        with:',
  '          path: .ebill',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own placeholders
  '          key: ebill-${{ inputs.job }}-',
  '      - run: npm install --global ebill',
  '      - run: ebill run plan.yaml --max-wait 5h --json > load.json',
  '      - uses: actions/cache/save@v4',
  '        if: always()',
  '        with:',
  '          path: .ebill',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own placeholders
  '          key: ebill-${{ inputs.job }}-${{ github.run_id }}.${{ github.run_attempt }}',
];

export const GITLAB: readonly string[] = [
  'load:',
  '  image: node:22',
  '  resource_group: ebill-load',
  '  timeout: 6h',
  '  retry: { max: 2, exit_codes: [6, 137, 143] }',
  '  variables:',
  '    EBILL_BASE_URL: https://ebill.example.com',
  '    EBILL_HOME: $CI_PROJECT_DIR/.ebill',
  '  cache:',
  '    key: ebill-$EBILL_JOB',
  '    paths: [.ebill/]',
  '    when: always',
  '  script:',
  '    - npm install --global ebill',
  '    - ebill run plan.yaml --max-wait 5h --json > load.json',
  '  artifacts:',
  '    when: always',
  '    paths: [load.json]',
];

export const BASH: readonly string[] = [
  '#!/usr/bin/env bash',
  '# 0 3 1 * *  billing  /opt/billing/load.sh',
  'cd "$(dirname "$0")" || exit',
  'export EBILL_HOME=$PWD/.ebill EBILL_TOKEN',
  'export EBILL_BASE_URL=https://ebill.example.com',
  'EBILL_TOKEN=$(cat token) || exit',
  'for try in 1 2 3 4 5; do',
  '  ebill run plan.yaml --max-wait 5h --json > load.json',
  '  code=$?',
  '  case $code in',
  '    6 | 7 | 137 | 143) sleep 300 ;;',
  '    *) exit $code ;;',
  '  esac',
  'done',
  'exit $code',
];

const lines = (title: string, recipe: readonly string[], after: string) =>
  ({
    title,
    blocks: [
      { type: 'lines', lines: recipe },
      { type: 'text', text: after },
    ],
  }) as const;

export const ci: TopicText = {
  description:
    'The environment alone is a set-up: no profile, no prompt, no colour, a plain line for each step. A job that was killed, cancelled or cut off is run again with the same line and goes on where it was, as long as it finds the journal: keep EBILL_HOME between runs. Write plan.yaml with: ebill run --init-plan',
  sections: [
    lines(
      'GitHub Actions',
      GITHUB,
      'Run the job again to go on. The cache keeps the journal however the step ended. run annotates the job and adds a table to its summary.',
    ),
    lines(
      'GitLab',
      GITLAB,
      'EBILL_TOKEN and EBILL_JOB are variables of the project or the pipeline, the token masked and protected. Codes 6, 137 and 143 are tried again by GitLab itself.',
    ),
    lines(
      'Plain bash, from cron',
      BASH,
      'The token is in a file that its owner alone can read. A second start while one is running ends with 8 and sends nothing.',
    ),
    {
      title: 'What the exit code asks for',
      blocks: [
        {
          type: 'terms',
          ownColumn: true,
          rows: [
            ['0', 'done'],
            ['3', 'done, some records were rejected: the rejects are in ./JOB'],
            ['6, 137, 143', 'run it again'],
            ['7', 'not final within --max-wait: run it again'],
            ['others', 'for a person; error.message and error.hint in load.json say why'],
          ],
        },
        {
          type: 'text',
          text: 'Where no journal can be kept, --adopt takes what the server has under these names as this load.',
        },
      ],
    },
    {
      title: 'See also',
      blocks: [{ type: 'see', names: ['run', 'help exit-codes', 'help environment', 'help json'] }],
    },
  ],
};
