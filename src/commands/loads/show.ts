import { outcomeOfAll } from '../../batch/outcome.ts';
import { nextMonthText, type Standing, standingOfLoad } from '../../load/closed.ts';
import { type Header, JOURNAL_VERSION } from '../../load/entries.ts';
import { damagedJournal, foldedFrom, isDamage } from '../../load/journal-lines.ts';
import type { LoadState } from '../../load/state.ts';
import { type Moment, timelineOf } from '../../load/timeline.ts';
import { viewLoad } from '../../load/view.ts';
import { batchTable } from '../../output/batch-table.ts';
import { accountText } from '../../output/batch-text.ts';
import { bytes, counted, offsetText, timeText } from '../../output/format.ts';
import { withSpinner } from '../../output/progress/progress.ts';
import { table } from '../../output/table.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import { momentText } from '../../output/timeline-text.ts';
import type { App, CommandModule } from '../shared/command.ts';
import { findLoad, serverText, statusNamesOf } from '../shared/load-filter.ts';
import { checkedJobId } from '../shared/options.ts';

export interface LoadsShowOptions {
  readonly job: string;
}

export const command: CommandModule<LoadsShowOptions> = {
  help: {
    examples: [
      ['ebill loads show AUG_2020', 'show what was done when'],
      [
        'ebill loads show AUG_2020 --profile prod',
        'choose one when several servers have a load of that name',
      ],
      ['ebill loads show AUG_2020 --json', 'print it as JSON'],
    ],
    exitCodes: [8],
    seeAlso: ['report', 'status'],
  },
  configure: (cmd) => {
    cmd
      .description(
        'Show the journal of a load as a timeline, and the last known state of its batches. Asks no server.',
      )
      .argument('<job>', 'the load');
  },
  options: (args) => ({ job: checkedJobId(String(args[0]), 'the load') }),
  run: async (app, { job }) => {
    const read = await withSpinner(app.ui, app.context, 'reading the journals', () => findLoad(app, job));
    const { path, header, lines } = read;
    const load = foldedFrom(header ?? unknownHeader(job), lines);
    const { profile, baseUrl, organisation = null } = load.header;
    const timeline = timelineOf(lines);
    const names = (await statusNamesOf(app.context))(load.header);
    const batches = viewLoad(load, names);
    const state = standingOfLoad(load, names);
    return {
      profile,
      job,
      outcome: outcomeOfAll(batches),
      batches,
      error: lines.some(isDamage) ? damagedJournal(path, read, false) : null,
      extra: { baseUrl, organisation, state, timeline },
      text: [
        headline(app, load, state),
        await timelineTable(app, timeline, load.header.startedAt),
        await batchTable(batches, app.ui),
        accountText(batches, app.ui),
      ]
        .filter((part) => part !== '')
        .join('\n\n'),
      ...(state === 'closed' ? { next: nextMonthText(load, app.context) } : {}),
    };
  },
};

/** The load, its server, whether it is open, and when it was started and changed. */
function headline({ ui, context }: App, { header, updatedAt }: LoadState, state: Standing): string {
  const { job, profile, startedAt } = header;
  const at = (iso: string): string => timeText(iso, context.now(), ui);
  const who = profile === null ? '' : ` (profile ${profile})`;
  const when = `${state}, started ${at(startedAt)}, last change ${at(updatedAt)}`;
  return hangingIndent('', ui.clean(`${job} on ${serverText(header)}${who}, ${when}`), ui.width, 2);
}

async function timelineTable(app: App, timeline: readonly Moment[], startedAt: string): Promise<string> {
  const rows = timeline.map((one) => [
    offsetText(one.time, startedAt, app.ui),
    momentText(one),
    one.jobId,
    one.id,
    details(one),
  ]);
  // On a terminal: the time since the load was started.
  const time = Number.isFinite(app.ui.width) ? 'After' : 'Time';
  return table([time, 'What', 'Batch', 'Id', { title: 'Details', wrap: true }], rows, app.ui);
}

function details({ file, bytes: size, records, status, message }: Moment): string {
  return [
    size === null ? null : bytes(size),
    records === null ? null : counted(records, 'record', 'records'),
    file,
    status,
    message,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

/** Stands for a first line that is damaged. */
const unknownHeader = (job: string): Header => ({
  ebillJournal: JOURNAL_VERSION,
  job,
  profile: null,
  baseUrl: 'an unknown server',
  startedAt: new Date(0).toISOString(),
});
