import type { StatusNames } from '../../batch/phase.ts';
import { outcomeOfAll } from '../../batch/verdict.ts';
import { knownLoads } from '../../load/loads.ts';
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
    const known = await withSpinner(app.ui, app.context, 'reading the journals', () =>
      loadFilter(app.context, app.globals).then((filter) => knownLoads(app.context.paths.state, filter)),
    );
    const namesOf = await statusNamesOf(app.context);
    const loads = known.map(({ load }) => shown(load, namesOf(load.header)));
    const now = app.context.now();
    const at = (iso: string | null): string | null => (iso === null ? null : timeText(iso, now, app.ui));
    const rows = loads.map((load) => [
      load.job,
      load.profile,
      serverText(load),
      at(load.startedAt),
      at(load.updatedAt),
      load.outcome === null ? null : phaseText(load.outcome, app.ui),
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
      ...(rows.length === 0
        ? { next: 'No load was started on this machine yet. To start one: ebill init --job NAME' }
        : {}),
    };
  },
};

function shown(load: LoadState, names: StatusNames): ShownLoad {
  const { job, profile, baseUrl, organisation = null, startedAt } = load.header;
  const outcome = outcomeOfAll(viewLoad(load, names));
  return { job, profile, baseUrl, organisation, startedAt, updatedAt: load.updatedAt, outcome };
}
