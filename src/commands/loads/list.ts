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

export const command: CommandModule<Record<never, never>> = {
  help: {
    examples: [
      ['ebill loads', 'list all loads'],
      ['ebill loads --profile prod', 'list the loads of one profile'],
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
    const states = await withSpinner(app.ui, app.context, 'reading the journals', () =>
      knownLoads(app.context.paths.state, app.globals.profile),
    );
    const loads = states.map(shown);
    const now = app.context.now();
    const at = (iso: string | null): string | null => (iso === null ? null : timeText(iso, now, app.ui));
    const rows = loads.map((load) => [
      load.job,
      load.profile,
      at(load.startedAt),
      at(load.updatedAt),
      load.outcome === null ? null : phaseText(load.outcome, app.ui),
    ]);
    const text =
      rows.length === 0
        ? ''
        : await table(['Load', 'Profile', 'Started', 'Last change', 'Outcome'], rows, app.ui);
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

function shown(load: LoadState): ShownLoad {
  const { job, profile, startedAt } = load.header;
  return { job, profile, startedAt, updatedAt: load.updatedAt, outcome: outcomeOfAll(viewLoad(load, {})) };
}
