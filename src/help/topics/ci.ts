import type { TopicText } from '../text.ts';

/** Complete recipes. A test runs their shell lines, kills them and runs them again (test/e2e/recipes.test.ts). */
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
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions, not a template
  '      EBILL_TOKEN: ${{ secrets.EBILL_TOKEN }}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions, not a template
  '      EBILL_HOME: ${{ github.workspace }}/.ebill',
  '    steps:',
  '      - uses: actions/checkout@v4',
  '      - uses: actions/cache/restore@v4',
  '        with:',
  '          path: .ebill',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions, not a template
  '          key: ${{ inputs.job }}-',
  '      - run: npm install --global ./ebill-*.tgz',
  '      - run: ebill run plan.yaml --max-wait 5h --json > load.json',
  '      - uses: actions/cache/save@v4',
  '        if: always()',
  '        with:',
  '          path: .ebill',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions, not a template
  '          key: ${{ inputs.job }}-${{ github.run_id }}.${{ github.run_attempt }}',
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
  '    - npm install --global ./ebill-*.tgz',
  '    - ebill run plan.yaml --max-wait 5h --json > load.json',
  '  artifacts:',
  '    when: always',
  '    paths: [load.json]',
];

export const BASH: readonly string[] = [
  '#!/usr/bin/env bash',
  '# 0 3 1 * *  billing  /opt/billing/load.sh',
  'PATH=$PATH:/usr/local/bin',
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
    'In CI, environment variables are the whole set-up: no profile is needed. ebill never prompts there and prints one plain line for each step. When a job was killed, cancelled or timed out, run it again: it resumes where it stopped, as long as it finds the journal of the load. So keep EBILL_HOME between runs. To write plan.yaml: ebill run --init-plan',
  sections: [
    lines(
      'GitHub Actions',
      GITHUB,
      'Put the ebill package (ebill-VERSION.tgz) into the repository, or download it in an earlier step. Run the job again to resume. The cache step saves the journal after a failure too. ebill run annotates the job and adds a table to its summary.',
    ),
    lines(
      'GitLab',
      GITLAB,
      'Put the ebill package (ebill-VERSION.tgz) into the repository. Define EBILL_TOKEN (masked and protected) and EBILL_JOB as variables of the project or the pipeline. GitLab itself retries after exit codes 6, 137 and 143.',
    ),
    lines(
      'Plain bash, from cron',
      BASH,
      'ebill is installed, and the file token is readable only by its owner. If the script is started again while it runs, the second run ends with 8 and sends nothing.',
    ),
    {
      title: 'What to do after each exit code',
      blocks: [
        {
          type: 'terms',
          ownColumn: true,
          rows: [
            ['0', 'nothing: the load succeeded'],
            ['3', 'correct the rejected records in ./JOB and load them again'],
            ['6, 137, 143', 'run the job again'],
            ['7', 'run the job again: batches were not final within --max-wait'],
            ['others', 'a person has to act: see error.message and error.hint in load.json'],
          ],
        },
        {
          type: 'text',
          text: 'If the journal cannot be kept between runs, add --adopt: ebill then takes over the batches that the server has under the names of this load.',
        },
      ],
    },
    {
      title: 'See also',
      blocks: [{ type: 'see', names: ['run', 'help exit-codes', 'help environment', 'help json'] }],
    },
  ],
};
