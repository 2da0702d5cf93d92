import type { TopicText } from '../page.ts';

export const json: TopicText = {
  description:
    '--json prints exactly one document on stdout, also on failure; what is for people goes to stderr, and --quiet keeps all of that away but errors and warnings. Fields may be added, never renamed. Unknown is null, never 0 or "". Ids are strings, times ISO 8601. Control and bidi characters are written as \\uXXXX.',
  sections: [
    {
      title: 'The document',
      blocks: [
        {
          type: 'terms',
          rows: [
            ['command', 'the whole name: "upload invoice"; "ebill" for ebill alone'],
            ['profile', 'the profile used; null when the environment or options made the set-up'],
            ['job', 'the load; null when it is about none, or about single batches'],
            ['outcome', 'the worst of all batches, as a phase (see below); null without batches'],
            ['exitCode', 'the exit code (ebill help exit-codes)'],
            ['batches', 'a list of BATCH, in the order init, customers, invoices'],
            ['error', '{ code, message, hint }; null exactly when exitCode is 0'],
          ],
        },
        {
          type: 'text',
          text: 'The package carries a JSON schema of it: ebill/document.schema.json. The events of --progress json have one too: ebill/event.schema.json; so have plans: ebill/plan.schema.json.',
        },
      ],
    },
    {
      title: 'BATCH',
      blocks: [
        {
          type: 'terms',
          rows: [
            ['id, jobId', "the server's id, and the name it was begun under"],
            [
              'kind',
              'init, carryForwardInvoice, carryForwardCreditMemo, carryForwardDebitMemo, customer, invoice or items',
            ],
            ['file', 'the name of the file sent'],
            ['status', "the server's own word"],
            ['phase', 'where it stands by itself'],
            ['outcome', 'the worst of itself and its children'],
            ['operation, subOperation', 'as the server echoes them'],
            ['recordsSent', 'records in the file as sent; null when this machine did not send it'],
            ['successCount, failCount', "the server's counts"],
            ['successMessage, errorMessage', "the server's words"],
            ['uploadUrl, downloadUrl', 'secrets; only with --show-urls'],
            ['children', 'a list of BATCH: the items of an invoice batch, the parts of an init'],
          ],
        },
        {
          type: 'text',
          text: 'Phases and outcomes, the worst first: failed, partial, running, queued, uploaded, draft, not-run, succeeded.',
        },
      ],
    },
    {
      title: 'Further keys',
      blocks: [
        {
          type: 'terms',
          rows: [
            ['requests', '--dry-run: a list of { method, url, body }, secrets masked'],
            [
              'files',
              'validate, and whenever a file fails: a list of { file, kind, records, bytes, sha256, findings }; a finding is { severity, code, line, column, message, hint }',
            ],
            ['totals', 'validate, run --dry-run: control totals'],
            ['loads', 'loads: a list of { job, profile, startedAt, updatedAt, outcome }'],
            ['timeline', 'loads show: what was asked and answered, oldest first'],
            ['results', 'results, run, --download: a list of { jobId, path, rows, rejects }'],
            ['reasons', 'results, run: the most frequent reasons of rejects'],
            ['folder, manifest', 'run: where everything went'],
            ['report', 'run: the path of the page; report: the facts of the page, and path'],
            ['steps', 'run --dry-run: each step, and whether it is done'],
            ['plan, unplaced', 'run --init-plan: the plan written, and files that found no place in it'],
            ['profiles', 'profile list, profile show'],
            ['checks', 'doctor: a list of { name, state, message, hint }'],
            ['response', 'api: { status, contentType, body }'],
            ['apiUrl, s3Url, data, environment', 'sandbox'],
            ['next', 'ebill alone: { command, why }; with baseUrl, updatedAt and problems'],
          ],
        },
      ],
    },
    {
      title: 'Rows instead: --format tsv and --fields',
      blocks: [
        {
          type: 'text',
          text: '--format tsv prints the list a command is about (batches, loads, results, checked files, profiles, the checks of doctor) as tab-separated lines under a header; --fields jobId,phase,failCount picks and orders its columns, the columns of a table, or the keys of each batch in JSON. Tabs and line breaks in values are written as \\t and \\n.',
        },
      ],
    },
    {
      title: 'Events: --progress json',
      blocks: [
        {
          type: 'text',
          text: '--progress json writes one event a line to stderr, with time and event in each. The end of an upload is always told, what is between at most ten times a second.',
        },
        {
          type: 'lines',
          lines: [
            '{"time":"2020-08-31T22:00:00.000Z",',
            ' "event":"upload.progress",',
            ' "jobId":"AUG_2020_INV","file":"inv.csv",',
            ' "bytes":1048576,"total":4194304}',
          ],
        },
        {
          type: 'terms',
          rows: [
            [
              'check.start, check.progress, check.end',
              'files; bytes of total; at the end records, bytes, bad (files not fit to send)',
            ],
            ['stage.start, stage.end', 'run: stage; at the end outcome (done, skipped, stopped) and message'],
            ['step', 'jobId, message: one thing done or found'],
            ['upload.start, upload.progress', 'jobId, file, bytes, total'],
            ['upload.end', 'the same, with ms and ok'],
            ['retry', 'jobId, message, attempt, waitMs'],
            [
              'wait.start, wait.progress, wait.end',
              'message; bytes of total, where that is known (else null)',
            ],
            ['batch.change', 'watch: a batch as it is now, without its children'],
            ['watch.silent, watch.answer', 'lastAnswerAt: the server stopped answering, and answers again'],
            ['watch.waiting, heartbeat', 'once a minute when nothing else is said'],
            ['note, warning, error', 'what people are told; error has code, message and hint'],
          ],
        },
      ],
    },
    {
      title: 'Examples',
      blocks: [
        {
          type: 'examples',
          rows: [
            ["ebill status --json | jq '.batches[] | {jobId, phase}'", 'where each batch stands'],
            [
              'ebill watch --json --quiet | jq -e \'.outcome == "succeeded"\'',
              'true only when all of it is loaded',
            ],
            ['ebill run plan.yaml --progress json 2> events.jsonl', 'keep the events'],
          ],
        },
      ],
    },
    { title: 'See also', blocks: [{ type: 'see', names: ['help exit-codes', 'status', 'watch'] }] },
  ],
};
