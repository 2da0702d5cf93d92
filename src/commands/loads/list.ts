import type { StatusNames } from '../../batch/phase.ts';
import { outcomeOfAll } from '../../batch/verdict.ts';
import { EbillError } from '../../errors.ts';
import type { Header } from '../../load/entries.ts';
import { type DamagedJournal, knownLoads } from '../../load/loads.ts';
import type { LoadState } from '../../load/state.ts';
import { viewLoad } from '../../load/view.ts';
import { phaseText } from '../../output/batch-text.ts';
import { timeText } from '../../output/format.ts';
import type { ShownLoad } from '../../output/json.ts';
import { withSpinner } from '../../output/progress/progress.ts';
import { table } from '../../output/table.ts';
import { type CommandModule, EMPTY_RESULT } from '../shared/command.ts';
import { loadFilter, serverText, statusNamesOf } from '../shared/load-filter.ts';

export const command: CommandModule<Record<never, never>> = {
  help: {
    examples: [
      ['ebill loads', 'list all loads'],
      ['ebill loads --profile prod', "list the loads on one profile's server"],
      ['ebill loads --json', 'print them as JSON'],
    ],
    exitCodes: [8],
    seeAlso: ['loads show', 'status'],
  },
  configure: (cmd) => {
    cmd.description(
      'List the loads in the journals of this machine, the last changed first. Asks no server.',
    );
  },
  options: () => ({}),
  run: async (app) => {
    const { loads: known, damaged } = await withSpinner(app.ui, app.context, 'reading the journals', () =>
      loadFilter(app.context, app.globals).then((filter) => knownLoads(app.context.paths.state, filter)),
    );
    const namesOf = await statusNamesOf(app.context);
    const loads = [
      ...known.map(({ load }) => shown(load, namesOf(load.header))),
      ...damaged.flatMap(({ header }) => (header === null ? [] : [shownDamaged(header)])),
    ];
    const now = app.context.now();
    const at = (iso: string | null): string | null => (iso === null ? null : timeText(iso, now, app.ui));
    const rows = loads.map((load) => [
      load.job,
      load.profile,
      serverText(load),
      at(load.startedAt),
      at(load.updatedAt),
      load.damaged ? 'damaged' : load.outcome === null ? null : phaseText(load.outcome, app.ui),
    ]);
    const text =
      rows.length === 0
        ? ''
        : await table(
            ['Load', 'Profile', { title: 'Server', least: 16 }, 'Started', 'Last change', 'Outcome'],
            rows,
            app.ui,
          );
    return {
      ...EMPTY_RESULT,
      profile: app.globals.profile,
      loads,
      text,
      error: damagedError(damaged),
      ...(rows.length + damaged.length === 0
        ? { next: 'No load was started on this machine yet. To start one: ebill init --job NAME' }
        : {}),
    };
  },
};

const shownDamaged = ({ job, profile, baseUrl, organisation, startedAt }: Header): ShownLoad => ({
  job,
  profile,
  baseUrl,
  organisation: organisation ?? null,
  startedAt,
  updatedAt: null,
  outcome: null,
  damaged: true,
});

/** The others are listed all the same. */
function damagedError(damaged: readonly DamagedJournal[]): EbillError | null {
  const [first, ...others] = damaged;
  if (first === undefined || others.length === 0) return first?.error ?? null;
  const paths = others.map(({ path }) => path).join(', ');
  return new EbillError(
    first.error.code,
    `${first.error.message} ${others.length === 1 ? 'Another journal' : `${others.length} other journals`} cannot be read either: ${paths}.`,
    { hint: first.error.hint, cause: first.error.cause },
  );
}

function shown(load: LoadState, names: StatusNames): ShownLoad {
  const { job, profile, baseUrl, organisation = null, startedAt } = load.header;
  const outcome = outcomeOfAll(viewLoad(load, names));
  return { job, profile, baseUrl, organisation, startedAt, updatedAt: load.updatedAt, outcome };
}
