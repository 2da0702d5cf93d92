import { outcomeOfAll } from '../../batch/outcome.ts';
import type { StatusNames } from '../../batch/phase.ts';
import { EbillError } from '../../errors.ts';
import { nextMonthText, standingOfLoad } from '../../load/closed.ts';
import type { Header } from '../../load/entries.ts';
import { type DamagedJournal, type KnownLoad, knownLoads } from '../../load/loads.ts';
import type { LoadState } from '../../load/state.ts';
import { viewLoad } from '../../load/view.ts';
import { phaseText, signed } from '../../output/batch-text.ts';
import { timeText } from '../../output/format.ts';
import type { ShownLoad } from '../../output/json.ts';
import { withSpinner } from '../../output/progress/progress.ts';
import { table } from '../../output/table.ts';
import type { Theme } from '../../output/theme.ts';
import type { Terminal } from '../../system/escaping.ts';
import { type CommandModule, EMPTY_RESULT } from '../shared/command.ts';
import { assertProfileKnown, loadFilter, serverText, statusNamesOf } from '../shared/load-filter.ts';

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
    if (known.length + damaged.length === 0) await assertProfileKnown(app);
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
      outcomeText(load, app.ui),
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
      ...nextOf(known, namesOf, damaged.length, app.context),
    };
  },
};

/** The outcome, and whether it is open: everything in a closed load succeeded. */
function outcomeText({ damaged, outcome, state }: ShownLoad, theme: Theme): string | null {
  if (damaged) return 'damaged';
  if (outcome === null) return state;
  return state === 'closed' ? signed(outcome, 'closed', theme) : `${phaseText(outcome, theme)}, open`;
}

/** The load changed last: whether the next month can start. */
function nextOf(
  [latest]: readonly KnownLoad[],
  namesOf: (header: Header) => StatusNames,
  damaged: number,
  terminal: Terminal,
): { readonly next?: string } {
  if (latest === undefined)
    return damaged > 0
      ? {}
      : { next: 'No load was started on this machine yet. To start one: ebill init --job NAME' };
  const { load } = latest;
  return standingOfLoad(load, namesOf(load.header)) === 'closed'
    ? { next: `${load.header.job} is closed. ${nextMonthText(load, terminal)}` }
    : {};
}

const shownDamaged = ({ job, profile, baseUrl, organisation, startedAt }: Header): ShownLoad => ({
  job,
  profile,
  baseUrl,
  organisation: organisation ?? null,
  startedAt,
  updatedAt: null,
  outcome: null,
  state: null,
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
  const state = standingOfLoad(load, names);
  return { job, profile, baseUrl, organisation, startedAt, updatedAt: load.updatedAt, outcome, state };
}
