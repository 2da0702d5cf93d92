import { KINDS, PHASES } from '../../batch/types.ts';
import { examples, lines, section, seeAlso, type TopicText, terms } from '../text.ts';

export const json: TopicText = {
  description:
    '--json prints exactly one document on stdout, also on failure. Messages for people go to stderr; --quiet leaves only errors and warnings there. Fields may be added, but are never renamed. An unknown value is null, never 0 or "". Ids are strings, times are ISO 8601. Control and bidi characters are written as \\uXXXX.',
  sections: [
    section(
      'The document',
      terms({
        command: 'the full name, such as "upload invoice"; "ebill" for ebill without a command',
        profile: 'the profile used; null when the environment or options are the set-up',
        job: 'the load; null when the command is not about a load, or about single batches',
        outcome: 'the worst outcome of all batches (see below); null without batches',
        exitCode: 'the exit code (ebill help exit-codes)',
        batches: 'a list of BATCH in the order init, customers, invoices',
        error: '{ code, message, hint }; null exactly when exitCode is 0',
      }),
      'The package contains JSON schemas: ebill/document.schema.json for this document, ebill/event.schema.json for the events of --progress json, ebill/plan.schema.json for plans, and ebill/approval.schema.json for the files of run --freeze.',
    ),
    section(
      'BATCH',
      terms({
        'id, jobId': "the server's id, and the name under which ebill created the batch",
        kind: KINDS.join(', '),
        file: 'name of the file sent',
        status: 'the status as the server spells it',
        phase: 'the state of the batch itself',
        outcome: 'the worst state of the batch and its children',
        'operation, subOperation': 'as the server returns them',
        recordsSent: 'number of records in the file; null when this machine did not send it',
        'successCount, failCount': 'counts of the server',
        'successMessage, errorMessage': 'messages of the server',
        corrects: 'job id of the batch whose rejected records it corrects; null otherwise',
        open: 'records neither loaded nor corrected nor waived, those of its corrections included; null when unknown',
        resultExpiresAt:
          'until when its result can be fetched, ISO 8601; null when the download URL does not say',
        leftOut: 'true when its file was left out (--leave-out); present only then',
        leftBehind: 'true for a draft that another batch replaced; it is never finalized; present only then',
        'uploadUrl, downloadUrl': 'secrets; only with --show-urls',
        children: 'a list of BATCH: the item batches of an invoice batch, the parts of an init',
      }),
      `Phases and outcomes, the worst first: ${PHASES.join(', ')}. missing: the server had the batch and no longer has it; the other fields are the last known ones. not-run: a part of an init that had nothing to carry forward, or a batch left out or left behind; it is an outcome only where nothing else ran.`,
    ),
    section(
      'Keys of single commands',
      terms({
        requests: 'with --dry-run: a list of { method, url, body } with secrets masked',
        files:
          'validate, and any command when a file is invalid: a list of { file, kind, records, bytes, sha256, findings }; a finding is { severity, code, line, column, message, hint }',
        recognised:
          'validate, uploads, run: the columns recognised for the checks across files: a list of { role, column, used, reason }; reason says why a column with a usual name is not used',
        comparison:
          'run, validate: the month and the one it is compared with: { against, closedAt, kinds, customersBilled, lastCustomersBilled, customersBilledChange }; kinds is a list of { kind, records, lastRecords, recordsChange, amount, lastAmount, amountChange }, changes are in percent',
        kinds: 'validate: the files whose kind their columns tell: a list of { file, kind, columns }',
        totals: 'validate, run --dry-run: control totals',
        loads:
          'loads: a list of { job, profile, baseUrl, organisation, startedAt, updatedAt, outcome, state }, with damaged: true where the journal cannot be read',
        export: 'loads export: { path, sha256, entries } of the file written',
        import:
          'loads import: { path, result, added, sha256 }; path of the journal here; result is new, continued, unchanged, or older where this machine knows more; added is the number of entries that were not here',
        timeline: 'loads show: the requests and answers, oldest first',
        results: 'results, run, and with --download: a list of { jobId, path, rows, rejects }',
        reasons:
          'results, run: the most frequent reasons for rejects: a list of { jobId, reason, examples, message, count, line }; reason has … for the values in which messages differ, message is the first of them',
        unknown:
          'results, run: status values in result files that say neither "loaded" nor "rejected": a list of { jobId, value, count, line }',
        approval:
          'run --freeze: { path, sha256, by } of the file written; run --approved: { sha256, by } of the approval',
        differences: 'run --approved, when it is refused: a list of { what, was, now }',
        'folder, manifest': 'run: paths of the output folder and the manifest',
        report: 'run: path of the report; report: the data of the report, and its path',
        steps: 'run --dry-run: each step and whether it is done',
        'plan, unplaced': 'run --init-plan: the plan written, and the files left out of it',
        profiles: 'profile list, profile show',
        checks: 'doctor: a list of { name, state, message, hint }',
        response: 'api: { status, contentType, body }',
        'apiUrl, s3Url, data, environment': 'sandbox',
        'text, event':
          'only in what is posted to --notify-url: one sentence for people; end, silent or stopped',
        'silentSince, silentSeconds, stage':
          'the same: since when and for how long the server has not answered (silent); the step after which a run stops (stopped)',
        next: 'ebill without a command: { command, why }; also baseUrl, updatedAt, state and problems',
        state: 'of a load: open until every batch is final and nothing is left to correct, then closed',
      }),
    ),
    section(
      'Rows: --format tsv and --fields',
      '--format tsv prints the list of a command (batches, loads, results, checked files, profiles, checks of doctor) as tab-separated lines with a header. --fields jobId,phase,failCount selects and orders its columns; it does the same for the columns of a table and for the keys of each batch in JSON. Tabs and line breaks in values are written as \\t and \\n.',
    ),
    section(
      'Events: --progress json',
      '--progress json writes one JSON object a line to stderr, each with time and event. The progress of an upload is reported at most ten times a second, and its end always.',
      lines(`{"time":"2020-08-31T22:00:00.000Z",
 "event":"upload.progress",
 "jobId":"AUG_2020_INV","file":"inv.csv",
 "bytes":1048576,"total":4194304}`),
      terms({
        'check.start, check.progress, check.end':
          'files; bytes and total; at the end records, bytes, and bad, the number of files that failed the check',
        'stage.start, stage.end': 'run: stage; at the end outcome (done, skipped or stopped) and message',
        step: 'jobId, message: one step done',
        'upload.start, upload.progress': 'jobId, file, bytes, total',
        'upload.end': 'the same, ms, ok, and reason: why the file is not stored',
        retry: 'jobId, message, attempt, waitMs',
        'wait.start, wait.progress, wait.end': 'message; bytes and total, null when not known',
        'batch.change': 'watch: the new state of a batch, without its children',
        'watch.silent, watch.answer': 'lastAnswerAt: the server stopped answering, or answers again',
        'watch.waiting, heartbeat': 'once a minute without other events',
        comparison: 'run: the month and the one it is compared with; fields as in comparison',
        finding: 'upload, run: what is wrong with a file; fields as in files',
        'note, warning, error': 'messages for people; error has code, message and hint',
      }),
    ),
    examples(
      ["ebill status --json | jq '.batches[] | {jobId, phase}'", 'list the phase of each batch'],
      [
        'ebill watch --json --quiet | jq -e \'.outcome == "succeeded"\'',
        'succeed only when everything is loaded',
      ],
      ['ebill run plan.yaml --progress json 2> events.jsonl', 'save the events to a file'],
    ),
    seeAlso('help exit-codes', 'status', 'watch'),
  ],
};
