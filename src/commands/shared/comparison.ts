import {
  type Baseline,
  type Comparison,
  compareTotals,
  FILE_KINDS,
  type KindTotals,
  type Totals,
} from '../../batch/comparison.ts';
import { sumAmounts } from '../../batch/decimals.ts';
import type { StatusNames } from '../../batch/phase.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { readJournal } from '../../load/journal.ts';
import { findJournal, type Owner } from '../../load/journal-places.ts';
import { closedLoads } from '../../load/loads.ts';
import type { LoadState } from '../../load/state.ts';
import { baselineOf, totalsOf } from '../../load/totals.ts';
import { comparisonTable } from '../../output/comparison-text.ts';
import { counted } from '../../output/format.ts';
import type { Profile } from '../../profile/profile.ts';
import { environmentLayer, serverInUse } from '../../profile/resolve.ts';
import { visible } from '../../system/escaping.ts';
import type { App } from './command.ts';
import type { Session } from './session.ts';

// This month compared with an earlier load of the same server, from the journals alone.

/** A checked file, as far as totals need it. */
interface Counted {
  readonly kind: FileKind;
  readonly records: number | null;
  readonly amount?: string | null | undefined;
}

/** Says that the last load may be one that cannot be read. */
export function warnOfUnread({ ui }: Pick<App, 'ui'>, errors: readonly EbillError[]): void {
  if (errors.length > 0)
    ui.warn(
      `${counted(errors.length, 'journal', 'journals')} of this server cannot be read (ebill loads): the comparison may leave out the last load.`,
    );
}

/** What the files of a call come to. */
export function totalsOfFiles(files: readonly Counted[], customersBilled: number | null): Totals {
  return {
    kinds: FILE_KINDS.flatMap((kind): KindTotals[] => {
      const own = files.filter((file) => file.kind === kind);
      if (own.length === 0) return [];
      const records = own.reduce(
        (sum, file) => (sum === null || file.records === null ? null : sum + file.records),
        0 as number | null,
      );
      return [{ kind, records, amount: sumAmounts(own.map(({ amount }) => amount ?? null)) }];
    }),
    customersBilled,
  };
}

interface Asked {
  readonly stateFolder: string;
  readonly owner: Owner;
  readonly names: StatusNames;
  /** `last`, or the name of a load. */
  readonly against: string;
  /** The load that is compared; `null`: it has no name yet. */
  readonly job: string | null;
}

/** The load to compare with. */
interface Found {
  /** `null`: no load of the server is closed yet. */
  readonly baseline: Baseline | null;
  /** Why other loads of the server cannot be read: one of them may be the last. */
  readonly errors: readonly EbillError[];
}

/** Finds the load to compare with. @throws EbillError USAGE when there is no load of that name */
export async function findBaseline({ stateFolder, owner, names, against, job }: Asked): Promise<Found> {
  if (against !== 'last') {
    const load = await readJournal(await findJournal(stateFolder, owner, against));
    const baseline = load === null ? null : baselineOf(load, names);
    if (baseline === null || baseline.kinds.length === 0 || against === job)
      throw await noBaseline({ stateFolder, owner, names, against, job });
    return { baseline, errors: [] };
  }
  const { loads, errors } = await closedLoads(stateFolder, owner, names);
  const last = loads.find(({ load }) => load.header.job !== job);
  return { baseline: last === undefined ? null : baselineOf(last.load, names), errors };
}

/**
 * The comparison of `validate`, over the kinds of files given. Without `--against` it is left out where no server is known or
 * no load of it is closed.
 * @param against `null`: not given
 * @throws EbillError USAGE only where `--against` is given
 */
export async function compareFiles(
  app: App,
  profile: Profile | null,
  against: string | null,
  totals: Totals,
): Promise<Comparison | null> {
  if (against === 'none') return null;
  try {
    const server = serverInUse(app.globals, environmentLayer(app.context.env), profile);
    if (server === null) {
      if (against === null) return null;
      throw new EbillError('USAGE', '--against needs to know the server whose loads are compared.', {
        hint: 'Name it with --profile or --base-url. --against none leaves the comparison out.',
      });
    }
    const { baseline, errors } = await findBaseline({
      stateFolder: app.context.paths.state,
      owner: server,
      names: profile?.statusNames ?? {},
      against: against ?? 'last',
      job: null,
    });
    warnOfUnread(app, errors);
    if (baseline === null) {
      if (against !== null)
        app.ui.note('No load of this server is closed on this machine: there is nothing to compare with.');
      return against === null ? null : compareTotals(totals, null);
    }
    return compareKinds(totals, baseline);
  } catch (error) {
    if (against !== null || !(error instanceof EbillError)) throw error;
    return null;
  }
}

/** Over the kinds of files that are given. */
function compareKinds(totals: Totals, baseline: Baseline): Comparison {
  const kinds = baseline.kinds.filter(({ kind }) => totals.kinds.some((one) => one.kind === kind));
  const billed = totals.customersBilled === null ? null : baseline.customersBilled;
  return compareTotals(totals, { ...baseline, kinds, customersBilled: billed });
}

/**
 * Shows on stderr how the month would compare with the load closed last, once these files are sent too. Nothing where no load
 * of the server is closed on this machine.
 * @param known the load so far; `null`: nothing is on record
 * @param files what is added to it
 */
export async function compareUpload(
  { app, owner, connection }: Pick<Session, 'app' | 'owner' | 'connection'>,
  job: string,
  known: LoadState | null,
  files: readonly Counted[],
  customersBilled: number | null,
): Promise<void> {
  const names = connection.statusNames;
  const stateFolder = app.context.paths.state;
  const { baseline, errors } = await findBaseline({ stateFolder, owner, names, against: 'last', job });
  warnOfUnread(app, errors);
  if (baseline === null) return;
  const soFar = known === null ? [] : totalsOf(known, names).kinds;
  const kinds = totalsOfFiles(files, null).kinds.map((one): KindTotals => {
    const before = soFar.find(({ kind }) => kind === one.kind);
    if (before === undefined) return one;
    const { kind, records, amount } = one;
    const all = records === null || before.records === null ? null : records + before.records;
    return { kind, records: all, amount: sumAmounts([amount, before.amount]) };
  });
  // Those of several calls may be the same customers.
  const billed = soFar.some(({ kind }) => kind === 'invoice') ? null : customersBilled;
  await showComparison(app, compareKinds({ kinds, customersBilled: billed }, baseline));
}

export async function showComparison({ ui }: Pick<App, 'ui'>, comparison: Comparison): Promise<void> {
  if (ui.progress === 'json') ui.event('comparison', { ...comparison });
  else if (!ui.quiet) ui.screen.line(await comparisonTable(comparison, ui.err));
}

async function noBaseline({ stateFolder, owner, names, against, job }: Asked): Promise<EbillError> {
  const { loads } = await closedLoads(stateFolder, owner, names);
  const others = loads.map(({ load }) => load.header.job).filter((name) => name !== job);
  const known =
    others.length === 0
      ? 'No other load of this server is closed on this machine.'
      : `Closed on this machine: ${others.slice(0, 12).map(visible).join(', ')}.`;
  const why = against === job ? 'it is the load itself' : 'this machine has no record of files in it';
  return new EbillError('USAGE', `${visible(against)} cannot be compared with: ${why}.`, {
    hint: `Nothing was sent. ${known}`,
  });
}
