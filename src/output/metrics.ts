import { accountOf } from '../batch/account.ts';
import { flatten } from '../batch/tree.ts';
import { type BatchView, KINDS } from '../batch/types.ts';
import { isOver, netCounts } from './batch-text.ts';

/** How a command ended, for `--metrics`. */
export interface MetricsFacts {
  /** Its whole name. */
  readonly command: string;
  readonly job: string | null;
  readonly batches: readonly BatchView[];
  readonly exitCode: number;
  /** ms since 1970. */
  readonly endedAt: number;
  readonly durationMs: number;
}

const SUCCESS = 'ebill_last_success_timestamp_seconds';
/** The sample of an earlier file, as this program writes it. */
const EARLIER_SUCCESS = new RegExp(
  String.raw`^${SUCCESS}\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\} \d{1,12}(?:\.\d{1,3})?$`,
  'm',
);

type Labels = Readonly<Record<string, string>>;

/**
 * The metrics of one command as OpenMetrics text, which Prometheus' older text format and node_exporter's textfile
 * collector read too. What is unknown has no sample, never 0. Pure.
 * @param earlier the file before, which says when the command last succeeded; `null`: none
 */
export function metricsText(facts: MetricsFacts, earlier: string | null): string {
  const { command, job, exitCode, endedAt, durationMs } = facts;
  const labels: Labels = { command, ...(job === null ? {} : { load: job }) };
  const success =
    exitCode === 0
      ? sample(SUCCESS, labels, seconds(endedAt))
      : (EARLIER_SUCCESS.exec(earlier ?? '')?.[0] ?? null);
  const families = [
    family(
      SUCCESS,
      'When the command last ended with exit code 0, in Unix seconds.',
      success === null ? [] : [success],
    ),
    family('ebill_last_run_timestamp_seconds', 'When the command last ended, in Unix seconds.', [
      sample('ebill_last_run_timestamp_seconds', labels, seconds(endedAt)),
    ]),
    family('ebill_duration_seconds', 'How long the command took.', [
      sample('ebill_duration_seconds', labels, seconds(durationMs)),
    ]),
    family('ebill_exit_code', 'The exit code of the command.', [
      sample('ebill_exit_code', labels, String(exitCode)),
    ]),
    family(
      'ebill_records',
      'Records of the batches that are final, by kind and outcome. A corrected record is loaded.',
      recordsOf(facts.batches).map(([kind, outcome, records]) =>
        sample('ebill_records', { ...labels, kind, outcome }, String(records)),
      ),
    ),
  ];
  return `${families.join('')}# EOF\n`;
}

const seconds = (ms: number): string => String(Math.round(ms) / 1000);

/** Empty without samples. */
const family = (name: string, help: string, samples: readonly string[]): string =>
  samples.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.join('\n')}\n`;

const sample = (name: string, labels: Labels, value: string): string =>
  `${name}{${Object.entries(labels)
    .map(([label, text]) => `${label}="${escapedLabel(text)}"`)
    .join(',')}} ${value}`;

/** A line break would begin another sample. A lone surrogate is no UTF-8. */
const escapedLabel = (text: string): string =>
  text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n');

/** The records of each kind by outcome, where it is known. */
function recordsOf(batches: readonly BatchView[]): [kind: string, outcome: string, records: number][] {
  const taking = flatten(batches).filter(
    (batch) => batch.phase !== 'not-run' && !batch.leftOut && !batch.leftBehind,
  );
  return KINDS.flatMap((kind) => {
    const own = taking.filter((batch) => batch.kind === kind);
    const over = own.filter(isOver);
    if (over.length === 0) return [];
    const net = netCounts(own);
    const outcomes: Record<string, number | null> =
      net === null
        ? {
            loaded: total(over.map(({ successCount }) => successCount)),
            rejected: total(over.map(({ failCount }) => failCount)),
            unaccounted: total(over.map((batch) => accountOf(batch).unaccounted)),
          }
        : {
            loaded: net.atOnce + net.corrected,
            rejected: net.open,
            unaccounted: 0,
            ...(net.waived > 0 ? { waived: net.waived } : {}),
          };
    return Object.entries(outcomes).flatMap(([outcome, records]): [string, string, number][] =>
      records === null ? [] : [[kind, outcome, records]],
    );
  });
}

/** `null` where one of them is unknown. */
const total = (values: readonly (number | null)[]): number | null =>
  values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0 as number | null);
