import { basename, join } from 'node:path';
import { writeRows } from '../csv-files.ts';
import { ebill, eventsOf, uploadsOf, withEvents } from '../ebill.ts';
import { measure } from '../measure.ts';
import type { Candidate, Part } from '../part.ts';
import { openSink } from '../sink.ts';

const ITEM_FILES = 12;
const [LOOP_NAME, XARGS_NAME] = ['curl in a shell loop', 'curl under xargs -P4'] as const;
const LINES = [
  { group: 'no latency', behaviour: {} },
  { group: '40 ms', behaviour: { latencyMs: 40 }, atMost: 1 },
  { group: '40 ms, 20 MB/s a connection', behaviour: { latencyMs: 40, bandwidth: 20e6 } },
];

// Arguments: program for one file, API, files. As people write it: one file after the other, xargs for four at a time, and one
// curl for all creates and another for all PUTs.
const SEND = `
url=$(curl -sS "$1/rest/batchProcess?mode=S3FileUpload" -H 'content-type: application/xml' --data-binary \\
  "<batchProcess><jobId>$2</jobId><inputType>API</inputType><inputFilename>\${2##*/}</inputFilename></batchProcess>" |
  sed -n 's:.*<uploadUrl>\\(.*\\)</uploadUrl>.*:\\1:p')
curl -sS -T "$2" "$url"`;
const LOOP = 'send=$1 api=$2; shift 2; for file in "$@"; do sh -c "$send" sh "$api" "$file"; done';
const XARGS = `send=$1 api=$2; shift 2; printf '%s\\0' "$@" | xargs -0 -n1 -P4 sh -c "$send" sh "$api"`;

const PARALLEL = `
set -e; api=$2; shift 2; answers=$(mktemp -d); n=0
for file in "$@"; do
  n=$((n + 1)); [ $n = 1 ] || echo next
  printf 'url = "%s/rest/batchProcess?mode=S3FileUpload"\\nheader = "content-type: application/xml"\\n' "$api"
  printf 'output = "%s/%s"\\ndata = "<batchProcess><jobId>%s</jobId><inputType>API</inputType>' "$answers" $n "$file"
  printf '<inputFilename>%s</inputFilename></batchProcess>"\\n' "\${file##*/}"
done | curl -sS --parallel --parallel-immediate --parallel-max 4 --config -
n=0
for file in "$@"; do
  n=$((n + 1))
  printf 'upload-file = "%s"\\n' "$file"
  sed -n 's:.*<uploadUrl>\\(.*\\)</uploadUrl>.*:url = "\\1":p' "$answers/$n"
done | curl -sS --parallel --parallel-immediate --parallel-max 4 --config -
rm -r "$answers"`;

/** An invoice file and its item files, all of one size, to a server that discards them. */
export const part: Part = {
  runs: 3,
  size: 20,
  async open({ folder, size: megabytes, closing }) {
    const sink = await openSink(folder);
    closing(() => sink.close());
    const names = ['inv', ...Array.from({ length: ITEM_FILES }, (_, n) => `itm_${n + 1}`)];
    const files = names.map((name, n) => writeRows(join(folder, `${name}.csv`), megabytes, n + 1));
    for (const { path, md5 } of files) sink.expect(basename(path), md5);
    const paths = files.map(({ path }) => path);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const env = { EBILL_HOME: join(folder, 'home'), EBILL_BASE_URL: sink.apiUrl, EBILL_AUTH: 'none' };
    let loads = 0;
    const over = ({ group, behaviour, atMost }: (typeof LINES)[number]): Candidate[] => {
      const shell = (name: string, script: string): Candidate => ({
        name,
        group,
        bytes,
        before: () => {
          sink.behave(behaviour);
          return {};
        },
        command: ['sh', '-c', script, 'sh', SEND, sink.apiUrl, ...paths],
      });
      /** A load whose init is not measured. */
      const upload = async () => {
        sink.behave({});
        const job = `B${++loads}`;
        await measure({ command: ebill('init', '--job', job), cwd: folder, env });
        sink.behave(behaviour);
        const [invoice = '', ...items] = paths;
        return { command: withEvents('upload', 'invoice', invoice, '--items', ...items, '--job', job) };
      };
      const whole = { group, bytes, env, command: [], before: upload };
      return [
        shell(LOOP_NAME, LOOP),
        shell(XARGS_NAME, XARGS),
        shell('curl --parallel', PARALLEL),
        {
          ...whole,
          name: 'ebill, four at a time, the files checked',
          ...(atMost === undefined ? {} : { goal: { atMost, peer: XARGS_NAME } }),
          after: ({ stdout }) => ({ wallMs: sentMs(stdout, files.length) }),
        },
        {
          ...whole,
          name: 'ebill, the whole command: start, check, upload',
          ...(atMost === undefined ? {} : { goal: { atMost, peer: LOOP_NAME } }),
          after: ({ stdout }) => {
            sentMs(stdout, files.length);
            return {};
          },
        },
      ];
    };
    return {
      about: `${files.length} files of ${megabytes} MB, create and PUT for each`,
      candidates: LINES.flatMap(over),
    };
  },
};

/** From the end of the check to the last answer. @throws when a file is missing or the invoice file was not the first */
function sentMs(text: string, count: number): number {
  const ends = uploadsOf(text, count);
  if (ends[0]?.file !== 'inv.csv') throw new Error(`the invoice file was not the first: ${text}`);
  const [checked] = eventsOf(text, 'check.end');
  return Date.parse(ends.at(-1)?.time ?? '') - Date.parse(checked?.time ?? '');
}
