import { EXIT_MEANINGS } from './exit-codes.ts';
import type { TopicName } from './topic-names.ts';

/** A page of help that belongs to no command. */
export interface Topic {
  readonly summary: string;
  /** Paragraphs; one that begins with two spaces is set as it is. */
  paragraphs(): Promise<readonly string[]> | readonly string[];
}

const list = (rows: readonly (readonly [name: string, about: string])[]): readonly string[] =>
  rows.map(([name, about]) => `  ${name}\n      ${about}`);

/** `ebill help TOPIC`. */
export const TOPICS: Readonly<Record<TopicName, Topic>> = {
  'exit-codes': {
    summary: 'what each exit code means',
    paragraphs: () => [
      'Exit codes are for scripts; under --json the same is in error.code.',
      ...list(
        EXIT_MEANINGS.map(([code, names, meaning]) => [
          `${code}${names.length > 0 ? `  ${names.join(', ')}` : ''}`,
          meaning,
        ]),
      ),
      'In a script, 6, 130, 137 and 143 mean: run the same command again, it goes on where it was. 7 means: wait on. Any other is for a person.',
    ],
  },
  environment: {
    summary: 'the environment variables it reads',
    paragraphs: () => [
      'An option wins over the environment, the environment over a profile, a profile over the default. The environment alone is a complete set-up: CI needs no profile.',
      ...list([
        ['EBILL_HOME', "the folder of profiles and journals; else the platform's usual ones"],
        ['EBILL_PROFILE', 'the profile to use, as --profile'],
        ['EBILL_BASE_URL', 'the eBill server, as --base-url'],
        [
          'EBILL_AUTH',
          'basic, bearer, header:NAME or none. Left out: a token means bearer, a user name basic, neither none',
        ],
        ['EBILL_USERNAME, EBILL_PASSWORD', 'for basic'],
        ['EBILL_TOKEN', "for bearer, and the header's value for header:NAME"],
        ['EBILL_JOB', 'the load, as --job'],
        [
          'EBILL_KEYCHAIN',
          'off: secrets are kept in a file; on: in the keychain. By default in the keychain, unless EBILL_HOME is set',
        ],
        ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'a proxy, and the hosts that are reached without one'],
        ['NODE_EXTRA_CA_CERTS', 'further certificate authorities, a PEM file'],
        ['CI', 'set: no prompt, no colour, no moving lines'],
        ['NO_COLOR, FORCE_COLOR', 'no colour, or colour also where there is no terminal'],
        [
          'GITHUB_ACTIONS, GITHUB_STEP_SUMMARY',
          'set by GitHub: run and watch annotate the job and add to its summary',
        ],
      ]),
    ],
  },
  plan: {
    summary: 'the plan file of ebill run',
    paragraphs: async () => (await import('./plan-topic.ts')).planParagraphs(),
  },
  security: {
    summary: 'what is kept where, and what is hidden',
    paragraphs: () => [
      "Credentials come from a prompt, standard input or the environment, never from an argument. A profile's secret is kept in the operating system's keychain where there is one (EBILL_KEYCHAIN=off does without, =on uses it with an EBILL_HOME too), else in a file that only its owner can read (0600, in a folder of 0700).",
      "Credentials go to the base URL's own origin only: never to the storage that takes the files, nor along with a redirect. Redirects are followed for reading alone.",
      'Passwords, tokens, authorisation headers and the signatures of presigned URLs appear in no output, log, journal or report, at any verbosity. --show-urls prints presigned URLs whole; whoever has one can read or replace that file for as long as it lives.',
      'TLS is always verified; --ca-file adds an authority. Plain http is refused beyond this machine unless the profile says --allow-insecure.',
      'Control and bidi characters from servers and files are shown as \\uXXXX, never raw. A report page runs no script and loads nothing.',
      'Result files are written under names of our own in the folder named, whatever the server calls them.',
    ],
  },
  json: {
    summary: 'what --json prints, and --progress json',
    paragraphs: () => [
      '--json prints exactly one document on stdout, also on failure:',
      `  { "command": "watch", "profile": "prod", "job": "AUG_2020",
    "outcome": "partial", "exitCode": 3, "batches": [ BATCH… ],
    "error": { "code": "PARTIAL", "message": "…", "hint": "…" } }`,
      `  BATCH = { "id", "jobId", "kind", "file", "status", "phase", "outcome",
    "operation", "subOperation", "recordsSent", "successCount",
    "failCount", "successMessage", "errorMessage",
    "children": [ BATCH… ] }`,
      'error is null exactly when exitCode is 0. A batch\'s phase is its own, its outcome that of itself and its children: draft, uploaded, queued, running, succeeded, partial, failed or not-run. Unknown is null, never 0 or "". Ids are strings. Fields may be added, never renamed.',
      'Further keys: requests (--dry-run), files (validate, and whenever a file fails), loads, results; reasons and report (results, run, report), folder and manifest (run), steps and totals (run --dry-run).',
      'The package carries a JSON schema of this document (ebill/document.schema.json), of the events of --progress json (ebill/event.schema.json) and of plans (ebill/plan.schema.json, also ebill run --plan-schema).',
      '--format tsv prints the list a command is about (batches, loads, results, checked files, profiles, the checks of doctor) as tab-separated lines under a header; --fields jobId,phase,failCount picks and orders its columns, the columns of a table, or the keys of each batch in JSON. Tabs and line breaks in values are written as \\t and \\n.',
      '--progress json writes one event a line to stderr: {"time":…,"event":"upload.progress","jobId":…,"bytes":…,"total":…}; stage.start and stage.end (run), batch.change (watch), and at the end error if there is one.',
    ],
  },
};
