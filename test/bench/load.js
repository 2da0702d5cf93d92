import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { EBILL, eventsOf, uploadsOf, withEvents } from './ebill-events.js';
import { writeRows } from './rows-file.js';
import { openSink } from './sink.js';

const ITEM_FILES = 12;
/** What is promised at four at a time, as a part of what the shell loop takes (performance.md). */
const LINES = [
  { name: 'no latency', how: {} },
  { name: '40 ms', how: { latencyMs: 40 }, goal: 0.4 },
  { name: '40 ms, 20 MB/s a connection', how: { latencyMs: 40, bandwidth: 20e6 }, goal: 0.35 },
];

export const runs = 3;
export const size = 20;

/** An invoice file and its item files, all of one size, and a server that gives them away. */
export async function prepare({ folder, size: megabytes, closing }) {
  const sink = await openSink(folder);
  closing(() => sink.close());
  const names = ['inv', ...Array.from({ length: ITEM_FILES }, (_, n) => `itm_${n + 1}`)];
  const files = names.map((name, n) => writeRows(join(folder, `${name}.csv`), megabytes, n + 1));
  for (const { path, md5 } of files) sink.know(basename(path), md5);
  const env = { EBILL_HOME: join(folder, 'home'), EBILL_BASE_URL: sink.apiUrl, EBILL_AUTH: 'none' };
  return {
    about: `${files.length} files of ${megabytes} MB, create and PUT for each`,
    sink,
    folder,
    files,
    env,
  };
}

// Arguments: program for one file, API, files. As people write it: one file after the other, and xargs for four at a time.
const SEND = `
url=$(curl -sS "$1/rest/batchProcess?mode=S3FileUpload" -H 'content-type: application/xml' --data-binary \\
  "<batchProcess><jobId>$2</jobId><inputType>API</inputType><inputFilename>\${2##*/}</inputFilename></batchProcess>" |
  sed -n 's:.*<uploadUrl>\\(.*\\)</uploadUrl>.*:\\1:p')
curl -sS -T "$2" "$url"`;
const LOOP = 'send=$1 api=$2; shift 2; for file in "$@"; do sh -c "$send" sh "$api" "$file"; done';
const XARGS = `send=$1 api=$2; shift 2; printf '%s\\0' "$@" | xargs -0 -n1 -P4 sh -c "$send" sh "$api"`;

export const candidates = (given) => LINES.flatMap((line) => over(line, given));

function over({ name: group, how, goal }, { sink, folder, files, env }) {
  const paths = files.map(({ path }) => path);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const shell = (name, script) => ({
    name,
    group,
    bytes,
    before: () => sink.behave(how),
    command: ['sh', '-c', script, 'sh', SEND, sink.apiUrl, ...paths],
  });
  /** A load with an init, which is not measured. */
  const begun = async () => {
    sink.behave({});
    loads += 1;
    const job = `B${loads}`;
    await promisify(execFile)(process.execPath, [EBILL, 'init', '--job', job], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
    });
    sink.behave(how);
    const [invoice, ...items] = paths;
    return { command: withEvents('upload', 'invoice', invoice, '--items', ...items, '--job', job) };
  };
  const ebill = (name, more) => ({ name, group, bytes, env, before: begun, ...more });
  return [
    shell('curl in a shell loop', LOOP),
    shell('curl under xargs -P4', XARGS),
    ebill('ebill, four at a time, the files checked', {
      ...(goal === undefined ? {} : { goal }),
      after: ({ stdout }) => ({ wallMs: sentMs(stdout, files.length) }),
    }),
    ebill('ebill, the whole command: start, check, upload', {
      after: ({ stdout }) => {
        sentMs(stdout, files.length);
        return {};
      },
    }),
  ];
}

let loads = 0;

/** From the end of the check to the last file's answer. @throws when the invoice file was not the first, or one is missing */
function sentMs(text, count) {
  const ends = uploadsOf(text, count);
  if (ends[0].file !== 'inv.csv') throw new Error(`the invoice file was not the first: ${text}`);
  const [checked] = eventsOf(text, 'check.end');
  return Date.parse(ends.at(-1).time) - Date.parse(checked.time);
}
