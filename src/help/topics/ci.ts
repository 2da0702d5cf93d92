import { codes, lines, section, seeAlso, type TopicText, terms } from '../text.ts';

// Complete recipes. A test runs their shell lines, kills them and runs them again (test/e2e/recipes.test.ts). The plan names
// the load, so nothing here asks for it: a cache of EBILL_HOME serves every month.

/** The same text as in .github/workflows/load.yml, which others can call. */
export const GITHUB = `name: load
on:
  workflow_dispatch:
  workflow_call:
    secrets:
      EBILL_TOKEN: { required: true }
concurrency: ebill-load
permissions: { contents: read }
jobs:
  load:
    runs-on: ubuntu-latest
    env:
      EBILL_BASE_URL: \${{ vars.EBILL_BASE_URL }}
      EBILL_TOKEN: \${{ secrets.EBILL_TOKEN }}
      EBILL_HOME: \${{ github.workspace }}/.ebill
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache/restore@v4
        with:
          path: .ebill
          key: ebill-
      - run: npm install --global ./ebill-*.tgz
      - run: ebill run plan.yaml --max-wait 5h --json > load.json
      - uses: actions/cache/save@v4
        if: always()
        with:
          path: .ebill
          key: ebill-\${{ github.run_id }}.\${{ github.run_attempt }}`;

/** How a job uses the action that others can copy. */
export const GITHUB_SETUP = `- uses: ./.github/actions/setup-ebill
  with:
    tarball: ebill-0.1.0.tgz
    sha256: "the 64 digits that sha256sum prints"`;

export const GITLAB = `load:
  image: node:22
  resource_group: ebill-load
  timeout: 6h
  retry: { max: 2, exit_codes: [6, 137, 143] }
  variables:
    EBILL_BASE_URL: https://ebill.example.com
    EBILL_HOME: $CI_PROJECT_DIR/.ebill
  cache:
    key: ebill
    paths: [.ebill/]
    when: always
  script:
    - npm install --global ./ebill-*.tgz
    - ebill run plan.yaml --max-wait 5h --json > load.json
  artifacts:
    when: always
    paths: [load.json]`;

export const GITLAB_IMAGE = `image:
  name: registry.example.com/billing/ebill:0.1.0
  entrypoint: [""]`;

export const GITHUB_APPROVED = `name: approved load
on: workflow_dispatch
concurrency: ebill-load
permissions: { actions: read, contents: read }
env:
  EBILL_BASE_URL: \${{ vars.EBILL_BASE_URL }}
  EBILL_HOME: \${{ github.workspace }}/.ebill
jobs:
  freeze:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm install --global ./ebill-*.tgz
      - run: ebill run plan.yaml --freeze approval.json
      - uses: actions/upload-artifact@v4
        with: { name: approval, path: approval.json }
  load:
    needs: freeze
    environment: production
    runs-on: ubuntu-latest
    env:
      EBILL_TOKEN: \${{ secrets.EBILL_TOKEN }}
      GH_TOKEN: \${{ github.token }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/download-artifact@v4
        with: { name: approval }
      - uses: actions/cache/restore@v4
        with:
          path: .ebill
          key: ebill-
      - run: npm install --global ./ebill-*.tgz
      - run: |
          run=repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID
          by=$(gh api "$run/approvals" --jq '.[-1].user.login')
          ebill run plan.yaml --approved approval.json \\
            --approved-by "$by" --max-wait 5h --json > load.json
      - uses: actions/cache/save@v4
        if: always()
        with:
          path: .ebill
          key: ebill-\${{ github.run_id }}.\${{ github.run_attempt }}`;

export const GITLAB_APPROVED = `stages: [freeze, load]
default:
  image: node:22
  before_script:
    - npm install --global ./ebill-*.tgz
variables:
  EBILL_BASE_URL: https://ebill.example.com
  EBILL_HOME: $CI_PROJECT_DIR/.ebill
freeze:
  stage: freeze
  script:
    - ebill run plan.yaml --freeze approval.json
  artifacts:
    paths: [approval.json]
load:
  stage: load
  environment: production
  when: manual
  resource_group: ebill-load
  timeout: 6h
  retry: { max: 2, exit_codes: [6, 137, 143] }
  cache:
    key: ebill
    paths: [.ebill/]
    when: always
  script:
    - >-
      ebill run plan.yaml --approved approval.json
      --approved-by "$GITLAB_USER_LOGIN" --max-wait 5h --json > load.json
  artifacts:
    when: always
    paths: [load.json]`;

export const BASH = `#!/usr/bin/env bash
# 0 3 1 * *  billing  /opt/billing/load.sh
PATH=$PATH:/usr/local/bin
cd "$(dirname "$0")" || exit
export EBILL_HOME=$PWD/.ebill EBILL_TOKEN
export EBILL_BASE_URL=https://ebill.example.com
EBILL_TOKEN=$(cat token) || exit
for try in 1 2 3 4 5; do
  ebill run plan.yaml --max-wait 5h --json > load.json
  code=$?
  case $code in
    6 | 7 | 137 | 143) sleep 300 ;;
    *) exit $code ;;
  esac
done
exit $code`;

export const ALERT_RULES = `groups:
  - name: ebill
    rules:
      - alert: EbillMonthNotClosed
        expr: >-
          time() - max(ebill_last_success_timestamp_seconds)
          > 33 * 86400
          or absent(ebill_last_success_timestamp_seconds)
        for: 1h
        annotations:
          summary: No load has succeeded for 33 days
      - alert: EbillLoadFailed
        expr: ebill_exit_code != 0
        for: 6h
        annotations:
          summary: ebill ended with {{ $value }} ({{ $labels.load }})`;

export const ci: TopicText = {
  description:
    'In CI, environment variables are the whole set-up: no profile is needed. ebill never prompts there and prints one plain line for each step. When a job was killed, cancelled or timed out, run it again: it resumes where it stopped, as long as it finds the journal of the load, so keep EBILL_HOME between runs. The plan names the load. To write plan.yaml: ebill run --init-plan',
  sections: [
    section(
      'GitHub Actions',
      lines(GITHUB),
      'Put plan.yaml, which names the load, and the ebill package (ebill-VERSION.tgz) into the repository, or download the package in an earlier step. Define EBILL_BASE_URL as a variable and EBILL_TOKEN as a secret of the repository. Run the job again to resume. The cache step saves the journal after a failure too. ebill run annotates the job and adds a table to its summary.',
      'This is .github/workflows/load.yml of the package: copy it, or call it from another workflow. The action .github/actions/setup-ebill installs a tarball whose SHA-256 is the one you give, in place of the npm line:',
      lines(GITHUB_SETUP),
    ),
    section(
      'GitLab',
      lines(GITLAB),
      'Put plan.yaml, which names the load, and the ebill package (ebill-VERSION.tgz) into the repository. Define EBILL_TOKEN (masked and protected) as a variable of the project. GitLab itself retries after exit codes 6, 137 and 143.',
      'With an image of your own that has ebill (src/build/Containerfile of the package makes one), leave the npm line out and name the image:',
      lines(GITLAB_IMAGE),
    ),
    section(
      'Plain bash, from cron',
      lines(BASH),
      'ebill is installed, and only the owner can read the file named token. A second run of the script while the first is still running ends with 8 and sends nothing.',
    ),
    section(
      'GitHub Actions, with an approval',
      lines(GITHUB_APPROVED),
      'The first job writes what would be sent to the artifact named approval. Protect the environment named production (required reviewers, and EBILL_TOKEN as its secret): the second job starts once a reviewer has read that file and approved it, and sends exactly that or nothing. Re-run the failed job to resume; the approval is the same.',
    ),
    section(
      'GitLab, with an approval',
      lines(GITLAB_APPROVED),
      'Protect the environment named production, and define EBILL_TOKEN for that environment alone. The second job waits until somebody who may deploy there has read the artifact of the first and starts it.',
    ),
    section(
      'Prometheus: a month not closed',
      lines(ALERT_RULES),
      'Add --metrics /var/lib/node_exporter/textfile/ebill.prom to ebill run, in the folder of --collector.textfile.directory, and load these rules. ebill run ends with 0 once every record of the plan is loaded or settled. If the time of the last success is 33 days old, or there was none, this month was not closed; the second rule names a load that failed and was not resumed for 6 hours.',
    ),
    section(
      'What ebill writes for each CI system',
      terms({
        'GitHub Actions': 'annotations (::error), groups for the stages of run, a job summary',
        'Azure Pipelines': 'issues (##vso[task.logissue]), groups (##[group])',
        TeamCity: 'messages (##teamcity[message]), blocks',
        GitLab: 'sections that can be folded',
      }),
      'They are recognised by GITHUB_ACTIONS, TF_BUILD, TEAMCITY_VERSION and GITLAB_CI. With one of these or CI set, text from the server, the storage and files never contains a command of any of these systems: a space is put into it. --quiet and --progress json write no groups.',
    ),
    section(
      'What to do after each exit code',
      codes(
        ['0', 'nothing: the load succeeded'],
        ['3', 'correct the rejected records in ./JOB, then: ebill correct'],
        ['6, 137, 143', 'run the job again'],
        ['7', 'run the job again: batches were not final within --max-wait'],
        ['10', "free some space on the runner's disk or repair it, then run the job again"],
        ['others', 'a person has to act: see error.message and error.hint in load.json'],
      ),
      'If the journal cannot be kept between runs, add --adopt: ebill then takes over the batches that the server already has under the job ids of this load.',
    ),
    seeAlso('run', 'help exit-codes', 'help environment', 'help json'),
  ],
};
